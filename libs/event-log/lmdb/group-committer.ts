import type { Topic } from '#domain/topics.js';
import type { LogMessage, LogUnavailableError, Position } from '#event-log/event-log.js';
import { AppendGroup, SpareBuffers } from './append-group.js';
import type { DiskSpace } from './disk-space.js';
import type { Journal } from './journal.js';

/** lmdb holds a transaction's pages in memory and at most 131,072 of them; a single larger append still goes alone. */
const FULL_GROUP_BYTES = 32 * 1024 * 1024;

/**
 * Gathers concurrent appends: while one transaction is being written and fsynced, the next group fills. One
 * transaction at a time, so appends keep the order in which they were called.
 */
export class GroupCommitter {
  private readonly groups: AppendGroup[] = [];
  private readonly buffers = new SpareBuffers();
  private committing: Promise<void> | null = null;
  /** After a failed fsync nothing says what is on disk: no retry, the process must open the log again. */
  private broken: LogUnavailableError | null = null;

  constructor(
    private readonly journal: Journal,
    private readonly disk: DiskSpace,
    private readonly onCommitted: () => void,
  ) {}

  /** Resolves with the positions when the messages are on disk. @throws LogUnavailableError */
  async append(topic: Topic, messages: readonly LogMessage[]): Promise<readonly Position[]> {
    if (this.broken !== null) throw this.broken;
    const positions = this.openGroup().add(topic, messages);
    this.committing ??= this.commitAll();
    return positions;
  }

  /** Resolves when every append so far has settled. */
  async idle(): Promise<void> {
    await this.committing;
  }

  private openGroup(): AppendGroup {
    const last = this.groups.at(-1);
    if (last !== undefined && last.bytes < FULL_GROUP_BYTES) return last;
    const group = new AppendGroup(this.buffers);
    this.groups.push(group);
    return group;
  }

  private async commitAll(): Promise<void> {
    // Appends called in the same turn share the first transaction.
    await Promise.resolve();
    for (let group = this.groups[0]; group !== undefined; group = this.groups[0]) await this.commit(group);
    // In the same turn as the last look at the groups, so that no append falls between.
    this.committing = null;
  }

  /** The group goes on filling until the transaction has the write lock. */
  private async commit(group: AppendGroup): Promise<void> {
    const take = (): AppendGroup => {
      if (this.groups[0] === group) this.groups.shift();
      return group;
    };
    try {
      if (this.broken !== null) throw this.broken;
      this.disk.assertRoomFor(group.bytes);
      group.resolve(await this.journal.append(take));
      this.onCommitted();
    } catch (error) {
      take();
      const unavailable = await this.disk.explain(error, group.bytes);
      if (unavailable.reason === 'io_error') this.broken = unavailable;
      group.reject(unavailable);
    }
  }
}
