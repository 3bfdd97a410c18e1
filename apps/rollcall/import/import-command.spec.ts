import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Command } from 'commander';
import type { AttemptReport } from '#domain/attempt-event.js';
import { takeLock } from '#runtime/process-lock.js';
import { CommandFailure } from '../exit-codes.js';
import { waitMs } from './batch-sender.js';
import { zipOf } from './bundle/zip-writer.contract.js';
import { registerEvidence } from '../evidence/evidence-command.js';
import { registerImport } from './import-command.js';

const fixtures = join(dirname(fileURLToPath(import.meta.url)), '../../../test/fixtures/evidence');

interface Request {
  readonly headers: IncomingHttpHeaders;
  readonly reports: readonly AttemptReport[];
}

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');

describe('rollcall import', () => {
  const folder = { path: '' };
  let server: Server;
  let url = '';
  let requests: Request[] = [];
  let busyAnswers: number[] = [];
  let printed = '';
  /** Why the last command failed. */
  let failure = '';

  beforeEach(async () => {
    folder.path = mkdtempSync(join(tmpdir(), 'rollcall-import-'));
    requests = [];
    busyAnswers = [];
    printed = '';
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
    jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
    server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const lines = gunzipSync(Buffer.concat(pieces)).toString('utf8').split('\n');
        requests.push({
          headers: request.headers,
          reports: lines.map((line) => JSON.parse(line) as AttemptReport),
        });
        const busy = busyAnswers.shift();
        if (busy === undefined)
          response.writeHead(202).end(JSON.stringify({ accepted: lines.length, rejected: [] }));
        else response.writeHead(busy, { 'retry-after': '0' }).end('{"detail":"in words","code":"x"}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    rmSync(folder.path, { recursive: true, force: true });
    await new Promise((resolve) => server.close(resolve));
  });

  /** Runs the command; answers its exit code. */
  async function run(...args: string[]): Promise<number> {
    const program = new Command().exitOverride();
    registerImport(program);
    registerEvidence(program);
    const command = args[0] === 'evidence' ? args : ['import', ...args];
    const data = args.includes('--data') ? [] : ['--data', join(folder.path, 'data')];
    try {
      await program.parseAsync([...command, ...data], { from: 'user' });
      return 0;
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      failure = error.message;
      return error.exitCode;
    }
  }
  const jsonLines = () =>
    printed
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it('dry run: one line a report with stage and signature, one account line a file', async () => {
    expect(await run(fixtures, '--dry-run', '--json')).toBe(0);
    const lines = jsonLines();
    const accounts = lines.filter(({ kind }) => kind === 'account');
    expect(accounts.map(({ file }) => basename(String(file))).sort()).toEqual(readdirSync(fixtures).sort());
    expect(Object.keys(accounts[0] ?? {})).toEqual([
      'kind',
      'file',
      'format',
      'records',
      'understood',
      'setAside',
      'notUnderstood',
      'reports',
      'from',
      'to',
      'offsets',
    ]);
    const failed = lines.find(
      (line) => line['hresult'] === '0x800f0922' && line['outcome'] === 'rolled_back',
    );
    expect(failed).toMatchObject({
      kind: 'report',
      stage: 'advanced_installers',
      signature: { l1: '0x800f0922', fineness: 3 },
    });
    expect(lines.filter(({ kind }) => kind === 'report')).toHaveLength(25);
    expect(accounts.reduce((sum, { reports }) => sum + Number(reports), 0)).toBe(25);
    expect(requests).toEqual([]);
  });

  it('sends events under their own computer in compressed batches, the same key for the same batch', async () => {
    const events = join(fixtures, 'wevtutil-events.xml');
    expect(await run(events, '--url', url, '--token', 'rc_test')).toBe(0);
    expect(await run(events, '--url', url, '--token', 'rc_test')).toBe(0);
    expect(requests).toHaveLength(2);
    expect(requests[0]?.headers).toMatchObject({
      authorization: 'Bearer rc_test',
      'content-type': 'application/x-ndjson',
      'content-encoding': 'gzip',
    });
    expect(requests[0]?.headers['idempotency-key']).toBe(requests[1]?.headers['idempotency-key']);
    expect(requests[0]?.reports.map(({ deviceName, deliveryMode }) => [deviceName, deliveryMode])).toEqual(
      Array(4).fill(['PC-0042', 'file_import']),
    );
  });

  it('a log that names no device is unassigned: nothing is sent, exit code 2; --device counts it', async () => {
    const log = join(fixtures, 'cbs-sessions.log');
    expect(await run(log, '--url', url, '--token', 'rc_test')).toBe(2);
    expect(await run(log, '--dry-run')).toBe(0);
    expect(requests).toEqual([]);
    expect(await run(log, '--url', url, '--token', 'rc_test', '--device', 'pc-0042')).toBe(0);
    expect(requests[0]?.reports.map(({ deviceKey, outcome }) => [deviceKey, outcome])).toEqual([
      ['pc-0042', 'failed'],
      ['pc-0042', 'succeeded'],
    ]);
  });

  it('unassigned evidence waits, once, until somebody says which device it was; then it is sent and gone', async () => {
    const log = join(fixtures, 'cbs-sessions.log');
    const there = ['--url', url, '--token', 'rc_test'];
    const waiting = async () => {
      printed = '';
      expect(await run('evidence', 'list', '--json')).toBe(0);
      return printed.trim() === '' ? [] : jsonLines();
    };
    expect(await waiting()).toEqual([]);
    expect(await run(log, '--dry-run')).toBe(0);
    expect(await waiting()).toEqual([]);
    for (let time = 0; time < 2; time++) expect(await run(log, ...there)).toBe(2);
    const [kept, ...others] = await waiting();
    expect(others).toEqual([]);
    expect(kept).toMatchObject({ file: 'cbs-sessions.log', bank: null, reports: 2, failures: 1 });
    expect(requests).toEqual([]);

    const id = String(kept?.['id']);
    expect(await run('evidence', 'assign', '000000000000', '--device', 'pc-0042', ...there)).toBe(3);
    expect(await run('evidence', 'assign', id, ...there)).toBe(64);
    busyAnswers = [403];
    expect(await run('evidence', 'assign', id, '--device', 'pc-0042', ...there)).toBe(1);
    expect(await waiting()).toHaveLength(1);
    requests = [];
    expect(await run('evidence', 'assign', id, '--device', 'pc-0042', ...there)).toBe(0);
    expect(await run(log, ...there, '--device', 'pc-0042')).toBe(0);
    const [assigned, imported] = requests;
    expect(assigned?.reports).toEqual(imported?.reports);
    expect(assigned?.reports.map(({ deviceKey }) => deviceKey)).toEqual(['pc-0042', 'pc-0042']);
    expect(await waiting()).toEqual([]);

    // Counted for one device: importing or assigning it again must not count it for another.
    expect(await run(log, ...there)).toBe(2);
    expect(await waiting()).toEqual([]);
    requests = [];
    expect(await run('evidence', 'assign', id, '--device', 'pc-0043', ...there)).toBe(2);
    expect(requests).toEqual([]);
    expect(await run('evidence', 'delete', id)).toBe(0);
    expect(await run(log, ...there)).toBe(2);
    expect(await waiting()).toHaveLength(1);
    expect(await run('evidence', 'delete', id)).toBe(0);
    expect(await waiting()).toEqual([]);
  });

  it('of two assignments at once one is refused, and evidence of one bank is not sent for another', async () => {
    const log = join(fixtures, 'cbs-sessions.log');
    const there = ['--url', url, '--token', 'rc_test'];
    expect(await run(log, ...there, '--bank', 'bank-a')).toBe(2);
    printed = '';
    await run('evidence', 'list', '--json');
    const id = String(jsonLines()[0]?.['id']);
    const assign = (...more: string[]) =>
      run('evidence', 'assign', id, '--device', 'pc-1', ...there, ...more);
    expect(await assign('--bank', 'bank-b')).toBe(64);
    const lock = await takeLock(join(folder.path, 'data', 'unassigned', `${id}.ndjson`), 0);
    expect(await assign()).toBe(1);
    expect(requests).toEqual([]);
    await lock?.release();
    expect(await assign()).toBe(0);
    expect(requests).toHaveLength(1);
  });

  it('the parts of a rolled CBS.log in one folder tell one attempt', async () => {
    const lines = readFileSync(join(fixtures, 'cbs-rollback-over-two-starts.log'), 'utf8').split('\n');
    const roll = lines.findIndex((line) => line.startsWith('2024-02-20 09:20:00'));
    writeFileSync(join(folder.path, 'CbsPersist_20240220012000.log'), lines.slice(0, roll).join('\r\n'));
    writeFileSync(join(folder.path, 'CBS.log'), lines.slice(roll).join('\r\n'));
    expect(await run(folder.path, '--dry-run', '--json')).toBe(0);
    const reports = jsonLines().filter(({ kind }) => kind === 'report');
    expect(reports).toHaveLength(2);
    expect(reports[1]).toMatchObject({
      file: join(folder.path, 'CBS.log'),
      outcome: 'rolled_back',
      targetKb: 'KB5034763',
      naturalKey: { session: 'startup' },
    });
  });

  it('package lists become inventories, taken when their file was written or when the user says', async () => {
    const file = join(folder.path, 'systeminfo.txt');
    writeFileSync(file, 'Host Name:  PC-1\r\nHotfix(s):  1 Hotfix(s) Installed.\r\n  [01]: KB5015731\r\n');
    utimesSync(file, 1_700_000_000, 1_700_000_000);
    const packages = [{ identity: 'KB5015731', kb: 'KB5015731', state: 'Installed' }];
    const inventory = { eventType: 'patch.device_inventory', deviceName: 'PC-1', packages };
    expect(await run(file, '--dry-run', '--json')).toBe(0);
    expect(jsonLines()[0]).toEqual({
      kind: 'inventory',
      file,
      line: 1,
      ...inventory,
      takenAt: '2023-11-14T22:13:20.000Z',
    });
    expect(
      await run(file, '--url', url, '--token', 'rc_test', '--taken-at', '2023-11-01T08:00:00+08:00'),
    ).toBe(0);
    expect(requests[0]?.reports).toEqual([{ ...inventory, takenAt: '2023-11-01T08:00:00+08:00' }]);
  });

  it('reads a zip file like a folder, tells where each fact came from, and goes on behind a refused one', async () => {
    const log = readFileSync(join(fixtures, 'cbs-rollback-over-two-starts.log'), 'utf8').split('\n');
    const roll = log.findIndex((line) => line.startsWith('2024-02-20 09:20:00'));
    const file = join(folder.path, 'a.zip');
    const later = log.slice(roll).join('\n');
    writeFileSync(
      file,
      zipOf([
        { name: 'logs/CbsPersist_20240220012000.log', data: log.slice(0, roll).join('\n') },
        { name: 'logs/CBS.log', data: later },
        { name: '../evil.log', data: 'x' },
        { name: 'rollcall-collection.json', data: '{"toolVersion":"1.2.0"}' },
        { name: 'readme.txt', data: 'hello' },
      ]),
    );
    writeFileSync(join(folder.path, 'b.cab'), 'MSCF');
    writeFileSync(join(folder.path, 'c.zip'), 'PK\x03\x04 cut');
    writeFileSync(join(folder.path, 'd.gz'), gzipSync('x'));
    expect(await run(file, '--dry-run', '--json')).toBe(0);
    const lines = jsonLines();
    expect(
      lines.filter(({ kind }) => kind === 'report').map(({ file: from, outcome }) => [from, outcome]),
    ).toEqual([
      [`${file}!logs/CbsPersist_20240220012000.log`, 'pending_reboot'],
      [`${file}!logs/CBS.log`, 'rolled_back'],
    ]);
    const [bundle] = lines.filter(({ kind }) => kind === 'bundle');
    expect(bundle).toMatchObject({ file, toolVersion: '1.2.0', refused: [{ why: 'its name is unsafe' }] });
    expect(bundle?.['sha256']).toBe(sha256(readFileSync(file)));
    expect(bundle?.['files']).toContainEqual({ file: `${file}!logs/CBS.log`, sha256: sha256(later) });
    expect(bundle?.['files']).toContainEqual({ file: `${file}!readme.txt`, sha256: sha256('hello') });
    expect(await run(folder.path, '--dry-run')).toBe(1);
    expect(printed).toContain('unpack it and import the folder');
    expect(printed).toContain('is a gzip file');
  });

  it('judges evidence for a failure first and sends nothing that is of no use', async () => {
    const events = join(fixtures, 'wevtutil-events.xml');
    const to = ['--url', url, '--token', 'rc_test', '--json'];
    expect(await run(events, ...to, '--for-device', 'SOMEBODY-ELSE')).toBe(2);
    expect(requests).toEqual([]);
    expect(jsonLines()).toEqual([
      { kind: 'verdict', accepted: false, reasons: [expect.objectContaining({ code: 'wrong_device' })] },
    ]);
    printed = '';
    const log = join(fixtures, 'cbs-rollback-over-two-starts.log');
    const failure = [
      '--for-kb',
      'KB5034763',
      '--failed-at',
      '2024-02-20T09:21:00+08:00',
      '--device',
      'pc-0042',
    ];
    expect(await run(log, ...to, ...failure)).toBe(0);
    expect(jsonLines()[0]).toEqual({ kind: 'verdict', accepted: true, reasons: [] });
    expect(requests).toHaveLength(1);
  });

  it('splits many reports into batches of 500 and tries again when the collector is busy', async () => {
    const session = (number: number) =>
      `2024-01-01 10:00:00, Info                  CBS    Exec: Processing complete.  Session: ${number}_1, Package: P${number}~1~x~~1.0 [HRESULT = 0x800f0922]`;
    writeFileSync(
      join(folder.path, 'CBS.log'),
      Array.from({ length: 1_200 }, (_, number) => session(number)).join('\n'),
    );
    busyAnswers = [429, 503];
    expect(
      await run(folder.path, '--url', url, '--token', 'rc_test', '--device-name', 'PC-0042', '--json'),
    ).toBe(0);
    expect(requests.map(({ reports }) => reports.length)).toEqual([500, 500, 500, 500, 200]);
    expect(new Set(requests.map(({ headers }) => headers['idempotency-key'])).size).toBe(3);
    expect(jsonLines().at(-1)).toMatchObject({ kind: 'result', sent: 1_200, accepted: 1_200, unassigned: 0 });
  });

  it('a refusal ends the command with 1, unreadable paths too; nothing readable is 2; wrong use 64', async () => {
    busyAnswers = [401];
    const events = join(fixtures, 'wevtutil-events.xml');
    expect(await run(events, '--url', url, '--token', 'rc_test')).toBe(1);
    expect(failure).toBe(`the collector at ${url} refused: 401 in words`);
    expect(await run(join(folder.path, 'missing'), '--dry-run')).toBe(1);
    mkdirSync(join(folder.path, 'notes'));
    writeFileSync(join(folder.path, 'notes', 'readme.txt'), 'hello');
    expect(await run(folder.path, '--dry-run')).toBe(2);
    expect(printed).toContain('unknown');
    expect(await run(events, '--url', url)).toBe(64);
    expect(await run(events, '--dry-run', '--device', 'pc-1', '--device-name', 'PC-1')).toBe(64);
    expect(await run(events, '--data', join(folder.path, 'none'))).toBe(1);
  });

  it('honours Retry-After in seconds and as a date', () => {
    expect(waitMs('7', 1)).toBe(7_000);
    expect(waitMs('100000', 1)).toBe(60_000);
    expect(waitMs(null, 3)).toBe(1_000);
    expect(waitMs('soon', 1)).toBe(250);
    expect(waitMs('Thu, 01 Jan 1970 00:00:00 GMT', 1)).toBe(0);
  });
});
