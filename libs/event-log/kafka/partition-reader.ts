import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka, KafkaMessage } from 'kafkajs';
import type { LogRecord } from '#event-log/event-log.js';
import { isOffsetOutOfRange, isUnknownMember, lastingTroubleOf, unavailable } from './kafka-errors.js';
import { toRecord } from './to-record.js';

const FETCH_BYTES = 8 * 1024 * 1024;
/** Who wants one record is not sent 8 MB. A broker answers with a whole batch at least, however large. */
const FETCH_BYTES_A_RECORD = 16 * 1024;
const READ_COMMITTED = 1;
/** What a broker answers when nothing was appended since a time. */
const NOTHING_SINCE = -1;
const GIVE_UP_AFTER_MS = 15_000;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 1_000;

interface FetchedPartition {
  readonly highWatermark: string;
  readonly messages: readonly (KafkaMessage & { readonly isControlRecord?: boolean })[];
}

interface Broker {
  fetch(request: {
    readonly maxWaitTime: number;
    readonly minBytes: number;
    readonly maxBytes: number;
    readonly isolationLevel: number;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly {
        readonly partition: number;
        readonly fetchOffset: string;
        readonly maxBytes: number;
      }[];
    }[];
  }): Promise<{ readonly responses: readonly { readonly partitions: readonly FetchedPartition[] }[] }>;
  leaveGroup(request: { readonly groupId: string; readonly memberId: string }): Promise<unknown>;
  offsetFetch(request: {
    readonly groupId: string;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number }[];
    }[];
  }): Promise<{
    readonly responses: readonly {
      readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
    }[];
  }>;
}

/** The part of kafkajs' inner client that answers without a consumer group. Pinned with the version of kafkajs. */
interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  isConnected(): boolean;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  findTopicPartitionMetadata(
    topic: string,
  ): readonly { readonly partitionId: number; readonly leader: number }[];
  findBroker(wish: { readonly nodeId: string }): Promise<Broker>;
  findGroupCoordinator(wish: { readonly groupId: string }): Promise<Broker>;
  fetchTopicsOffset(
    topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number }[];
      readonly fromBeginning?: boolean;
      readonly fromTimestamp?: number;
    }[],
  ): Promise<
    readonly { readonly partitions: readonly { readonly partition: number; readonly offset: string }[] }[]
  >;
}

type ClusterFactory = (options: {
  readonly metadataMaxAge: number;
  readonly allowAutoTopicCreation: boolean;
  readonly isolationLevel: number;
}) => Cluster;

/** Which offsets of a topic are asked for. */
export type OffsetsWish = 'begin' | 'end' | { readonly atMs: number };

/** Reads topics without being a member of a group: ranges, offsets, commits. kafkajs has no public call for this. */
export class PartitionReader {
  private readonly cluster: Cluster;
  private closed = false;

  constructor(kafka: Kafka) {
    const key = Object.getOwnPropertySymbols(kafka).find(
      ({ description }) => description === 'private:Kafka:createCluster',
    );
    if (key === undefined) throw new Error('this kafkajs is not 2.2.4: its inner client is not where it was');
    const create = Reflect.get(kafka, key) as ClusterFactory;
    this.cluster = create({
      metadataMaxAge: 60_000,
      allowAutoTopicCreation: false,
      isolationLevel: READ_COMMITTED,
    });
  }

  /** How many partitions the topic has. @throws LogUnavailableError */
  partitionCount(topic: string): Promise<number> {
    return this.trying(`partitions of ${topic}`, topic, () =>
      Promise.resolve(this.partitionsOf(topic).length),
    );
  }

  /** One offset a partition, in their order. @throws LogUnavailableError */
  offsets(topic: string, wish: OffsetsWish): Promise<number[]> {
    return this.trying(`offsets of ${topic}`, topic, async () => {
      const asked = {
        topic,
        partitions: this.partitionsOf(topic),
        ...(typeof wish === 'object' && { fromTimestamp: wish.atMs }),
        ...(typeof wish === 'string' && { fromBeginning: wish === 'begin' }),
      };
      const [answer] = await this.cluster.fetchTopicsOffset([asked]);
      const offsets = inOrder(answer?.partitions ?? [], asked.partitions.length);
      if (!offsets.includes(NOTHING_SINCE)) return offsets;
      const ends = await this.offsets(topic, 'end');
      return offsets.map((offset, index) => (offset === NOTHING_SINCE ? (ends[index] ?? 0) : offset));
    });
  }

  /** Committed offset of each partition; 0 where none. @throws LogUnavailableError */
  committedOffsets(groupId: string, topic: string): Promise<number[]> {
    return this.trying(`offsets of group ${groupId}`, topic, async () => {
      const partitions = this.partitionsOf(topic);
      const coordinator = await this.cluster.findGroupCoordinator({ groupId });
      const { responses } = await coordinator.offsetFetch({ groupId, topics: [{ topic, partitions }] });
      return inOrder(responses[0]?.partitions ?? [], partitions.length).map((offset) => Math.max(0, offset));
    });
  }

