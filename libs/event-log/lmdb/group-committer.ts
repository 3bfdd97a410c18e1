import { setImmediate } from 'node:timers/promises';
import type { Topic } from '#domain/topics.js';
import type { LogMessage, LogUnavailableError, Position } from '#event-log/event-log.js';
import { AppendGroup, SpareBuffers } from './append-group.js';
import type { DiskSpace } from './disk-space.js';
import type { Journal } from './journal.js';

/** lmdb holds a transaction's pages in memory and at most 131,072 of them; a single larger append still goes alone. */
const FULL_GROUP_BYTES = 32 * 1024 * 1024;

/**
 * Gathers concurrent appends: while one transaction is written and fsynced, the next groups fill. One transaction at a
 * time, so appends to a topic keep the order in which they were called.
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
    const positions = this.openGroup(topic).add(messages);
    this.committing ??= this.commitAll();
    return positions;
  }

  /** Resolves when every append so far has settled. */
  async idle(): Promise<void> {
    await this.committing;
  }

  private openGroup(topic: Topic): AppendGroup {
    const last = this.groups.findLast((group) => group.topic === topic);
    if (last !== undefined && last.bytes < FULL_GROUP_BYTES) return last;
    const group = new AppendGroup(topic, this.buffers);
    this.groups.push(group);
    return group;
  }

  private async commitAll(): Promise<void> {
    while (this.groups.length > 0) {
      // Callers that the last transaction has released append again in this turn: they share the next one.
      await setImmediate();
      await Promise.all(this.takeOneOfEachTopic().map((group) => this.commit(group)));
    }
    // In the same turn as the last look at the groups, so that no append falls between.
    this.committing = null;
  }

  /** lmdb-js puts what is written in one turn into one transaction; two groups of a topic go one after the other. */
  private takeOneOfEachTopic(): AppendGroup[] {
    const taken = new Map<Topic, AppendGroup>();
    for (const group of this.groups) if (!taken.has(group.topic)) taken.set(group.topic, group);
    const groups = [...taken.values()];
    for (const group of groups) this.groups.splice(this.groups.indexOf(group), 1);
    return groups;
  }

  private async commit(group: AppendGroup): Promise<void> {
    try {
      if (this.broken !== null) throw this.broken;
      this.disk.assertRoomFor(group.bytes);
      group.resolve(await this.journal.append(group.topic, group.appends));
      this.onCommitted();
    } catch (error) {
      const unavailable = await this.disk.explain(error, group.bytes);
      if (unavailable.reason === 'io_error') this.broken = unavailable;
      group.reject(unavailable);
    }
  }
}
