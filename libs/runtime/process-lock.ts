import { stat } from 'node:fs/promises';
import { check, lock } from 'proper-lockfile';

const STALE_AFTER_MS = 10_000;
/** Long enough for the lock of a killed process to become stale: wait for that rather than refuse. */
export const KILLED_HOLDS_S = 12;

/** Held until it is released, by a heartbeat in the file's time. */
export interface ProcessLock {
  /** Aborted when it was lost, as after this machine slept: another process may hold it now. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/**
 * Takes the lock file `<path>.lock` for this process; waits so many seconds for another to let go. The lock of a killed
 * process is taken over when its heartbeat is older than 10 s.
 * @param path need not exist. The library tells its locks apart by it: one path, one lock
 * @returns null when another process holds it
 * @throws the file system's error, when no lock can be made there
 */
export async function takeLock(path: string, waitSeconds: number): Promise<ProcessLock | null> {
  const lost = new AbortController();
  try {
    const unlock = await lock(path, {
      realpath: false,
      stale: STALE_AFTER_MS,
      update: STALE_AFTER_MS / 4,
      retries: { retries: waitSeconds, minTimeout: 1_000, maxTimeout: 1_000 },
      onCompromised: (error) => {
        lost.abort(error);
      },
    });
    const taken = await identity(path);
    const release = async () => {
      // The library learns late that a process slept; its lock file may be another's by then.
      if (!lost.signal.aborted && (await identity(path)) === taken) await unlock();
    };
    return { lost: lost.signal, release };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOCKED') return null;
    throw error;
  }
}

async function identity(path: string): Promise<string | null> {
  try {
    const { ino, birthtimeNs } = await stat(`${path}.lock`, { bigint: true });
    return `${ino}/${birthtimeNs}`;
  } catch {
    return null;
  }
}

/** Whether a living process holds `<path>.lock`. */
export const isLocked = (path: string): Promise<boolean> =>
  check(path, { realpath: false, stale: STALE_AFTER_MS });
