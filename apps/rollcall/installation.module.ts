import { join } from 'node:path';
import type { EventLog } from '#event-log/event-log.js';
import { openKafkaEventLog } from '#event-log/kafka/open-kafka-event-log.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';
import { holdsLog } from '#event-log/lmdb/log-directory.js';
import { logAddressOf, logVariablesSchema } from '#event-log/log-address.js';
import { dataDirectoryAt, openDataDirectory } from '#runtime/data-directory.js';
import type { DataDirectory } from '#runtime/data-directory.js';
import { loadConfig } from '#runtime/load-config.js';
import { CommandFailure, EXIT } from './exit-codes.js';

/**
 * An opened data directory: its paths, and the event log: the one in it, or where ROLLCALL_LOG says. The log takes
 * several processes, so it works while `up` runs.
 */
export interface Installation {
  readonly data: DataDirectory;
  readonly log: EventLog;
}

/** Whether a log that is not there yet is made: only where an installation may begin. A mistyped place is no empty log. */
export type WhenMissing = 'make' | 'fail';

/**
 * Opens the data directory for one piece of work and closes its log again, whatever happens.
 * @throws CommandFailure when there is no log and none is to be made
 */
export async function withInstallation<T>(
  root: string,
  work: (installation: Installation) => Promise<T>,
  whenMissing: WhenMissing = 'fail',
): Promise<T> {
  // Made before the log is opened: it says in words why a place cannot be made. Where nothing is to be made, the log
  // says first that there is none.
  if (whenMissing === 'make') openDataDirectory(root);
  const log = await openLogAt(logPlaceOf(root), whenMissing);
  const data = openDataDirectory(root);
  try {
    return await work({ data, log });
  } finally {
    await log.close();
  }
}

/** Where the log of an installation is: where ROLLCALL_LOG says, or in its data directory. */
export const logPlaceOf = (root: string): string =>
  process.env['ROLLCALL_LOG'] ?? `lmdb:${dataDirectoryAt(root).log}`;

/**
 * Opens the log at a place (`lmdb:DIR`, `kafka:HOST:PORT,…`); how to talk to Kafka stands in ROLLCALL_KAFKA_….
 * @throws ConfigError when it is none, CommandFailure when nothing is there and nothing is to be made
 */
export async function openLogAt(place: string, whenMissing: WhenMissing): Promise<EventLog> {
  const address = logAddressOf(loadConfig(logVariablesSchema, { ...process.env, ROLLCALL_LOG: place }));
  if (address.kind === 'kafka') return openKafkaEventLog(address);
  const { directory } = address;
  if (whenMissing === 'fail' && !holdsLog(directory)) {
    const below = join(directory, 'log');
    const advice = holdsLog(below)
      ? `there is one in ${below}`
      : 'check the place; "rollcall up" and "rollcall bank add" begin a new one';
    throw new CommandFailure(EXIT.notKnown, `there is no event log in ${directory}: ${advice}`);
  }
  return openLmdbEventLog({ directory });
}
