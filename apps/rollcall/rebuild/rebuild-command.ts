import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { openDataDirectory } from '#runtime/data-directory.js';
import { withData } from '../connection-options.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { note, printJson, printText } from '../output.js';
import { childEnvironment, HEAP_LIMIT_MIB, SEMI_SPACE_MIB } from '../up/child-environment.js';
import { readRunning } from '../up/running-file.js';
import { writerUrlOf } from '../up/engine.module.js';

interface RebuildCommandOptions {
  readonly data: string;
  readonly verify?: boolean;
  readonly json?: boolean;
}

/** What the projector's rebuild mode prints: one line of JSON. */
interface RebuildResult {
  readonly generation: string;
  readonly events: number;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  readonly swapped?: boolean;
  readonly equal?: boolean;
  readonly differences?: readonly string[];
}

export function registerRebuild(program: Command): void {
  withData(program.command('rebuild'))
    .description('fill the views anew from the log, beside the live ones, then take over from them')
    .option('--verify', 'compare the new filling with the live one cell by cell instead of taking over')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      `
The live views answer until the new ones are at least as far; then they swap at once. Needs "rollcall up".
Soon after a swap it waits, up to 30 s, until nobody asks the views that it empties.
On one machine a second one is refused while the first runs.
With --verify nothing is swapped; exit code 0 = equal, 2 = they differ.

Examples:
  $ rollcall rebuild
  $ rollcall rebuild --verify --json`,
    )
    .action(async (options: RebuildCommandOptions) => {
      const { result, exitCode } = await runRebuild(options);
      if (options.json) printJson(result);
      else printText(describe(result));
      if (exitCode !== 0) {
        throw new CommandFailure(
          EXIT.negative,
          'the new filling differs from the live one; the first keys are listed above',
        );
      }
    });
}

async function runRebuild(
  options: RebuildCommandOptions,
): Promise<{ result: RebuildResult; exitCode: number }> {
  const data = openDataDirectory(options.data);
  const running = readRunning(data.running);
  const clickhouse =
    process.env['ROLLCALL_CLICKHOUSE'] ?? (running && writerUrlOf(data, running.ports.clickhouse));
  if (!clickhouse) {
    throw new CommandFailure(
      EXIT.failed,
      `nothing runs on ${data.root}: start "rollcall up --data ${options.data}" first`,
    );
  }
  const script = fileURLToPath(new URL('../../projector/main.js', import.meta.url));
  const child = spawn(
    process.execPath,
    [
      `--max-old-space-size=${HEAP_LIMIT_MIB.projector}`,
      `--max-semi-space-size=${SEMI_SPACE_MIB.rebuild}`,
      script,
      '--rebuild',
      ...(options.verify ? ['--verify'] : []),
    ],
    {
      env: childEnvironment({ data, port: 0, clickhouse, logLevel: 'warn' }, process.env),
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill(signal));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  if (exitCode !== 0 && exitCode !== EXIT.negative) {
    note('nothing was swapped; the live views are as they were');
    throw new CommandFailure(
      EXIT.failed,
      `the rebuild ended with exit code ${exitCode ?? 'none'}; its last words are above`,
    );
  }
  return { result: JSON.parse(output.trim().split('\n').at(-1) ?? '{}') as RebuildResult, exitCode };
}

function describe(result: RebuildResult): string {
  const made = `${result.events} events in ${result.seconds.toFixed(1)} s (${result.eventsPerSecond} a second) into ${result.generation}`;
  if (result.equal === undefined) return `${made}; it answers now`;
  if (result.equal) return `${made}; equal to the live views, cell by cell`;
  return [`${made}; DIFFERENT from the live views:`, ...(result.differences ?? [])].join('\n');
}
