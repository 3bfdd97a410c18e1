import type { Kafka } from 'kafkajs';
import { TOPIC_PARTITIONS } from '#domain/topics.js';
import type { Topic } from '#domain/topics.js';
import { EventLog, LogUnavailableError } from '#event-log/event-log.js';
import type { LogConsumer, LogMessage, LogRecord, Position } from '#event-log/event-log.js';
import type { KafkaAddress } from '#event-log/log-address.js';
import { partitionOfKey } from '#event-log/partition-of-key.js';
import { createKafka } from './kafka-client.js';
import { KafkaConsumer } from './kafka-consumer.js';
import { unavailable } from './kafka-errors.js';
import { PartitionReader } from './partition-reader.js';
import { TopicSender } from './topic-sender.js';

const JOIN_WITHIN_MS = 60_000;
/** What appends under way get when the log is closed. */
const CLOSING_GRACE_MS = 3_000;

/** The event log in a Kafka. Opened by `openKafkaEventLog`. */
export class KafkaEventLog extends EventLog {
  private readonly kafka: Kafka;
  private readonly reader: PartitionReader;
  private readonly senders = new Map<Topic, TopicSender>();
  private readonly partitionCounts = new Map<Topic, Promise<number>>();
  private readonly consumers = new Set<KafkaConsumer>();
  private closing: Promise<void> | null = null;

  constructor(
    private readonly address: KafkaAddress,
    private readonly onTrouble: (trouble: LogUnavailableError) => void,
  ) {
    super();
    this.kafka = createKafka(address);
    this.reader = new PartitionReader(this.kafka);
  }

  async append(topic: Topic, messages: readonly LogMessage[]): Promise<readonly Position[]> {
    this.assertOpen();
    if (messages.length === 0) return [];
    // Copied now: the caller may go on using its buffers.
    const copies = messages.map(({ key, value, headers }) => ({
      key,
      value: Buffer.from(value),
      headers: { ...headers },
    }));
    const partitions = await this.partitionCount(topic);
    this.assertOpen();
    const placed = copies.map((message) => ({
      ...message,
      partition: partitionOfKey(message.key, partitions),
      bytes: message.value.length + message.key.length,
    }));
    const offsets = await this.senderOf(topic).append(placed);
    return placed.map(({ partition }, index) => ({ topic, partition, offset: offsets[index] ?? -1 }));
  }

  async consume(group: string, topics: readonly Topic[]): Promise<LogConsumer> {
    this.assertOpen();
    const groupId = this.nameOf(group);
    const consumer = new KafkaConsumer({
      kafka: this.kafka,
      groupId,
      topics: new Map(topics.map((topic) => [this.nameOf(topic), topic])),
      committedOffsets: (topic) => this.committedOffsets(group, topic),
      endOffsets: (topic) => this.endOffsets(topic),
      removeMember: (memberId) => this.reader.removeMember(groupId, memberId),
      onTrouble: (what, error) => {
        this.onTrouble(unavailable(what, error));
      },
    });
    this.consumers.add(consumer);
    try {
      await consumer.joined(JOIN_WITHIN_MS);
      return consumer;
    } catch (error) {
      await consumer.close();
      throw error;
    }
  }

  async endOffsets(topic: Topic): Promise<readonly number[]> {
    this.assertOpen();
    return this.reader.offsets(this.nameOf(topic), 'end');
  }

  async beginOffsets(topic: Topic): Promise<readonly number[]> {
    this.assertOpen();
    return this.reader.offsets(this.nameOf(topic), 'begin');
  }

  async offsetsAtTime(topic: Topic, timeMs: number): Promise<readonly number[]> {
    this.assertOpen();
    return this.reader.offsets(this.nameOf(topic), { atMs: timeMs });
  }

  async committedOffsets(group: string, topic: Topic): Promise<readonly number[]> {
    this.assertOpen();
    return this.reader.committedOffsets(this.nameOf(group), this.nameOf(topic));
  }

  /** @throws RangeError when the topic has no such partition */
  async readRange(
    topic: Topic,
    partition: number,
    fromOffset: number,
    maxRecords: number,
  ): Promise<readonly LogRecord[]> {
    this.assertOpen();
    return this.reader.range(this.nameOf(topic), partition, fromOffset, maxRecords);
  }

  /** The grain is a message. */
  async deleteBefore(topic: Topic, beforeMs: number): Promise<void> {
    this.assertOpen();
    const offsets = await this.offsetsAtTime(topic, beforeMs);
    const begins = await this.beginOffsets(topic);
    const partitions = offsets
      .map((offset, partition) => ({ partition, offset: String(offset) }))
      .filter(({ partition }) => (offsets[partition] ?? 0) > (begins[partition] ?? 0));
    if (partitions.length === 0) return;
    const admin = this.kafka.admin();
    try {
      await admin.connect();
      // So that this client knows the topic's leaders.
      await admin.fetchTopicOffsets(this.nameOf(topic));
      await admin.deleteTopicRecords({ topic: this.nameOf(topic), partitions });
    } catch (error) {
      throw unavailable(`dropping old records of ${topic}`, error);
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }

  /** Takes no more appends, lets those under way end, and ends waiting reads with nothing. */
  close(): Promise<void> {
    this.closing ??= this.closeNow();
    return this.closing;
  }

  private async closeNow(): Promise<void> {
    await Promise.all([
      ...[...this.consumers].map((consumer) => consumer.close()),
      ...[...this.senders.values()].map((sender) => sender.close(CLOSING_GRACE_MS)),
    ]);
    await this.reader.close();
  }

  /** One promise for all who ask: they go on in the order of their calls. */
  private partitionCount(topic: Topic): Promise<number> {
    const known = this.partitionCounts.get(topic);
    if (known) return known;
    const counting = this.countPartitions(topic);
    this.partitionCounts.set(topic, counting);
    counting.catch(() => this.partitionCounts.delete(topic));
    return counting;
  }

  private async countPartitions(topic: Topic): Promise<number> {
    const count = await this.reader.partitionCount(this.nameOf(topic));
    if (TOPIC_PARTITIONS[topic] === 1 && count !== 1)
      throw new LogUnavailableError(
        `${this.nameOf(topic)} has ${count} partitions; it must have one, which orders its writers`,
        'io_error',
      );
    return count;
  }

  private senderOf(topic: Topic): TopicSender {
    const sender = this.senders.get(topic) ?? new TopicSender(this.kafka, this.nameOf(topic), this.address);
    this.senders.set(topic, sender);
    return sender;
  }

  private nameOf(name: string): string {
    return `${this.address.prefix}${name}`;
  }

  private assertOpen(): void {
    if (this.closing !== null) throw new LogUnavailableError('the event log is closed', 'closed');
  }
}
