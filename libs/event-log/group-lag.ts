import type { Topic } from '#domain/topics.js';
import type { EventLog } from './event-log.js';

/** How far one group is behind on one partition. */
export interface PartitionLag {
  readonly group: string;
  readonly topic: Topic;
  readonly partition: number;
  /** Where the group goes on: its committed offset, or the first record still there. */
  readonly committed: number;
  readonly end: number;
  readonly lag: number;
}

/** The lag of a group on every partition of these topics, without joining it. */
export async function groupLag(
  log: EventLog,
  group: string,
  topics: readonly Topic[],
): Promise<PartitionLag[]> {
  const ofTopics = topics.map(async (topic) => {
    // The end last: what is committed meanwhile can only make the lag look larger, never negative.
    const committed = await log.committedOffsets(group, topic);
    const begins = await log.beginOffsets(topic);
    const ends = await log.endOffsets(topic);
    return ends.map((end, partition): PartitionLag => {
      const from = Math.max(committed[partition] ?? 0, begins[partition] ?? 0);
      return { group, topic, partition, committed: from, end, lag: Math.max(0, end - from) };
    });
  });
  return (await Promise.all(ofTopics)).flat();
}

/** How long the oldest record that the group has not committed lies in the log; null when none does. */
export async function waitingMs(
  log: EventLog,
  { topic, partition, committed, lag }: PartitionLag,
  nowMs: number,
): Promise<number | null> {
  if (lag === 0) return null;
  const [oldest] = await log.readRange(topic, partition, committed, 1);
  return oldest === undefined ? null : Math.max(0, nowMs - oldest.appendedAtMs);
}
