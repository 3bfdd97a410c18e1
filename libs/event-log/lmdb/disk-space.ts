import { statfsSync } from 'node:fs';
import { constants } from 'node:os';
import { LogUnavailableError } from '#event-log/event-log.js';

/** lmdb's own errors that mean: the map or the transaction has no more room (lmdb.h). */
const MDB_MAP_FULL = -30792;
const MDB_TXN_FULL = -30788;

const NO_ROOM = new Set<number>([
  MDB_MAP_FULL,
  MDB_TXN_FULL,
  constants.errno.ENOSPC,
  constants.errno.EDQUOT,
  constants.errno.EFBIG,
]);

/** lmdb writes whole pages and copies the tree's path, so a small append can take this much. */
const TRANSACTION_OVERHEAD_BYTES = 1024 * 1024;

/** The room that is left where the log lies, and what a failed write was about. */
export class DiskSpace {
  constructor(
    private readonly directory: string,
    private readonly minFreeBytes: number,
  ) {}

  /** Keeps a floor free: a disk filled to the brim stops the store and the operator's own tools too. @throws LogUnavailableError */
  assertRoomFor(bytes: number): void {
    const free = this.freeBytes();
    if (free - bytes < this.minFreeBytes)
      throw new LogUnavailableError(
        `the disk of the event log is nearly full: ${free} bytes free, ${this.minFreeBytes} must stay free`,
        'disk_full',
      );
  }

  /** Turns what a failed transaction threw into the port's error. */
  async explain(error: unknown, bytes: number): Promise<LogUnavailableError> {
    if (error instanceof LogUnavailableError) return error;
    const cause = await commitError(error);
    // A write that the disk took in part is EIO to lmdb: the room left tells the two apart.
    const full = NO_ROOM.has(codeOf(cause)) || this.freeBytes() < bytes + TRANSACTION_OVERHEAD_BYTES;
    const text = cause instanceof Error ? cause.message : String(cause);
    return full
      ? new LogUnavailableError(`the event log cannot grow: ${text}`, 'disk_full', { cause })
      : new LogUnavailableError(`the event log cannot be written, open it again: ${text}`, 'io_error', {
          cause,
        });
  }

  private freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.directory);
    return bavail * bsize;
  }
}

/** lmdb-js rejects with 'Commit failed' and gives the reason as a promise that rejects. */
async function commitError(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error;
  try {
    await error.commitError;
    return error;
  } catch (reason) {
    return reason;
  }
}

const codeOf = (error: unknown): number =>
  error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : 0;
