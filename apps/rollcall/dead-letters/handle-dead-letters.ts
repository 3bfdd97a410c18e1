import type { Topic } from '#domain/topics.js';
import { decodeEvent } from '#domain/upcast-event.js';
import type { EventLog, LogMessage, LogRecord } from '#event-log/event-log.js';
import { DEAD_LETTERS, isOwnTopic, markHandled } from './dead-letter.js';
import type { KnownDeadLetter } from './read-dead-letters.js';

const AT_ONCE = 200;

/** What became of one letter that was to be retried. */
export interface Retried {
  readonly id: string;
  readonly result: 'retried' | 'still_unreadable' | 'no_origin';
  readonly detail: string | null;
}

/**
 * Appends letters to the topic they came from, if today's reader can read them, and then marks them as retried. A crash
 * in between leaves them open; retrying them again counts nothing twice, because events carry their id.
 */
export async function retryDeadLetters(
  log: EventLog,
  letters: readonly KnownDeadLetter[],
): Promise<readonly Retried[]> {
  const results: Retried[] = [];
  for (let from = 0; from < letters.length; from += AT_ONCE) {
    results.push(...(await retrySome(log, letters.slice(from, from + AT_ONCE))));
  }
  return results;
}

async function retrySome(log: EventLog, letters: readonly KnownDeadLetter[]): Promise<readonly Retried[]> {
  const results: Retried[] = [];
  const again = new Map<Topic, LogMessage[]>();
  const marks: LogMessage[] = [];
  for (const letter of letters) {
    const record = await recordOf(log, letter);
    const { result, detail, topic } = judge(letter, record);
    results.push({ id: letter.id, result, detail });
    if (record === null || topic === null) continue;
    again.set(topic, [...(again.get(topic) ?? []), { key: record.key, value: record.value }]);
    marks.push(markHandled(record.key, letter.id, { action: 'retried', reason: null }));
  }
  for (const [topic, messages] of again) await log.append(topic, messages);
  await log.append(DEAD_LETTERS, marks);
  return results;
}

function judge({ origin }: KnownDeadLetter, record: LogRecord | null) {
  if (record === null) {
    return { result: 'no_origin' as const, detail: 'retention has just taken it', topic: null };
  }
  if (origin === null) {
    const detail = 'a refused request: its rows lie in the rejects of the bank; the sender sends them anew';
    return { result: 'no_origin' as const, detail, topic: null };
  }
  if (!isOwnTopic(origin.topic)) {
    const detail = `its message lies in ${origin.topic}, which others write`;
    return { result: 'no_origin' as const, detail, topic: null };
  }
  const decoded = decodeEvent(record.value);
  return decoded.kind === 'event'
    ? { result: 'retried' as const, detail: null, topic: origin.topic }
    : {
        result: 'still_unreadable' as const,
        detail: `${decoded.reason}: ${decoded.detail}`,
        topic: null,
      };
}

/** Marks letters as dropped. Nothing is deleted: retention does that. */
export async function dropDeadLetters(
  log: EventLog,
  letters: readonly KnownDeadLetter[],
  reason: string,
): Promise<void> {
  const marks: LogMessage[] = [];
  for (const letter of letters) {
    const record = await recordOf(log, letter);
    marks.push(markHandled(record?.key ?? letter.id, letter.id, { action: 'dropped', reason }));
  }
  await log.append(DEAD_LETTERS, marks);
}

/** The record where a letter's newest copy lies; null when retention took it. */
export async function recordOf(log: EventLog, { position }: KnownDeadLetter): Promise<LogRecord | null> {
  const [record] = await log.readRange(DEAD_LETTERS, position.partition, position.offset, 1);
  return record?.offset === position.offset ? record : null;
}
