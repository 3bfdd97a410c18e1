import type { EventLog } from '#event-log/event-log.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';
import { openDataDirectory } from '#runtime/data-directory.js';
import type { DataDirectory } from '#runtime/data-directory.js';

/** An opened data directory: its paths and its event log. The log takes several processes, so it works while `up` runs. */
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
  const log = await openLmdbEventLog({ directory: data.log });
  try {
    return await work({ data, log });
  } finally {
    await log.close();
  }
}
