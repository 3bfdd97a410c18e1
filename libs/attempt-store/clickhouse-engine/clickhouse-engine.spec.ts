import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askClickHouse, runClickHouse } from '../../../test/harness/ask-clickhouse.js';
import { compiledEntry } from '../../../test/harness/compiled-entry.js';
import { startTestEngine } from '../../../test/harness/test-engine.js';
import type { TestEngine } from '../../../test/harness/test-engine.js';
import { startClickHouseEngine } from './clickhouse-engine.js';
import type { ClickHouseEngine, EngineEvent, EngineOptions } from './clickhouse-engine.js';

let folder: string;
let entry: string;
let running: ClickHouseEngine | null = null;
const events: EngineEvent[] = [];

/** An engine on the folder of this file, so that a test can start it again on the same data. */
async function start(options: Partial<EngineOptions> = {}): Promise<ClickHouseEngine> {
  running = await startClickHouseEngine({
    directory: join(folder, 'clickhouse'),
    passwordsFile: join(folder, 'passwords.json'),
    port: 0,
    entry,
    onEvent: (event) => events.push(event),
    ...options,
  });
  return running;
}

/** Waits until a condition holds; the test's own time limit ends it otherwise. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(50);
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-engine-'));
  entry = await compiledEntry('libs/attempt-store/clickhouse-engine/engine-process.ts');
  const engine = await start();
  await runClickHouse(engine, 'writer', 'CREATE DATABASE rollcall_blue');
  await runClickHouse(
    engine,
    'writer',
    'CREATE TABLE rollcall_blue.kept (batch UInt32, row UInt32) ENGINE = MergeTree ORDER BY (batch, row)',
  );
  await engine.stop();
});
afterEach(async () => {
  await running?.stop();
  running = null;
  events.length = 0;
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the engine', () => {
  it('keeps passwords and users to itself, and passwords over a restart', async () => {
    const { passwords } = await start();
    for (const file of ['passwords.json', 'clickhouse/users.xml', 'clickhouse/config.xml']) {
      expect([file, statSync(join(folder, file)).mode & 0o777]).toEqual([file, 0o600]);
    }
    expect(readFileSync(join(folder, 'clickhouse/users.xml'), 'utf8')).not.toContain(passwords.writer);
    await running?.stop();
    expect((await start()).passwords).toEqual(passwords);
  });

  it('gives a query as many threads as it asks for, whatever memory its user may take', async () => {
    const engine = await start();
    const sum = 'EXPLAIN PIPELINE SELECT sum(number) FROM numbers_mt(100000000) SETTINGS max_threads = 4';
    for (const user of ['writer', 'reader', 'grafana'])
      expect(await runClickHouse(engine, user, sum)).toContain('AggregatingTransform × 4');
  });

  it('lets an insert finish that is under way when it is stopped', async () => {
    const engine = await start();
    const slow = askClickHouse(
      engine,
      'writer',
      'INSERT INTO rollcall_blue.kept SELECT 1000000, number FROM numbers(1500) WHERE NOT sleepEachRow(0.001) SETTINGS max_block_size = 100',
    );
    await until(
      async () =>
        (await runClickHouse(
          engine,
          'writer',
          "SELECT count() FROM system.processes WHERE query LIKE 'INSERT INTO rollcall_blue.kept%'",
        )) === '1',
    );
    await engine.stop();
    expect((await slow).code).toBe(0);
    expect(
      await runClickHouse(
        await start(),
        'writer',
        'SELECT count() FROM rollcall_blue.kept WHERE batch = 1000000',
      ),
    ).toBe('1500');
  });

  it('comes back after kill -9 and has every acknowledged insert', async () => {
    const engine = await start();
    const acknowledged: number[] = [];
    let batch = 0;
    for (let kill = 0; kill < 3; kill++) {
      const { pid } = engine;
      const killed = sleep(100 + Math.random() * 200).then(
        () => pid !== null && process.kill(pid, 'SIGKILL'),
      );
      while (engine.pid === pid) {
        const rows = Array.from({ length: 200 }, (_, row) => `[${batch},${row}]`).join('\n');
        const insert = `INSERT INTO rollcall_blue.kept FORMAT JSONCompactEachRow\n${rows}`;
        if ((await askClickHouse(engine, 'writer', insert)).code === 0) acknowledged.push(batch);
        batch++;
      }
      await killed;
      await until(async () => (await askClickHouse(engine, 'writer', 'SELECT 1')).code === 0);
    }
    const counts = await runClickHouse(
      engine,
      'writer',
      'SELECT batch, count() FROM rollcall_blue.kept WHERE batch < 1000000 GROUP BY batch',
    );
    const stored = new Map(
      counts.split('\n').map((line) => line.split('\t').map(Number) as [number, number]),
    );
    expect(acknowledged.filter((each) => stored.get(each) !== 200)).toEqual([]);
    // What was not acknowledged is there whole or not at all.
    expect([...stored.values()].filter((count) => count !== 200)).toEqual([]);
    expect(events.filter(({ kind }) => kind === 'exited')).toHaveLength(3);
  });

  it('answers 503 in the words of ClickHouse while it is away', async () => {
    const engine = await start();
    if (engine.pid !== null) process.kill(engine.pid, 'SIGKILL');
    await until(() => engine.pid === null);
    const answer = await fetch(engine.url, { method: 'POST', body: 'SELECT 1' });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(answer.headers.get('x-clickhouse-exception-code')).toBe('210');
    expect(await answer.text()).toMatch(/^Code: 210\. DB::NetException: .*\(NETWORK_ERROR\)/);
  });

  it('gives new banks their readers, with one restart that no question misses', async () => {
    const starts: EngineEvent[] = [];
    const engine = await start({ banks: ['north'], onEvent: (event) => starts.push(event) });
    const codes: number[] = [];
    const adding = engine.addBankReaders(['east-2', 'north', 'west']);
    while (starts.length < 2) codes.push((await askClickHouse(engine, 'reader', 'SELECT 1')).code);
    await adding;
    expect(codes.filter((code) => code !== 0)).toEqual([]);
    for (const user of ['bank_east-2', 'bank_north', 'bank_west'])
      expect(await runClickHouse(engine, user, 'SELECT currentUser()')).toBe(user);
    await engine.addBankReaders(['west']);
    expect(starts.map(({ kind }) => kind)).toEqual(['started', 'started']);
    await expect(engine.addBankReaders(["x'<"])).rejects.toThrow('not a bank');
  });

  it('ends in order when whoever started it is killed', async () => {
    const starter = await compiledEntry('libs/attempt-store/clickhouse-engine/clickhouse-engine.ts');
    const script = `const { startClickHouseEngine } = await import(process.argv[1]);
      const engine = await startClickHouseEngine({ directory: process.argv[2], passwordsFile: process.argv[3], port: 0 });
      console.log(engine.pid);`;
    const parent = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        script,
        starter,
        join(folder, 'clickhouse'),
        join(folder, 'passwords.json'),
      ],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const pid = Number(await new Promise((resolve) => parent.stdout.once('data', resolve)));
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !isAlive(pid));
    await start(); // the directory is free again
  });
});

describe('what goes wrong at the start is said in words', () => {
  it('port in use', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const { port } = holder.address() as { port: number };
    await expect(start({ port })).rejects.toThrow(
      `port ${port} is in use: choose another with --clickhouse-port or stop what holds it`,
    );
    holder.close();
  });

  it('a port of its own that somebody took meanwhile', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const { port } = holder.address() as { port: number };
    const cluster = { name: 'rollcall', nativePorts: [port], own: 0 };
    await expect(start({ cluster })).rejects.toThrow(
      `port ${port}, which ClickHouse wanted for itself, is in use`,
    );
    holder.close();
  });

  it('directory in use', async () => {
    await start();
    const second = startClickHouseEngine({
      directory: join(folder, 'clickhouse'),
      passwordsFile: join(folder, 'passwords.json'),
      port: 0,
      entry,
      waitForDirectoryMs: 0,
    });
    await expect(second).rejects.toThrow(/is in use by another ClickHouse engine/);
  });

  it('packages not installed', () => {
    const lonely = mkdtempSync(join(tmpdir(), 'rollcall-lonely-'));
    for (const file of ['engine-process.js', 'engine-words.js']) {
      spawnSync('cp', [join(entry, '..', file), lonely]);
    }
    spawnSync('sh', ['-c', `echo '{"type":"module"}' > package.json`], { cwd: lonely });
    const { status, stderr } = spawnSync(process.execPath, [join(lonely, 'engine-process.js')], {
      input: '',
      encoding: 'utf8',
    });
    rmSync(lonely, { recursive: true });
    expect(stderr).toMatch(/install the optional packages .*or set ROLLCALL_CLICKHOUSE=http:/);
    expect(status).toBe(78);
  });
});

/** A small disk of its own needs root and mount; elsewhere this says so. */
const disk = mkdtempSync(join(tmpdir(), 'rollcall-disk-'));
const mounted =
  process.platform === 'linux' &&
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', disk]).status === 0;

