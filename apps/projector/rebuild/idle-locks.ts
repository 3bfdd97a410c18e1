import { join } from 'node:path';
import type { LogAddress } from '#event-log/log-address.js';
import { isLocked, KILLED_HOLDS_S, takeLock } from '#runtime/process-lock.js';
import type { ProcessLock } from '#runtime/process-lock.js';

/** A projector sees the rebuild within 2 s and ends with the batch at hand. */
const KEEPER_ENDS_WITHIN_S = 120;

/** With Kafka the consumer group decides. */
const UNNEEDED: ProcessLock = { lost: new AbortController().signal, release: () => Promise.resolve() };

/**
 * For a rebuild: the right to fill the generation that does not answer. With a log in lmdb a reader has every partition
 * always, so the group does not tell who else is there: lock files in its directory do, and projectors that keep the
 * generation up end before this resolves (docs/decisions/0162-a-rebuild-begins-alone.md).
 * @throws Error while another rebuild is under way
 */
export async function lockRebuild(address: LogAddress): Promise<ProcessLock> {
  if (address.kind === 'kafka') return UNNEEDED;
  const held = await takeLock(rebuildIn(address.directory), KILLED_HOLDS_S);
  if (held === null) {
    throw new Error(
      'another rebuild is under way on this log: "rollcall rebuild", or the one after an upgrade. Nothing was changed; run it again when that has ended',
    );
  }
  try {
    const keeper = await takeLock(keepUpIn(address.directory), KEEPER_ENDS_WITHIN_S);
    if (keeper === null) {
      throw new Error(
        'the projector still keeps the old views up, as for an hour after a swap, and did not stop. Nothing was changed; read its lines',
      );
    }
    // Nobody takes it again while the other lock is held.
    await keeper.release();
  } catch (error) {
    await held.release();
    throw error;
  }
  return held;
}

/** The same for a projector that keeps it up after a swap; null while somebody else fills it, or nobody can say. */
export async function lockKeepUp(address: LogAddress): Promise<ProcessLock | null> {
  if (address.kind === 'kafka') return UNNEEDED;
  const held = await takeLock(keepUpIn(address.directory), 0).catch(() => null);
  // Looked at when the lock is held: a rebuild that begins after this waits for it.
  if (held === null || !(await isRebuilding(address))) return held;
  await held.release();
  return null;
}

/** Whether a rebuild is under way, or nobody can say. Always false with Kafka. */
export async function isRebuilding(address: LogAddress): Promise<boolean> {
  return address.kind === 'lmdb' && isLocked(rebuildIn(address.directory)).catch(() => true);
}

const rebuildIn = (directory: string): string => join(directory, 'rebuild');
const keepUpIn = (directory: string): string => join(directory, 'keep-up');
