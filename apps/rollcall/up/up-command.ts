import type { Command } from 'commander';
import { DEFAULT_DATA, dataDirectory } from '../connection-options.js';
import { ASKED, stopSignal, whenAborted } from './stop-signal.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { wholeNumber } from '../number-options.js';
import { note } from '../output.js';
import { formatLogLine } from './log-line.js';
import { startRollcall } from './start-rollcall.js';

interface UpCommandOptions {
  readonly data: string;
  readonly collectorPort: number;
  readonly consolePort: number;
  readonly clickhousePort: number;
  readonly logLevel: string;
}

const port = wholeNumber(0, 65_535);

export function registerUp(program: Command): void {
  program
    .command('up')
    .description('run Rollcall on this machine: engine, collector, projector, console; Ctrl-C stops all')
    .option('--data <dir>', 'data directory, made when missing', dataDirectory, DEFAULT_DATA)
    .option('--collector-port <port>', 'where senders report (0 = any free port)', port, 8801)
    .option('--console-port <port>', 'questions and cases', port, 8800)
    .option('--clickhouse-port <port>', 'the engine, for Grafana and BI tools', port, 8123)
    .option('--log-level <level>', 'trace, debug, info, warn or error', 'info')
    .addHelpText(
      'after',
      `
Everything listens on 127.0.0.1. ROLLCALL_CLICKHOUSE=http://user:password@host:8123 uses a real
ClickHouse server instead of the engine in this machine; ROLLCALL_LOG=kafka:host:9092,host:9092 brokers
instead of the log in the data directory.

Example:
  $ rollcall up --data ./rollcall-data`,
    )
    .action(async (options: UpCommandOptions) => {
      await runUntilStopped(options);
    });
}

async function runUntilStopped(options: UpCommandOptions): Promise<void> {
  const stopping = stopSignal();
  const rollcall = await startRollcall({
    ...options,
    signal: stopping.signal,
    clickhouse: process.env['ROLLCALL_CLICKHOUSE'],
    events: {
      line: (name, text) => {
        note(formatLogLine(name, text));
      },
      exited: (name, how, againInMs) => {
        note(`supervisor | ${name} ended (${how})${againInMs === null ? '' : `, again in ${againInMs} ms`}`);
      },
    },
    onLockLost: (error) => {
      stopping.abort(new CommandFailure(EXIT.failed, `the data directory's lock was lost: ${error.message}`));
    },
  }).catch((error: unknown) => {
    if (stopping.signal.aborted && stopping.signal.reason === ASKED) return null;
    throw error;
  });
  if (!rollcall) return;
  const { ports, data } = rollcall;
  const clickhouse = ports.clickhouse === null ? 'external' : `http://127.0.0.1:${ports.clickhouse}`;
  note(
    `rollcall is ready: console http://127.0.0.1:${ports.console}  ` +
      `collector http://127.0.0.1:${ports.collector}/v1/attempts  clickhouse ${clickhouse}  data ${data.root}`,
  );
  await whenAborted(stopping.signal);
  note('supervisor | stopping');
  const stoppingSince = performance.now();
  await rollcall.stop();
  note(`supervisor | stopped in ${((performance.now() - stoppingSince) / 1_000).toFixed(1)} s`);
  if (stopping.signal.reason !== ASKED) throw stopping.signal.reason;
}
