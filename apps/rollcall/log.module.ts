import { join } from 'node:path';
import type { Command } from 'commander';
import type { EventLog } from '#event-log/event-log.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';
import { openDataDirectory } from '#runtime/data-directory.js';
import { withData } from './connection-options.js';
import { CommandFailure, EXIT } from './exit-codes.js';

/** Options of every command that works on the event log itself. */
export interface LogOptions {
  readonly data: string;
  readonly log?: string;
}

/** Adds `--data` and `--log`. */
export function withLogOption(command: Command): Command {
  return withData(command).option(
    '--log <place>',
    'the event log: lmdb:DIR or kafka:HOST:PORT,… (default: ROLLCALL_LOG, else the one in --data)',
  );
}

/** Where the event log of these options is. */
export function logPlace({ data, log }: LogOptions): string {
  return log ?? process.env['ROLLCALL_LOG'] ?? `lmdb:${join(openDataDirectory(data).root, 'log')}`;
}

/**
 * Opens the log at a place for one piece of work and closes it again, whatever happens.
 * @throws CommandFailure when the place is none
 */
export async function withLogAt<T>(place: string, work: (log: EventLog) => Promise<T>): Promise<T> {
  const log = await openLogAt(place);
  try {
    return await work(log);
  } finally {
    await log.close();
  }
}

export const withLog = async <T>(options: LogOptions, work: (log: EventLog) => Promise<T>): Promise<T> =>
  withLogAt(logPlace(options), work);

async function openLogAt(place: string): Promise<EventLog> {
  const directory = /^lmdb:(.+)$/.exec(place)?.[1];
  if (directory !== undefined) return openLmdbEventLog({ directory });
  throw new CommandFailure(EXIT.usage, `"${place}" is no event log: lmdb:DIR or kafka:HOST:PORT,…`);
}
