import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Command } from 'commander';
import fc from 'fast-check';
import sql from 'mssql';
import type { AttemptReport } from '#domain/attempt-event.js';
import type { SusdbEvent } from '#sources/wsus/susdb-rows.js';
import { CommandFailure } from '../exit-codes.js';
import { connectSusdb, susdbProblem } from './mssql-susdb.js';
import { pollRound, RecentEvents } from './poll-round.js';
import { SusdbProblem } from './susdb.js';
import type { Susdb } from './susdb.js';
import type { SusdbConfig } from './susdb-config.js';
import { registerWsus } from './wsus-command.js';

const START_MS = Date.parse('2024-11-12T06:00:00.000Z');

/** A row of the event table: an install of one of the fleet's PCs that failed. */
const row = (number: number, atMs: number, more: Partial<SusdbEvent> = {}): SusdbEvent => ({
  eventInstanceId: `ABFDD395-0000-4000-8000-${String(number).padStart(12, '0')}`,
  namespaceId: 1,
  eventId: 182,
  computerId: `11112222-3333-4444-5555-${String(number % 50).padStart(12, '0')}`,
  computerName: `PC-${number % 50}.bank.example`,
  updateId: '7D0B35DC-1111-4111-8111-111111111111',
  revision: 200,
  timeAtTarget: new Date(atMs - 60_000),
  timeAtServer: new Date(atMs),
  win32HResult: -2145116138,
  title: 'Rollup',
  knowledgeBaseArticle: '5046613',
  ...more,
});

/** Answers as SQL Server would: the rows after a time in its order, up to a limit, with all of the last instant. */
function susdbOf(rows: readonly SusdbEvent[]): Susdb {
  const sorted = [...rows].sort((left, right) => left.timeAtServer.getTime() - right.timeAtServer.getTime());
  return {
    extent: () =>
      Promise.resolve({
        oldest: sorted[0]?.timeAtServer ?? null,
        newest: sorted.at(-1)?.timeAtServer ?? null,
      }),
    events: (after, limit) => {
      const later = sorted.filter(({ timeAtServer }) => timeAtServer > after);
      const last = later[limit - 1]?.timeAtServer.getTime();
      return Promise.resolve(later.filter((one, at) => at < limit || one.timeAtServer.getTime() === last));
    },
    close: () => Promise.resolve(),
  };
}

