import type { Topic } from '#domain/topics.js';
import { TOPIC_PARTITIONS } from '#domain/topics.js';
import type { LogMessage, Position } from '#event-log/event-log.js';
import { partitionOfKey } from '#event-log/partition-of-key.js';
import { ChunkWriter } from './chunk.js';

const FIRST_BUFFER_BYTES = 64 * 1024;
const LARGEST_SPARE_BYTES = 1024 * 1024;
const MOST_SPARE_BUFFERS = 48;

/** What a group brings to one partition. */
export interface PartitionAppends {
  count: number;
  readonly chunks: ChunkWriter[];
}

/** What a group brings to its topic, by partition. */
export type TopicAppends = readonly (PartitionAppends | undefined)[];

/** One caller's messages inside a group: for each the partition, and its place among the group's messages there. */
interface PendingAppend {
  readonly partitions: Uint8Array;
  readonly places: Uint32Array;
  readonly resolve: (positions: readonly Position[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Buffers that chunks were written in, kept for the next chunks: fresh ones cost page faults. */
export class SpareBuffers {
  private readonly spare: Buffer[] = [];

  take(): Buffer {
    return this.spare.pop() ?? Buffer.allocUnsafeSlow(FIRST_BUFFER_BYTES);
  }

  give(buffer: Buffer): void {
    if (this.spare.length < MOST_SPARE_BUFFERS && buffer.length <= LARGEST_SPARE_BYTES)
      this.spare.push(buffer);
  }
}

/**
 * The appends to one topic that share a transaction and its fsync. Messages are copied into chunks as they come;
 * offsets are given when the group is written, behind where the partitions end then.
 */
export class AppendGroup {
  bytes = 0;
  private readonly byPartition: (PartitionAppends | undefined)[];
  private readonly pending: PendingAppend[] = [];

  constructor(
    readonly topic: Topic,
    private readonly buffers: SpareBuffers,
  ) {
    this.byPartition = new Array<PartitionAppends | undefined>(TOPIC_PARTITIONS[topic]);
  }

  get appends(): TopicAppends {
    return this.byPartition;
  }

  /** Adds the messages; the promise settles with the group's transaction. */
  add(messages: readonly LogMessage[]): Promise<readonly Position[]> {
    const partitions = new Uint8Array(messages.length);
    const places = new Uint32Array(messages.length);
    const partitionCount = this.byPartition.length;
    for (const [index, message] of messages.entries()) {
      const partition = partitionOfKey(message.key, partitionCount);
      partitions[index] = partition;
      places[index] = this.put((this.byPartition[partition] ??= { count: 0, chunks: [] }), message);
    }
    return new Promise((resolve, reject) => {
      this.pending.push({ partitions, places, resolve, reject });
    });
  }

  /** Tells every caller the positions. `starts`: the offset in each partition where the group's messages begin. */
  resolve(starts: readonly number[]): void {
    const topic = this.topic;
    for (const { partitions, places, resolve } of this.pending) {
      const positions: Position[] = [];
      partitions.forEach((partition, index) => {
        positions.push({ topic, partition, offset: (starts[partition] ?? 0) + (places[index] ?? 0) });
      });
      resolve(positions);
    }
    this.release();
  }

  reject(error: unknown): void {
    for (const append of this.pending) append.reject(error);
    this.release();
  }

  /** Returns the message's place among the group's messages in that partition. */
  private put(appends: PartitionAppends, message: LogMessage): number {
    let chunk = appends.chunks.at(-1);
    if (chunk === undefined || chunk.isFull) {
      chunk = new ChunkWriter(this.buffers.take());
      appends.chunks.push(chunk);
    }
    this.bytes += chunk.append(message);
    return appends.count++;
  }

  private release(): void {
    for (const appends of this.byPartition)
      for (const chunk of appends?.chunks ?? []) this.buffers.give(chunk.release());
    this.byPartition.fill(undefined);
  }
}