  /** Tells a group that one of its members is gone, if it does not know yet. @throws LogUnavailableError */
  removeMember(groupId: string, memberId: string): Promise<void> {
    return this.trying(`leaving group ${groupId}`, null, async () => {
      const coordinator = await this.cluster.findGroupCoordinator({ groupId });
      await coordinator.leaveGroup({ groupId, memberId }).catch((error: unknown) => {
        if (!isUnknownMember(error)) throw error;
      });
    });
  }

  /** Records from an offset on. @throws LogUnavailableError, RangeError when there is no such partition */
  async range(
    topic: string,
    partition: number,
    fromOffset: number,
    maxRecords: number,
  ): Promise<LogRecord[]> {
    const records: LogRecord[] = [];
    let offset = fromOffset;
    while (records.length < maxRecords) {
      const { found, next, isEnd } = await this.fetchFrom(
        topic,
        partition,
        offset,
        Math.min(FETCH_BYTES, (maxRecords - records.length) * FETCH_BYTES_A_RECORD),
      );
      for (const record of found) if (records.length < maxRecords) records.push(record);
      if (isEnd) break;
      offset = next;
    }
    return records;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.cluster.disconnect().catch(() => undefined);
  }

  private async fetchFrom(topic: string, partition: number, fromOffset: number, maxBytes: number) {
    return this.trying(`reading ${topic}/${partition}`, topic, async () => {
      const leader = this.partitionsOf(topic).find((one) => one.partition === partition)?.leader;
      if (leader === undefined) throw new RangeError(`${topic} has no partition ${partition}`);
      const broker = await this.cluster.findBroker({ nodeId: String(leader) });
      let offset = fromOffset;
      for (;;) {
        try {
          return recordsFrom(await fetchOnce(broker, topic, partition, offset, maxBytes), offset);
        } catch (error) {
          if (!isOffsetOutOfRange(error)) throw error;
          // Before the first record that is left, or behind the last one.
          const [answer] = await this.cluster.fetchTopicsOffset([
            { topic, partitions: [{ partition }], fromBeginning: true },
          ]);
          const begin = Number(answer?.partitions[0]?.offset ?? 0);
          if (begin <= offset) return { found: [], next: offset, isEnd: true };
          offset = begin;
        }
      }
    });
  }

  private partitionsOf(topic: string) {
    return this.cluster
      .findTopicPartitionMetadata(topic)
      .map(({ partitionId, leader }) => ({ partition: partitionId, leader }))
      .sort((left, right) => left.partition - right.partition);
  }

  private async trying<T>(what: string, topic: string | null, work: () => Promise<T>): Promise<T> {
    const giveUpAtMs = performance.now() + GIVE_UP_AFTER_MS;
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      try {
        if (!this.cluster.isConnected()) await this.cluster.connect();
        if (topic !== null) await this.cluster.addMultipleTargetTopics([topic]);
        await this.cluster.refreshMetadataIfNecessary();
        return await work();
      } catch (error) {
        if (error instanceof RangeError) throw error;
        const isLasting = lastingTroubleOf(error) !== null || this.closed;
        if (isLasting || performance.now() > giveUpAtMs) throw unavailable(what, error);
      }
      await sleep(waitMs);
      await this.cluster.refreshMetadata().catch(() => undefined);
    }
  }
}

async function fetchOnce(broker: Broker, topic: string, partition: number, offset: number, maxBytes: number) {
  const { responses } = await broker.fetch({
    maxWaitTime: 0,
    minBytes: 0,
    maxBytes,
    isolationLevel: READ_COMMITTED,
    topics: [{ topic, partitions: [{ partition, fetchOffset: String(offset), maxBytes }] }],
  });
  const fetched = responses[0]?.partitions[0];
  if (!fetched) throw new Error(`no answer for ${topic}/${partition}`);
  return fetched;
}

/** A fetch hands out whole batches: what lies before the offset is not wanted. */
function recordsFrom({ highWatermark, messages }: FetchedPartition, offset: number) {
  const found = messages
    .filter((message) => message.isControlRecord !== true && Number(message.offset) >= offset)
    .map(toRecord);
  const next = Number(messages.at(-1)?.offset ?? offset - 1) + 1;
  return { found, next, isEnd: next >= Number(highWatermark) || messages.length === 0 };
}

function inOrder(
  answers: readonly { readonly partition: number; readonly offset: string }[],
  count: number,
): number[] {
  const offsets = new Array<number>(count).fill(0);
  for (const { partition, offset } of answers) offsets[partition] = Number(offset);
  return offsets;
}
