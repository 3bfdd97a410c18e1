import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Where everything of a one-machine installation lies. Made 0700: it holds the banks' keys. */
export interface DataDirectory {
  readonly root: string;
  /** lmdb environments of the event log. */
  readonly log: string;
  /** The engine's configuration, users and tables. */
  readonly clickhouse: string;
  /** Generated passwords of the engine's users, 0600 (JSON: user → password). */
  readonly clickhousePasswords: string;
  /** The banks' HMAC keys, 0600. */
  readonly keys: string;
  /** Token of the installation's own command line, 0600. */
  readonly operatorToken: string;
  /** What `rollcall up` runs right now: pids, ports (JSON). */
  readonly running: string;
  /** Rejected rows as they came, per bank and day. */
  readonly rejects: string;
  /** The collector's own memory (idempotency keys). */
  readonly collector: string;
  /** Name maps (deviceKey → name), one deletable file a bank. */
  readonly names: string;
}

/** The paths below `root`, whether anything is there or not. */
export function dataDirectoryAt(root: string): DataDirectory {
  const at = resolve(root);
  return {
    root: at,
    log: join(at, 'log'),
    clickhouse: join(at, 'clickhouse'),
    clickhousePasswords: join(at, 'clickhouse-passwords.json'),
    keys: join(at, 'keys.json'),
    operatorToken: join(at, 'operator-token'),
    running: join(at, 'running.json'),
    rejects: join(at, 'rejects'),
    collector: join(at, 'collector'),
    names: join(at, 'names'),
  };
}

/** The same; creates `root` (0700) when it is missing. @throws the system's error when it cannot be made */
export function openDataDirectory(root: string): DataDirectory {
  const data = dataDirectoryAt(root);
  makeFolder(data.root);
  // The first folder below it: whoever cannot write here learns it now, and in words.
  makeFolder(data.log);
  return data;
}

/** Node's own recursive mkdir never returns where the system answers ENOENT for a new folder (below /proc). */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process of the same start made it in between.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
