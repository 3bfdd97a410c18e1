import type { Topic } from '#domain/topics.js';
import type { LogUnavailableError } from '#event-log/event-log.js';
import type { KafkaAddress } from '#event-log/log-address.js';
import type { RawSlice, RawTopics } from '#event-log/raw-topics.js';
import { unavailable } from './kafka-errors.js';

const GROUP = 'rollcall-raw-topics';
const JOIN_WITHIN_MS = 60_000;

/**
 * Joins the group that reads these topics; every collector does, and they share the partitions.
 * @throws LogUnavailableError when the brokers are away or there is no such topic
 */
export async function openRawTopics(
  address: KafkaAddress,
  topics: readonly string[],
  onTrouble: (trouble: LogUnavailableError) => void,
): Promise<RawTopics> {
  const { createKafka } = await import('./kafka-client.js');
  const { KafkaConsumer } = await import('./kafka-consumer.js');
  const { PartitionReader } = await import('./partition-reader.js');
  const kafka = createKafka(address);
  const reader = new PartitionReader(kafka);
  const groupId = `${address.prefix}${GROUP}`;
  const consumer = new KafkaConsumer({
    kafka,
    groupId,
    // The consumer only carries names: nothing in it asks what our own topics are.
    topics: new Map(topics.map((topic) => [topic, topic as Topic])),
    committedOffsets: (topic) => reader.committedOffsets(groupId, topic),
    endOffsets: (topic) => reader.offsets(topic, 'end'),
    removeMember: (memberId) => reader.removeMember(groupId, memberId),
    onTrouble: (what, error) => {
      onTrouble(unavailable(what, error));
    },
  });
  const close = async (): Promise<void> => {
    await consumer.close();
    await reader.close();
  };
  try {
    await consumer.joined(JOIN_WITHIN_MS);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    read: (limits, signal) => consumer.read(limits, signal),
    commit: (slices: readonly RawSlice[]) =>
      consumer.commit(slices as readonly (RawSlice & { readonly topic: Topic })[]),
    pause: (topic, partition) => {
      consumer.pause(topic as Topic, partition);
    },
    close,
  };
}
