import { createHash } from 'node:crypto';
import { TOPIC_PARTITIONS } from '#domain/topics.js';
import type { Topic } from '#domain/topics.js';
import { shortId } from '#domain/short-id.js';
import type { LogMessage, LogRecord, Position } from '#event-log/event-log.js';

export const DEAD_LETTERS = 'patch.dead-letters';

/** What somebody decided about a letter. */
export interface Handling {
  readonly action: 'retried' | 'dropped';
  readonly at: string;
  readonly reason: string | null;
}

/** A message of `patch.dead-letters`, without its bytes. */
export interface DeadLetter {
  /** The same for every copy of a letter: a replay or a second generation writes it again. */
  readonly id: string;
  readonly reason: string;
  readonly detail: string | null;
  /** Where the message came from; null for a request that the collector refused (its rows lie in the rejects). */
  readonly origin: Origin | null;
  readonly sha256: string;
  readonly bytes: number;
  readonly at: string;
  /** Where its newest copy lies. */
  readonly position: Position;
}

export interface Origin {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** What a record of the topic is: a letter, or the mark that one was handled. */
export type DeadLetterRecord =
  | { readonly kind: 'letter'; readonly letter: DeadLetter }
  | { readonly kind: 'handled'; readonly id: string; readonly handling: Handling };

/** The header that makes a record a mark. */
const HANDLES = 'handles';

/** Reads one record of the topic; never throws, for anything may lie there. */
export function readDeadLetter(partition: number, record: LogRecord): DeadLetterRecord {
  const { headers } = record;
  const at = new Date(record.appendedAtMs).toISOString();
  const handles = headers[HANDLES];
  if (handles !== undefined) {
    const action = headers['action'] === 'retried' ? 'retried' : 'dropped';
    return { kind: 'handled', id: handles, handling: { action, at, reason: headers['reason'] ?? null } };
  }
  const sha256 = createHash('sha256').update(record.value).digest('hex');
  const origin = originOf(headers);
  const letter: DeadLetter = {
    id: shortId(origin ? [origin.topic, origin.partition, origin.offset, sha256] : [sha256]),
    reason: headers['reason'] ?? 'unknown',
    detail: headers['detail'] ?? null,
    origin,
    sha256,
    bytes: record.value.length,
    at,
    position: { topic: DEAD_LETTERS, partition, offset: record.offset },
  };
  return { kind: 'letter', letter };
}

/**
 * The mark that a letter was handled. It lies beside the letter and is younger, so that retention never takes it
 * while the letter is still there.
 */
export function markHandled(key: string, id: string, handling: Omit<Handling, 'at'>): LogMessage {
  const { action, reason } = handling;
  return {
    key,
    value: new Uint8Array(0),
    headers: { [HANDLES]: id, action, ...(reason === null ? {} : { reason }) },
  };
}

/** Whether a topic of that name is one that our own readers read. */
export const isOwnTopic = (name: string): name is Topic => Object.hasOwn(TOPIC_PARTITIONS, name);

function originOf(headers: LogRecord['headers']): Origin | null {
  const { topic, partition, offset } = headers;
  if (topic === undefined || partition === undefined || offset === undefined) return null;
  return { topic, partition: Number(partition), offset: Number(offset) };
}
