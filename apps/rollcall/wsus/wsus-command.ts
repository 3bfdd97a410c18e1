import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { bankSchema } from '#domain/attempt-event.js';
import { WSUS_SERVER_TAG, wsusServerSchema } from '#domain/wsus-server.js';
import { openDataDirectory } from '#runtime/data-directory.js';
import { ConfigError } from '#runtime/load-config.js';
import { withData } from '../connection-options.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { BatchSender } from '../import/batch-sender.js';
import type { Destination, SendResult } from '../import/batch-sender.js';
import { findDestination } from '../import/find-destination.js';
import { wholeNumber } from '../number-options.js';
import { note, printJson, printText } from '../output.js';
import { matching } from '../text-options.js';
import { stopSignal } from '../up/stop-signal.js';
import { CursorFile } from './cursor-file.js';
import { connectSusdb } from './mssql-susdb.js';
import { pollRound, RecentEvents } from './poll-round.js';
import type { PollRound } from './poll-round.js';
import { SusdbProblem } from './susdb.js';
import type { Susdb } from './susdb.js';
import { susdbConfig } from './susdb-config.js';
import type { SusdbConfig } from './susdb-config.js';

interface PollOptions {
  readonly data: string;
  readonly server?: string;
  readonly port?: number;
  readonly instance?: string;
  readonly database?: string;
  readonly user?: string;
  readonly url?: string;
  readonly token?: string;
  readonly bank?: string;
  readonly name?: string;
  readonly every: number;
  readonly once?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Rows of one question: some seconds of SQL Server's time, some megabytes of ours. */
const PAGE_ROWS = 5_000;
const FIRST_WAIT_MS = 1_000;

/** What a test puts in the place of SQL Server. */
export type ConnectSusdb = (config: SusdbConfig) => Promise<Susdb>;

/** `rollcall wsus poll`: the event table of a WSUS server → reports, to a collector. */
export function registerWsus(program: Command, connect: ConnectSusdb = connectSusdb): void {
  const wsus = program.command('wsus').description('read update events out of the database of a WSUS server');
  withData(wsus.command('poll'))
    .description('send the events of clients that are new since the last time; goes on until it is stopped')
    .option('--server <host>', 'the SQL Server of WSUS (or ROLLCALL_WSUS_SERVER)')
    .option('--port <port>', 'its port (default 1433)', wholeNumber(1, 65_535))
    .option('--instance <name>', 'its named instance, instead of a port')
    .option('--database <name>', 'the database (default SUSDB)')
    .option('--user <name>', 'login that may read it; the password is ROLLCALL_WSUS_PASSWORD')
    .option('--url <url>', 'the collector (default: the one that runs on --data)')
    .option('--token <token>', 'token with scope collect (or ROLLCALL_TOKEN)')
    .option('--bank <bank>', 'bank of this server, when --data knows several', matching(bankSchema))
    .option(
      '--name <name>',
      'what an alert calls this server when it falls silent (default: wsus- and a hash of its host)',
      matching(wsusServerSchema),
    )
    .option('--every <minutes>', 'how often to look', wholeNumber(1, 1_440), 10)
    .option('--once', 'look once and end')
    .option('--dry-run', 'send nothing and keep no place, only show')
    .option('--json', 'one JSON line a round, in a dry run also one a report')
    .addHelpText(
      'after',
      `
The place in the event table is kept in the data directory, only after the collector has said 202. WSUS deletes events
after 15 days: what it deleted unread is named as a gap. Needs SELECT on schema PUBLIC_VIEWS and on dbo.tbEventInstance.

Exit code 2 when something was deleted unread or refused (with --once), 1 when the database or the collector failed.

Examples:
  $ ROLLCALL_WSUS_PASSWORD=… rollcall wsus poll --server wsus1 --user rollcall_reader --once --dry-run
  $ ROLLCALL_WSUS_PASSWORD=… ROLLCALL_TOKEN=rc_… rollcall wsus poll --server wsus1 --user rollcall_reader --every 10`,
    )
    .action(async (options: PollOptions) => {
      await poll(options, connect);
    });
}

async function poll(options: PollOptions, connect: ConnectSusdb): Promise<void> {
  const single = options.once === true || options.dryRun === true;
  const token = options.token ?? process.env['ROLLCALL_TOKEN'];
  if (!single && !token) {
    const todo = `rollcall token create --bank ${options.bank ?? '…'} --scope collect`;
    throw new CommandFailure(EXIT.usage, `a poller that goes on needs a token of its own: ${todo}`);
  }
  const config = configOf(options);
  const to = options.dryRun ? null : await findDestination({ ...options, canOnlyLook: true });
  const place = new CursorFile(openDataDirectory(options.data).root, {
    server: `${config.server}${config.instance === undefined ? '' : `_${config.instance}`}:${config.port ?? ''}`,
    database: config.database,
    destination: `${options.url ?? 'local'} ${options.bank ?? ''}`,
  });
  const name = options.name ?? pseudonymOf(config);
  const poller: Poller = { config, name, connect, to, place, recent: new RecentEvents(), options };
  if (!single) {
    await pollUntilStopped(poller);
    return;
  }
  const { round, sent } = await pollOnce(poller).catch((error: unknown) => {
    throw inWords(error);
  });
  judge(round, sent);
}

interface Poller {
  readonly config: SusdbConfig;
  /** What alerts call the server. */
  readonly name: string;
  readonly connect: ConnectSusdb;
  readonly to: Destination | null;
  readonly place: CursorFile;
  readonly recent: RecentEvents;
  readonly options: PollOptions;
}

const asEnvironment = ({ server, port, instance, database, user }: PollOptions): NodeJS.ProcessEnv => ({
  ...(server !== undefined && { ROLLCALL_WSUS_SERVER: server }),
  ...(port !== undefined && { ROLLCALL_WSUS_PORT: String(port) }),
  ...(instance !== undefined && { ROLLCALL_WSUS_INSTANCE: instance }),
  ...(database !== undefined && { ROLLCALL_WSUS_DATABASE: database }),
  ...(user !== undefined && { ROLLCALL_WSUS_USER: user }),
});

/** @throws CommandFailure (64) that names everything that is wrong or missing */
function configOf(options: PollOptions): SusdbConfig {
  try {
    return susdbConfig({ ...process.env, ...asEnvironment(options) });
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandFailure(EXIT.usage, error.message, { cause: error });
    throw error;
  }
}

const inWords = (error: unknown): unknown =>
  error instanceof SusdbProblem ? new CommandFailure(EXIT.failed, error.message, { cause: error }) : error;

/** A host name stays where it is: who runs the poller knows its hash, which every round tells. */
const pseudonymOf = ({ server, instance = '' }: SusdbConfig): string =>
  `wsus-${createHash('sha256').update(`${server}\\${instance}`.toLowerCase()).digest('hex').slice(0, 8)}`;

interface Polled {
  readonly round: PollRound;
  readonly sent: SendResult | null;
}

/** One round. A connection lives no longer: between rounds nothing of the server's is held. */
async function pollOnce({ config, name, connect, to, place, recent, options }: Poller): Promise<Polled> {
  const { dryRun, json } = options;
  const sender = to === null ? null : new BatchSender(to);
  const susdb = await connect(config);
  try {
    const round = await pollRound(
      susdb,
      await place.read(),
      recent,
      {
        report: async (report) => {
          const named = { ...report, tags: { ...report.tags, [WSUS_SERVER_TAG]: name } };
          if (dryRun && json) printJson({ kind: 'report', ...named });
          await sender?.add(named);
        },
        pageDone: async (cursor) => {
          if (sender === null) return;
          await sender.finish();
          await place.write(cursor);
        },
      },
      PAGE_ROWS,
    );
    const sent = (await sender?.finish()) ?? null;
    tell(round, sent, { config, name, options });
    return { round, sent };
  } catch (error) {
    recent.forgetAll();
    throw error;
  } finally {
    await susdb.close();
  }
}

function tell(
  round: PollRound,
  sent: SendResult | null,
  { config, name, options }: Pick<Poller, 'config' | 'name' | 'options'>,
): void {
  const { rows, understood, setAside, notUnderstood, readBefore, gap, wentBack, cursor } = round;
  if (options.json)
    printJson({ kind: 'round', server: config.server, name, database: config.database, ...round, sent });
  else {
    const aside = Object.values(setAside).reduce((sum, count) => sum + count, 0);
    printText(
      `${config.server} (${name}): ${rows} rows, ${understood} reports, ${aside} set aside, ${readBefore} read before, ` +
        `${notUnderstood} not understood; ${sent?.accepted ?? 0} accepted, ${sent?.rejected ?? 0} rejected; ` +
        `read up to ${cursor.timeAtServer ?? 'nothing yet'}`,
    );
  }
  if (gap !== null)
    note(
      `WARNING: ${config.server} deleted the events from ${gap.from} to ${gap.to} before they were read: poll more often than its clean-up`,
    );
  if (wentBack)
    note(
      `WARNING: the events of ${config.server} end before the place kept here: its database was restored or its clock put back; reading on from there`,
    );
  if (notUnderstood > 0)
    note(
      `WARNING: ${notUnderstood} rows of ${config.server} were not understood and are not counted (--json --dry-run shows the others)`,
    );
  for (const reason of sent?.reasons ?? []) note(`rejected: ${reason}`);
}

/** @throws CommandFailure (2) when not everything that there was could be sent */
function judge(round: PollRound, sent: SendResult | null): void {
  if (round.gap !== null)
    throw new CommandFailure(EXIT.negative, 'events were deleted before they were read');
  if ((sent?.rejected ?? 0) > 0)
    throw new CommandFailure(EXIT.negative, `the collector refused ${sent?.rejected ?? 0} reports`);
}

/** Rounds until a signal. After a failure that may pass it waits, longer each time, at most as long as between rounds. */
async function pollUntilStopped(poller: Poller): Promise<void> {
  const { signal } = stopSignal();
  const everyMs = poller.options.every * 60_000;
  let failures = 0;
  while (!signal.aborted) {
    let waitMs = everyMs;
    try {
      await pollOnce(poller);
      failures = 0;
    } catch (error) {
      const passes = error instanceof SusdbProblem ? error.passes : error instanceof CommandFailure;
      if (!passes) throw inWords(error);
      waitMs = Math.min(everyMs, FIRST_WAIT_MS * 2 ** failures);
      failures += 1;
      note(`rollcall: ${(error as Error).message}\n  next try in ${Math.round(waitMs / 1_000)} s`);
    }
    await sleep(waitMs, undefined, { signal }).catch(() => undefined);
  }
}
