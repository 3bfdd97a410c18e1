import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';

/** Options of every command that asks a running Rollcall. */
export interface ConnectionOptions {
  readonly data: string;
  readonly url?: string;
  readonly token?: string;
  readonly json?: boolean;
}

export const DEFAULT_DATA = './rollcall-data';

/** A commander parser: a directory, or where one can be made. */
export function dataDirectory(text: string): string {
  let there = resolve(text);
  while (!existsSync(there)) there = dirname(there);
  if (!statSync(there).isDirectory()) throw new InvalidArgumentError(`${there} is a file, not a directory.`);
  return text;
}

/** Adds `--data`; every command that finds a local installation has it. */
export function withData(command: Command): Command {
  return command.option(
    '--data <dir>',
    'data directory of the local installation',
    dataDirectory,
    DEFAULT_DATA,
  );
}

/** Adds `--data`, `--url`, `--token` and `--json`. */
export function withConnection(command: Command): Command {
  return withData(command)
    .option('--url <url>', 'console of another installation (default: the one that runs on --data)')
    .option('--token <token>', 'bearer token (default: the operator token in --data, or ROLLCALL_TOKEN)')
    .option('--json', 'JSON: one object, or one object a line for lists');
}
