import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { open } from 'lmdb';
import type { EventLog } from '#event-log/event-log.js';
import { compiledEntry } from '../../../test/harness/compiled-entry.js';
import { openLmdbEventLog } from './lmdb-event-log.js';
import { OpeningGate } from './opening-gate.js';

const HOLD_MS = 400;
const FOR_EVER_MS = 600_000;
const MESSAGE = { key: 'bank-a/d-1', value: Buffer.from('one') };

interface Holder {
  readonly child: ChildProcess;
  readonly held: Promise<void>;
  /** When it let go, by the clock. */
  readonly letGoMs: Promise<number>;
}

describe('opening an lmdb log and committing to it exclude each other over all processes', () => {
  let directory: string;
  let log: EventLog;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rollcall-gate-'));
    log = await openLmdbEventLog({ directory });
  });
  afterEach(async () => {
    await log.close();
    await rm(directory, { recursive: true, force: true });
  });

  const startHolder = async (gate: string, how: 'open' | 'commit', holdMs: number): Promise<Holder> => {
    const entry = await compiledEntry('test/harness/gate-holder.ts');
    const child = spawn(process.execPath, [entry, join(directory, gate), how, String(holdMs)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    const held = new Promise<void>((resolve) =>
      child.stdout.once('data', () => {
        resolve();
      }),
    );
    const letGoMs = new Promise<number>((resolve) =>
      child.once('close', () => {
        resolve(Number(said.split('\n')[1]));
      }),
    );
    return { child, held, letGoMs };
  };

  /** Resolves with how long after the holder let go the work was done, ms. */
  const afterHolder = async (gate: string, how: 'open' | 'commit', work: () => Promise<unknown>) => {
    const holder = await startHolder(gate, how, HOLD_MS);
    await holder.held;
    await work();
    const doneMs = Date.now();
    return doneMs - (await holder.letGoMs);
  };

  it.each(['open', 'commit'] as const)('an append waits for who has the gate to %s', async (how) => {
    const append = () => log.append('patch.attempts', [MESSAGE]);
    expect(await afterHolder('journals.gate', how, append)).toBeGreaterThanOrEqual(0);
  });

  it('a commit of offsets and a new member wait for who opens', async () => {
    const consumer = await log.consume('projector', ['patch.attempts']);
    const commit = () => consumer.commit([{ topic: 'patch.attempts', partition: 0, nextOffset: 0 }]);
    expect(await afterHolder('consumer-groups.gate', 'open', commit)).toBeGreaterThanOrEqual(0);
    const join = () => log.consume('projector', ['patch.attempts']);
    expect(await afterHolder('consumer-groups.gate', 'open', join)).toBeGreaterThanOrEqual(0);
  });

  it.each(['journals.gate', 'consumer-groups.gate'])('who opens waits for who commits: %s', async (gate) => {
    await log.close();
    const reopen = async () => (log = await openLmdbEventLog({ directory }));
    expect(await afterHolder(gate, 'commit', reopen)).toBeGreaterThanOrEqual(0);
  });

  it.each(['open', 'commit'] as const)(
    'a process that is killed while it has the gate to %s',
    async (how) => {
      const holder = await startHolder('journals.gate', how, FOR_EVER_MS);
      await holder.held;
      holder.child.kill('SIGKILL');
      await holder.letGoMs;
      expect(await log.append('patch.attempts', [MESSAGE])).toHaveLength(1);
    },
  );

  it('appends and offsets of one process do not wait for each other for ever', async () => {
    const consumer = await log.consume('projector', ['patch.attempts']);
    const work: Promise<unknown>[] = [];
    for (let n = 0; n < 200; n++) {
      work.push(log.append(n % 2 ? 'patch.attempts' : 'patch.dead-letters', [MESSAGE]));
      work.push(consumer.commit([{ topic: 'patch.attempts', partition: 0, nextOffset: n }]));
      if (n % 10 === 0) await work.at(-1);
    }
    await Promise.all(work);
    expect(await log.committedOffsets('projector', 'patch.attempts')).toContain(199);
  });

  it('nothing is ever written to the gate itself', async () => {
    await log.append('patch.attempts', [MESSAGE]);
    await log.close();
    log = await openLmdbEventLog({ directory });
    await log.append('patch.attempts', [MESSAGE]);
    await log.close();
    const gate = open({ path: join(directory, 'journals.gate'), noSubdir: true });
    expect(gate.getStats()).toMatchObject({ lastTxnId: 0 });
    await gate.close();
  });
});

describe('the gate within one process', () => {
  it('is shared by concurrent commits, and passed by who opens meanwhile', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'rollcall-gate-'));
    const gate = new OpeningGate(join(directory, 'gate'));
    const order: string[] = [];
    let endFirst = (): void => undefined;
    const first = gate.commit(() => new Promise<void>((resolve) => (endFirst = resolve)));
    await gate.commit(() => Promise.resolve(order.push('second')));
    gate.open(() => order.push('opened'));
    endFirst();
    await first;
    await expect(gate.commit(() => Promise.reject(new Error('disk full')))).rejects.toThrow('disk full');
    await gate.commit(() => Promise.resolve(order.push('after a failure')));
    expect(order).toEqual(['second', 'opened', 'after a failure']);
    await gate.close();
    await rm(directory, { recursive: true, force: true });
  });
});
