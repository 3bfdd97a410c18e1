import { closeSync, existsSync, fsyncSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
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
 * @throws Error when the file is something else
 */
export function openEnvironment(
  path: string,
  mapSizeBytes: number,
  values: { readonly encoding: 'binary' | 'msgpack'; readonly useVersions: boolean },
): RootDatabase<unknown, (string | number)[] | string> {
  const isNew = !existsSync(path);
  if (!isNew) assertIsEnvironment(path);
  const options: RootDatabaseOptionsWithPath & {
    permissionsMode: number;
    batchStartThreshold: number;
    eventTurnBatching: boolean;
  } = {
    path,
    noSubdir: true,
    overlappingSync: false,
    ...values,
    mapSize: mapSizeBytes,
    permissionsMode: 0o600,
    // Else the worker starts on a large batch (4 MB) before its end is written, and waits for the main thread's next
    // turn: a process that exits in between hangs for ever.
    batchStartThreshold: Number.MAX_SAFE_INTEGER,
    // Else lmdb-js opens each turn's writes with an operation of its own whose promise is out of everybody's reach: a
    // disk that is full rejects it, and an unheard rejection ends the process.
    eventTurnBatching: false,
  };
  const environment = open<unknown, (string | number)[] | string>(options);
  if (isNew) syncDirectory(dirname(path));
  return environment;
}

/** A power cut must not take the file's name back after messages in it were acknowledged. Windows syncs no directories. */
function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  const directory = openSync(path, 'r');
  fsyncSync(directory);
  closeSync(directory);
}

/** Where the first page holds lmdb's magic number (mdb.c: MDB_MAGIC, after a page header of 24 bytes). */
const MAGIC_AT = 24;
const MAGIC = 0xbeefc0de;

/** lmdb-js crashes the process on a file that is not lmdb's; an empty one (a crash while it was made) is fine. */
function assertIsEnvironment(path: string): void {
  const head = Buffer.alloc(MAGIC_AT + 4);
  const file = openSync(path, 'r');
  const read = readSync(file, head, 0, head.length, 0);
  closeSync(file);
  if (read === 0 || (read === head.length && head.readUInt32LE(MAGIC_AT) === MAGIC)) return;
  throw new Error(`${path} is not an lmdb file`);
}
