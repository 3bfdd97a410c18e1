import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { Topic } from '#domain/topics.js';

/** A member that says nothing for so long is taken for dead, and its partitions go to others: the least that brokers allow. */
const SESSION_TIMEOUT_MS = 6_000;
const HEARTBEAT_MS = 2_000;
/** So long members have to come back when partitions are shared out anew. */
const REBALANCE_TIMEOUT_MS = 30_000;
const LONG_POLL_MS = 500;
const FETCH_BYTES = 16 * 1024 * 1024;
const FETCH_BYTES_PER_PARTITION = 4 * 1024 * 1024;

export interface TopicPartition {
  readonly topic: Topic;
  readonly partition: number;
}

export interface SessionEvents {
  /** The brokers answer; what has to be done before this joins. */
  joining(): Promise<void>;
  /** The group has shared out its partitions: ours are these now. */
  joined(memberId: string, partitions: readonly TopicPartition[]): void;
  /** Messages of one partition; must not wait. */
  batch(batch: EachBatchPayload['batch']): void;
  /** It is over; only another session helps. */
  ended(error: unknown): void;
}

/**
 * One membership in a consumer group, from joining to its end: what kafkajs calls a consumer, without its own restarts.
 * Its fetch loop runs on while its user works, so heartbeats go out during the longest insert.
 */
export class GroupSession {
  private readonly consumer: Consumer;
  private isOver = false;
  private commitsConfirmed = 0;
  /** When the fetch loop last moved. */
  lastFetchMs = performance.now();
  /** When it last brought an answer. */
  lastAnswerMs = performance.now();
  /** When the group last told that we are its member, with the partitions that we were told. */
  lastHeartbeatMs = performance.now();
  /** As whom, and in which generation of the group (null until the next heartbeat), we were told our partitions. */
  private membership: { memberId: string; generation: number | null } = { memberId: '', generation: null };

  constructor(
    kafka: Kafka,
    private readonly groupId: string,
    /** Names on the brokers → ours. */
    private readonly topics: ReadonlyMap<string, Topic>,
    private readonly events: SessionEvents,
  ) {
    this.consumer = kafka.consumer({
      groupId,
      sessionTimeout: SESSION_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_MS,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      maxWaitTimeInMs: LONG_POLL_MS,
      maxBytes: FETCH_BYTES,
      maxBytesPerPartition: FETCH_BYTES_PER_PARTITION,
      metadataMaxAge: 60_000,
      allowAutoTopicCreation: false,
      retry: {
        retries: 5,
        initialRetryTime: 200,
        maxRetryTime: 2_000,
        restartOnFailure: () => Promise.resolve(false),
      },
    });
  }

  /** Joins; what becomes of it is told by the events. */
  async start(): Promise<void> {
    const { consumer, events } = this;
    const { GROUP_JOIN, CRASH, FETCH, FETCH_START, HEARTBEAT, COMMIT_OFFSETS } = consumer.events;
    consumer.on(GROUP_JOIN, ({ payload }) => {
      this.lastHeartbeatMs = performance.now();
      this.membership = { memberId: payload.memberId, generation: null };
      if (!this.isOver) events.joined(payload.memberId, this.ours(payload.memberAssignment));
    });
    consumer.on(CRASH, ({ payload }) => {
      this.end(payload.error);
    });
    consumer.on(FETCH_START, () => {
      this.lastFetchMs = performance.now();
    });
    consumer.on(FETCH, () => {
      this.lastAnswerMs = this.lastFetchMs = performance.now();
    });
    consumer.on(HEARTBEAT, ({ payload: { memberId, groupGenerationId } }) => {
      const { membership } = this;
      membership.generation ??= groupGenerationId;
      // Another member or generation than GROUP_JOIN told: our partitions and our commits are of one that is over.
      if (memberId === membership.memberId && groupGenerationId === membership.generation)
        this.lastHeartbeatMs = performance.now();
    });
    consumer.on(COMMIT_OFFSETS, () => {
      this.commitsConfirmed += 1;
    });
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [...this.topics.keys()], fromBeginning: true });
      await events.joining();
      await consumer.run({
        autoCommit: false,
        eachBatch: (payload) => {
          if (!this.isOver && !payload.isStale()) events.batch(payload.batch);
          return Promise.resolve();
        },
      });
    } catch (error) {
      this.end(error);
    }
  }

  /** @throws Error when the group does not confirm */
  async commit(offsets: readonly (TopicPartition & { readonly offset: number })[]): Promise<void> {
    const before = this.commitsConfirmed;
    await this.consumer.commitOffsets(
      offsets.map(({ topic, partition, offset }) => ({
        topic: this.nameOf(topic),
        partition,
        offset: String(offset),
      })),
    );
    // A consumer that has stopped answers a commit with success and does nothing.
    if (this.commitsConfirmed === before) throw new Error('the group did not confirm the commit');
  }

  seek({ topic, partition }: TopicPartition, offset: number): void {
    this.consumer.seek({ topic: this.nameOf(topic), partition, offset: String(offset) });
  }

  pause(partitions: readonly TopicPartition[]): void {
    if (!this.isOver) this.consumer.pause(this.named(partitions));
  }

  resume(partitions: readonly TopicPartition[]): void {
    if (!this.isOver) this.consumer.resume(this.named(partitions));
  }

  /** Leaves the group. */
  async stop(): Promise<void> {
    this.isOver = true;
    await this.consumer.disconnect().catch(() => undefined);
  }

  private end(error: unknown): void {
    if (this.isOver) return;
    void this.stop();
    this.events.ended(error);
  }

  private ours(assignment: Record<string, readonly number[]>): TopicPartition[] {
    return Object.entries(assignment).flatMap(([name, partitions]) => {
      const topic = this.topics.get(name);
      return topic === undefined ? [] : partitions.map((partition) => ({ topic, partition }));
    });
  }

  private named(partitions: readonly TopicPartition[]) {
    return partitions.map(({ topic, partition }) => ({ topic: this.nameOf(topic), partitions: [partition] }));
  }

  private nameOf(topic: Topic): string {
    for (const [name, ours] of this.topics) if (ours === topic) return name;
    throw new RangeError(`group ${this.groupId} does not read ${topic}`);
  }
}
