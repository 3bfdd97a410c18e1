import { join } from 'node:path';
import type { RootDatabase } from 'lmdb';
import { TOPIC_PARTITIONS } from '#domain/topics.js';
import type { Topic } from '#domain/topics.js';
import type { Position } from '#event-log/event-log.js';
import { openEnvironment } from './environment.js';
import type { OpeningGate } from './opening-gate.js';

const MEMBER = 'member';

/**
 * Committed offsets, [group, topic, partition] → offset, and [group, 'member'] → number of the member that joined last.
 * An environment of its own, so that commits do not wait for appends.
 */
export class GroupOffsets {
  private readonly store: RootDatabase<number, (string | number)[] | string>;

  constructor(
    directory: string,
    private readonly gate: OpeningGate,
    mapSizeBytes: number,
  ) {
    const path = join(directory, 'consumer-groups.mdb');
    this.store = gate.open(() =>
      openEnvironment(path, mapSizeBytes, { encoding: 'msgpack', useVersions: false }),
    ) as typeof this.store;
  }

  /** 0 where nothing was committed. */
  committed(group: string, topic: Topic): number[] {
    this.store.resetReadTxn();
    return Array.from(
      { length: TOPIC_PARTITIONS[topic] },
      (_, partition) => this.store.get([group, topic, partition]) ?? 0,
    );
  }

  /** Makes the caller the member of the group, instead of whoever was; answers its number. */
  async join(group: string): Promise<number> {
    return this.change(() => {
      const member = this.lastJoined(group) + 1;
      this.store.putSync([group, MEMBER], member);
      return member;
    });
  }

  /** Whether nobody has joined since. */
  isMember(group: string, member: number): boolean {
    this.store.resetReadTxn();
    return this.lastJoined(group) === member;
  }

  /** Durable, and all or nothing, when it resolves. Nothing when another member has joined since. */
  async commit(group: string, member: number, positions: readonly Position[]): Promise<void> {
    await this.change(() => {
      if (this.lastJoined(group) !== member) return;
      for (const { topic, partition, offset } of positions)
        this.store.putSync([group, topic, partition], offset);
    });
  }

  clearStaleReaders(): void {
    this.store.readerCheck();
  }

  async close(): Promise<void> {
    await this.store.close();
  }

  private async change<T>(write: () => T): Promise<T> {
    return this.gate.commit(() => this.store.childTransaction(write));
  }

  private lastJoined(group: string): number {
    return this.store.get([group, MEMBER]) ?? 0;
  }
}
