import { join } from 'node:path';
import type { RootDatabase } from 'lmdb';
import { TOPIC_PARTITIONS } from '#domain/topics.js';
import type { Topic } from '#domain/topics.js';
import type { Position } from '#event-log/event-log.js';
import { openEnvironment } from './environment.js';

/** Committed offsets, [group, topic, partition] → offset. An environment of its own, so that commits do not wait for appends. */
export class GroupOffsets {
  private readonly store: RootDatabase<number, (string | number)[] | string>;

  constructor(directory: string, mapSizeBytes: number) {
    const path = join(directory, 'consumer-groups.mdb');
    this.store = openEnvironment(path, mapSizeBytes, {
      encoding: 'msgpack',
      useVersions: false,
    }) as typeof this.store;
  }

  /** 0 where nothing was committed. */
  committed(group: string, topic: Topic): number[] {
    this.store.resetReadTxn();
    return Array.from(
      { length: TOPIC_PARTITIONS[topic] },
      (_, partition) => this.store.get([group, topic, partition]) ?? 0,
    );
  }

  /** Durable, and all or nothing, when it resolves. */
  async commit(group: string, positions: readonly Position[]): Promise<void> {
    await this.store.childTransaction(() => {
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
}
