import type { EventLog } from '#event-log/event-log.js';
import { openKafkaEventLog } from '#event-log/kafka/open-kafka-event-log.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';
import { logAddressOf, logVariablesSchema } from '#event-log/log-address.js';
import { openDataDirectory } from '#runtime/data-directory.js';
import type { DataDirectory } from '#runtime/data-directory.js';
import { loadConfig } from '#runtime/load-config.js';

/**
 * An opened data directory: its paths, and the event log: the one in it, or where ROLLCALL_LOG says. The log takes
 * several processes, so it works while `up` runs.
 */
export interface Installation {
  readonly data: DataDirectory;
  readonly log: EventLog;
}

/** Opens the data directory for one piece of work and closes its log again, whatever happens. */
export async function withInstallation<T>(
  root: string,
  work: (installation: Installation) => Promise<T>,
): Promise<T> {
  const data = openDataDirectory(root);
  const log = await openLogAt(process.env['ROLLCALL_LOG'] ?? `lmdb:${data.log}`);
  try {
    return await work({ data, log });
  } finally {
    await log.close();
  }
}

/**
 * Opens the log at a place (`lmdb:DIR`, `kafka:HOST:PORT,…`); how to talk to Kafka stands in ROLLCALL_KAFKA_….
 * @throws ConfigError when it is none
 */
export function openLogAt(place: string): Promise<EventLog> {
  const address = logAddressOf(loadConfig(logVariablesSchema, { ...process.env, ROLLCALL_LOG: place }));
  return address.kind === 'kafka'
    ? openKafkaEventLog(address)
    : openLmdbEventLog({ directory: address.directory });
}