describe('a full disk', () => {
  let engine: TestEngine | undefined;
  afterAll(async () => {
    await engine?.stop();
    if (mounted) spawnSync('umount', [disk]);
    rmSync(disk, { recursive: true, force: true });
  });

  if (!mounted) {
    it('is not checked here: a tmpfs cannot be mounted', () => {
      console.warn('full disk: not checked (needs mount)');
    });
    return;
  }

  it('refuses inserts with a code, stays up, and works again when there is space', async () => {
    mkdirSync(join(disk, 'clickhouse'));
    engine = await startTestEngine({ directory: join(disk, 'clickhouse') });
    const { pid } = engine;
    await runClickHouse(engine, 'writer', 'CREATE DATABASE rollcall_blue');
    await runClickHouse(
      engine,
      'writer',
      'CREATE TABLE rollcall_blue.kept (batch UInt32, text String) ENGINE = MergeTree ORDER BY batch',
    );
    const insert = (batch: number) =>
      engine === undefined
        ? Promise.reject(new Error('no engine'))
        : askClickHouse(
            engine,
            'writer',
            `INSERT INTO rollcall_blue.kept SELECT ${batch}, randomString(1000000) FROM numbers(4)`,
          );
    let acknowledged = 0;
    let refusal = await insert(0);
    for (; refusal.code === 0; refusal = await insert(acknowledged)) acknowledged++;

    expect([243, 27, 33, 75, 1001]).toContain(refusal.code);
    expect(refusal.text).toMatch(/space|No space left/i);
    expect(engine.pid).toBe(pid);
    const count = 'SELECT count() FROM rollcall_blue.kept';
    expect(await runClickHouse(engine, 'writer', count)).toBe(String(acknowledged * 4));

    spawnSync('mount', ['-o', 'remount,size=96m', disk]);
    expect((await insert(acknowledged)).code).toBe(0);
    expect(await runClickHouse(engine, 'writer', count)).toBe(String((acknowledged + 1) * 4));
  });
});
