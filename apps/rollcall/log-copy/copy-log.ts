import { createHash } from 'node:crypto';
import { TOPIC_PARTITIONS } from '#domain/topics.js';
import type { Topic } from '#domain/topics.js';
import type { EventLog } from '#event-log/event-log.js';
import { copyPartition } from './copy-partition.js';
import type { CopiedPartition } from './copy-partition.js';

export const COPIED_TOPICS = Object.keys(TOPIC_PARTITIONS) as readonly Topic[];

/** What became of one topic. */
export interface CopiedTopic {
  readonly topic: Topic;
  /** Messages of the source, all of which the target holds now. */
  readonly messages: number;
  readonly copied: number;
  readonly repeated: number;
  /** Over the partitions' own hashes. */
  readonly sha256: string;
}

/** Copies a topic, all partitions at once: their order is kept, that between partitions has no meaning. */
export async function copyTopic(
  source: EventLog,
  target: EventLog,
  topic: Topic,
  onCopied: (messages: number) => void,
): Promise<CopiedTopic> {
  const running = (await source.endOffsets(topic)).map((_, partition) =>
    copyPartition(source, target, topic, partition, onCopied),
  );
  // A partition that fails lets the others finish their append: the target is whole up to where each one came.
  const settled = await Promise.allSettled(running);
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
  const partitions = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const sum = (of: (partition: CopiedPartition) => number) =>
    partitions.reduce((all, partition) => all + of(partition), 0);
  const hash = createHash('sha256');
  for (const { sha256 } of partitions) hash.update(sha256);
  return {
    topic,
    messages: sum(({ messages }) => messages),
    copied: sum(({ copied }) => copied),
    repeated: sum(({ repeated }) => repeated),
    sha256: hash.digest('hex'),
  };
}
