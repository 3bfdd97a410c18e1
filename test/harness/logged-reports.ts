import type { Topic } from '#domain/topics.js';
import type { EventLog, LogRecord } from '#event-log/event-log.js';

const AT_ONCE = 10_000;

/** Every record of a topic, partition by partition. */
export async function recordsOf(log: EventLog, topic: Topic): Promise<readonly (readonly LogRecord[])[]> {
  const ends = await log.endOffsets(topic);
  return Promise.all(
    ends.map(async (end, partition) => {
      const records: LogRecord[] = [];
      while (records.length < end)
        records.push(...(await log.readRange(topic, partition, records.length, AT_ONCE)));
      return records;
    }),
  );
}

/** The `sourceEventId`s that the log holds, read as plain JSON. */
export async function loggedSourceEventIds(log: EventLog): Promise<ReadonlySet<string>> {
  const records = (await recordsOf(log, 'patch.attempts')).flat();
  return new Set(
    records.map(
      ({ value }) => (JSON.parse(value.toString('utf8')) as { sourceEventId: string }).sourceEventId,
    ),
  );
}
