import { join } from 'node:path';
import { check, lock } from 'proper-lockfile';
import type { LogAddress } from '#event-log/log-address.js';

const STALE_AFTER_MS = 10_000;
/** Longer than a killed process's lock is taken for held. */
const REBUILD_ENDS_WITHIN_S = 12;
/** A projector sees the rebuild within 2 s and ends with the batch at hand. */
const KEEPER_ENDS_WITHIN_S = 120;

/** The right to fill the generation that does not answer. */
export interface IdleLock {
  /** Aborted when it was lost, as after this machine slept: somebody else may fill it now. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/**
 * For a rebuild. With a log in lmdb a reader has every partition always, so the group does not tell who else is there:
 * lock files in its directory do, and projectors that keep the generation up end before this resolves. With Kafka the
 * group decides, and several may fill a generation together (docs/decisions/0162-a-rebuild-begins-alone.md).
 * @throws Error while another rebuild is under way
 */
export async function lockRebuild(address: LogAddress): Promise<IdleLock> {
  if (address.kind === 'kafka') return unneeded();
  const held = await hold(address.directory, 'rebuild', REBUILD_ENDS_WITHIN_S).catch(
    refused(
      'another rebuild is under way on this log: "rollcall rebuild", or the one after an upgrade. Nothing was changed; run it again when that has ended',
    ),
  );
  try {
    const keeper = await hold(address.directory, 'keep-up', KEEPER_ENDS_WITHIN_S).catch(
      refused(
        'the projector still keeps the old views up, as for an hour after a swap, and did not stop. Nothing was changed; read its lines',
      ),
    );
    // Nobody takes it again while the other lock is held.
    await keeper.release();
  } catch (error) {
    await held.release();
    throw error;
  }
  return held;
}

/** For a projector that keeps the generation up after a swap; null while somebody else fills it, or nobody can say. */
export async function lockKeepUp(address: LogAddress): Promise<IdleLock | null> {
  if (address.kind === 'kafka') return unneeded();
  const held = await hold(address.directory, 'keep-up', 0).catch(() => null);
  // Looked at when the lock is held: a rebuild that begins after this waits for it.
  if (held === null || !(await isRebuilding(address))) return held;
  await held.release();
  return null;
}

/** Whether a rebuild is under way, or nobody can say. Always false with Kafka. */
export async function isRebuilding(address: LogAddress): Promise<boolean> {
  if (address.kind === 'kafka') return false;
  return check(join(address.directory, 'rebuild'), { realpath: false, stale: STALE_AFTER_MS }).catch(
    () => true,
  );
}

const unneeded = (): IdleLock => ({ lost: new AbortController().signal, release: () => Promise.resolve() });

async function hold(directory: string, name: string, waitSeconds: number): Promise<IdleLock> {
  const lost = new AbortController();
  // Not the directory under two lock files: the library tells its locks apart by what is locked.
  const unlock = await lock(join(directory, name), {
    realpath: false,
    stale: STALE_AFTER_MS,
    update: STALE_AFTER_MS / 4,
    retries: { retries: waitSeconds, minTimeout: 1_000, maxTimeout: 1_000 },
    onCompromised: (error) => {
      lost.abort(error);
    },
  });
  return {
    lost: lost.signal,
    release: async () => {
      if (!lost.signal.aborted) await unlock();
    },
  };
}

function refused(message: string): (error: unknown) => never {
  return (error) => {
    throw (error as NodeJS.ErrnoException).code === 'ELOCKED' ? new Error(message) : error;
  };
}