describe('a round of the poller', () => {
  const read = async (rows: readonly SusdbEvent[], from: string | null, pageRows: number) => {
    const ids: string[] = [];
    const cursors: (string | null)[] = [];
    const round = await pollRound(
      susdbOf(rows),
      { timeAtServer: from },
      new RecentEvents(),
      {
        report: ({ naturalKey }) => {
          if (naturalKey?.kind === 'report_event') ids.push(naturalKey.eventInstanceId.toUpperCase());
          return Promise.resolve();
        },
        pageDone: ({ timeAtServer }) => {
          cursors.push(timeAtServer);
          return Promise.resolve();
        },
      },
      pageRows,
    );
    return { ids, cursors, round };
  };

  it('reads every row behind the cursor once, whatever the pages and however many rows have one time', async () => {
    const gaps = fc.array(fc.constantFrom(0, 0, 1, 3, 60_000, 400_000), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(
        gaps,
        fc.integer({ min: 1, max: 9 }),
        fc.nat(60),
        async (steps, pageRows, readUpTo) => {
          let atMs = START_MS;
          const rows = steps.map((step, number) => row(number, (atMs += step)));
          const from = rows[Math.min(readUpTo, rows.length - 1)]?.timeAtServer ?? null;
          const sinceMs = (from?.getTime() ?? 0) - 5 * 60_000;
          const expected = rows.filter(({ timeAtServer }) => timeAtServer.getTime() > sinceMs);
          const { ids, cursors, round } = await read(rows, from?.toISOString() ?? null, pageRows);
          expect(ids.sort()).toEqual(expected.map(({ eventInstanceId }) => eventInstanceId).sort());
          expect(round.rows).toBe(round.understood + round.readBefore);
          expect(cursors).toEqual([...cursors].sort());
          expect(round.cursor.timeAtServer).toBe(rows.at(-1)?.timeAtServer.toISOString() ?? null);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('the account adds up; what is no row of a client is counted, not sent', async () => {
    const broken = { ...row(4, START_MS), timeAtTarget: null } as unknown as SusdbEvent;
    const rows = [
      row(1, START_MS),
      row(2, START_MS, { eventId: 147 }),
      row(3, START_MS, { knowledgeBaseArticle: '2267602' }),
      broken,
      row(5, START_MS, { computerId: '', computerName: null }),
    ];
    const { ids, round } = await read(rows, null, 100);
    expect(ids).toHaveLength(1);
    expect(round).toMatchObject({
      rows: 5,
      understood: 1,
      setAside: { scan: 1, defender_definition: 1 },
      notUnderstood: 2,
      readBefore: 0,
    });
  });

  it('a round of the same process leaves out what it sent; one that failed forgets it', async () => {
    const recent = new RecentEvents();
    const susdb = susdbOf([row(1, START_MS)]);
    const duties = { report: () => Promise.resolve(), pageDone: () => Promise.resolve() };
    const again = async () => {
      const { understood, readBefore } = await pollRound(susdb, { timeAtServer: null }, recent, duties, 10);
      return [understood, readBefore];
    };
    expect(await again()).toEqual([1, 0]);
    expect(await again()).toEqual([0, 1]);
    recent.forgetAll();
    expect(await again()).toEqual([1, 0]);
  });
});

describe('rollcall wsus poll', () => {
  const folder = { path: '' };
  let server: Server;
  let url = '';
  let received: AttemptReport[] = [];
  let answers: number[] = [];
  let printed = '';
  let noted = '';

  beforeEach(async () => {
    folder.path = mkdtempSync(join(tmpdir(), 'rollcall-wsus-'));
    [received, answers, printed, noted] = [[], [], '', ''];
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
      noted += String(text);
      return true;
    });
    process.env['ROLLCALL_WSUS_PASSWORD'] = 'secret';
    server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const lines = gunzipSync(Buffer.concat(pieces)).toString('utf8').split('\n');
        const status = answers.shift() ?? 202;
        if (status === 202) received.push(...lines.map((line) => JSON.parse(line) as AttemptReport));
        response.writeHead(status).end(JSON.stringify({ accepted: lines.length, rejected: [] }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    delete process.env['ROLLCALL_WSUS_PASSWORD'];
    rmSync(folder.path, { recursive: true, force: true });
    await new Promise((resolve) => server.close(resolve));
  });

  /** Runs one round against rows; answers its exit code. */
  async function run(rows: readonly SusdbEvent[] | SusdbProblem, ...args: string[]): Promise<number> {
    const program = new Command().exitOverride();
    registerWsus(program, () =>
      rows instanceof SusdbProblem ? Promise.reject(rows) : Promise.resolve(susdbOf(rows)),
    );
    const place = [
      '--data',
      folder.path,
      '--server',
      'wsus1',
      '--user',
      'reader',
      '--url',
      url,
      '--token',
      't',
    ];
    try {
      await program.parseAsync(['wsus', 'poll', ...place, ...args], { from: 'user' });
      return 0;
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      noted += error.message;
      return error.exitCode;
    }
  }
  const cursorFiles = () => {
    try {
      return readdirSync(join(folder.path, 'wsus')).map((name) => join(folder.path, 'wsus', name));
    } catch {
      return [];
    }
  };
  const cursor = () =>
    (JSON.parse(readFileSync(cursorFiles()[0] ?? '', 'utf8')) as { timeAtServer: string }).timeAtServer;

  it('sends what is new and keeps its place, in a file only its owner reads', async () => {
    expect(await run([row(1, START_MS), row(2, START_MS + 1_000)], '--once', '--json')).toBe(0);
    expect(
      received.map(({ source, targetKb, hresult, deviceName }) => [source, targetKb, hresult, deviceName]),
    ).toEqual([
      ['wsus', 'KB5046613', '0x80242016', 'PC-1.bank.example'],
      ['wsus', 'KB5046613', '0x80242016', 'PC-2.bank.example'],
    ]);
    expect(JSON.parse(printed)).toMatchObject({
      kind: 'round',
      rows: 2,
      understood: 2,
      sent: { accepted: 2 },
      gap: null,
    });
    expect(cursor()).toBe('2024-11-12T06:00:01.000Z');
    expect(statSync(cursorFiles()[0] ?? '').mode & 0o777).toBe(0o600);
    received = [];
    const later = START_MS + 3_600_000;
    expect(await run([row(1, START_MS), row(2, START_MS + 1_000), row(3, later)], '--once')).toBe(0);
    // The last minutes are read again by a new process; the copies have the ids they had.
    expect(received.map(({ naturalKey }) => naturalKey).at(-1)).toEqual({
      kind: 'report_event',
      eventInstanceId: 'abfdd395-0000-4000-8000-000000000003',
    });
    expect(cursor()).toBe(new Date(later).toISOString());
  });

  it('tells every report which server it is of: by a pseudonym, or by the name it was given', async () => {
    expect(await run([row(1, START_MS)], '--once')).toBe(0);
    const [first] = received;
    expect(first?.tags?.['wsus_server']).toMatch(/^wsus-[0-9a-f]{8}$/);
    expect(printed).toContain(`wsus1 (${first?.tags?.['wsus_server'] ?? '?'}): 1 rows`);
    expect(await run([row(2, START_MS)], '--once', '--name', 'head-office')).toBe(0);
    expect(received.at(-1)?.tags).toEqual({ wsus_server: 'head-office' });
    await expect(run([], '--once', '--name', 'Head Office')).rejects.toThrow('expected 1 to 64');
  });

  it('keeps no place that the collector did not confirm', async () => {
    answers = [403];
    expect(await run([row(1, START_MS)], '--once')).toBe(1);
    expect(cursorFiles()).toEqual([]);
    expect(await run([row(1, START_MS)], '--once')).toBe(0);
    expect(received).toHaveLength(1);
  });

  it('a dry run sends nothing and keeps no place', async () => {
    expect(await run([row(1, START_MS)], '--dry-run', '--json')).toBe(0);
    const kinds = printed
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { kind: string }).kind);
    expect(kinds).toEqual(['report', 'round']);
    expect(received).toEqual([]);
    expect(cursorFiles()).toEqual([]);
  });

  it('names what WSUS deleted unread, and sends the rest', async () => {
    expect(await run([row(1, START_MS)], '--once')).toBe(0);
    const sixteenDays = START_MS + 16 * 24 * 3_600_000;
    expect(await run([row(2, sixteenDays)], '--once')).toBe(2);
    expect(noted).toContain('deleted the events from 2024-11-12T06:00:00.000Z to 2024-11-28T06:00:00.000Z');
    expect(received).toHaveLength(2);
    expect(await run([row(2, sixteenDays)], '--once')).toBe(0);
  });

  it('follows a database that was restored', async () => {
    expect(await run([row(1, START_MS), row(2, START_MS + 7_200_000)], '--once')).toBe(0);
    received = [];
    expect(await run([row(1, START_MS), row(3, START_MS + 60_000)], '--once')).toBe(0);
    expect(noted).toContain('restored');
    expect(received.map(({ naturalKey }) => JSON.stringify(naturalKey)).join()).toContain('000000000003');
  });

  it('says what is missing or wrong before it connects', async () => {
    delete process.env['ROLLCALL_WSUS_PASSWORD'];
    expect(await run([], '--once', '--port', '1433', '--instance', 'x')).toBe(64);
    expect(noted).toContain('ROLLCALL_WSUS_PASSWORD');
    process.env['ROLLCALL_WSUS_PASSWORD'] = 'secret';
    expect(await run([row(1, START_MS)], '--once')).toBe(0);
    writeFileSync(cursorFiles()[0] ?? '', '{"timeAt');
    expect(await run([row(1, START_MS)], '--once')).toBe(1);
    expect(noted).toContain('is damaged; delete it');
  });

  it('a poller that goes on ends at once when the login is refused: trying again could lock the account', async () => {
    expect(await run(new SusdbProblem('refused the login', false))).toBe(1);
    expect(noted).toContain('refused the login');
  });
});

describe('errors of SQL Server in words', () => {
  const config: SusdbConfig = {
    server: '127.0.0.1',
    port: 1,
    instance: undefined,
    database: 'SUSDB',
    user: 'reader',
    password: 'secret',
    domain: undefined,
    trustsCertificate: false,
  };
  const numbered = (number: number, text: string) =>
    Object.assign(new sql.RequestError(text, 'EREQUEST'), { number });

  it.each([
    ['refused the login', false, new sql.ConnectionError("Login failed for user 'reader'.", 'ELOGIN')],
    ['may not open database', false, new sql.ConnectionError('Cannot open database "SUSDB" …', 'ELOGIN')],
    ['GRANT SELECT', false, numbered(229, 'The SELECT permission was denied on the object …')],
    ['no WSUS database', false, numbered(208, "Invalid object name 'PUBLIC_VIEWS.vUpdate'.")],
    ['is not trusted', false, new sql.ConnectionError('self-signed certificate', 'ESOCKET')],
    ['cannot be reached', true, new sql.ConnectionError('Failed to connect in 15000ms', 'ETIMEOUT')],
    ['could not be read', true, numbered(1222, 'Lock request time out period exceeded.')],
  ])('%s', (words, passes, error) => {
    const problem = susdbProblem(error, config);
    expect(problem.message).toContain(words);
    expect(problem.message).toContain('→');
    expect(problem.message).not.toContain('secret');
    expect(problem.passes).toBe(passes);
  });

  it('nobody listens: the driver’s own error is understood', async () => {
    const problem = await connectSusdb(config).catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(SusdbProblem);
    expect((problem as SusdbProblem).message).toContain('127.0.0.1:1 cannot be reached');
    expect((problem as SusdbProblem).passes).toBe(true);
  });
});
