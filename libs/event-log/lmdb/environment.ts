import { open } from 'lmdb';
import type { RootDatabase, RootDatabaseOptionsWithPath } from 'lmdb';

/**
 * The same map size for every process and month: virtual address space, not memory and not disk (the file grows as
 * pages are written). lmdb cannot grow a map safely while other processes have it open, so it is larger than a month
 * gets; a hundred months of it still fit in the 128 TiB that a process can address.
 */
export const DEFAULT_MAP_SIZE_BYTES = 256 * 1024 ** 3;

/**
 * Opens one lmdb environment (one file and its lock file).
 *
 * `overlappingSync` is off: with it (lmdb-js' default) a commit is visible before it is on disk. A reader could then
 * commit an offset past messages that a power cut takes back, and the messages that get those offsets later would
 * never be read. Without it lmdb fsyncs inside the commit, so what can be read is durable and `flushed` is the commit.
 */
export function openEnvironment(
  path: string,
  mapSizeBytes: number,
  encoding: 'binary' | 'msgpack',
): RootDatabase<unknown, (string | number)[] | string> {
  const options: RootDatabaseOptionsWithPath & { permissionsMode: number } = {
    path,
    noSubdir: true,
    overlappingSync: false,
    encoding,
    mapSize: mapSizeBytes,
    permissionsMode: 0o600,
  };
  return open<unknown, (string | number)[] | string>(options);
}
