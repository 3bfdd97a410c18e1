import { createHash } from 'node:crypto';
import { setImmediate as otherWork } from 'node:timers/promises';
import { decodeRemedy } from '#domain/remedies/decode-remedy.js';
import type { RemedyEvent } from '#domain/remedies/remedy-event.js';
import type { UnreadableReason } from '#domain/reasons.js';
import { decodeEvent } from '#domain/upcast-event.js';
import type { FactBatch } from '#attempt-store/attempt-store.js';
import type { LogMessage, LogRecord, LogSlice } from '#event-log/event-log.js';
import { BatchFacts } from './batch-facts.js';

/** What became of a batch of messages. `largestArrivalMs` and `readable` run parallel to the slices. */
export interface DecodedBatch {
  readonly facts: FactBatch;
  readonly remedies: readonly RemedyEvent[];
  readonly unreadable: readonly UnreadableMessage[];
  readonly largestArrivalMs: readonly (number | null)[];
  readonly readable: readonly (readonly boolean[])[];
}

export interface UnreadableMessage {
  readonly slice: LogSlice;
  readonly record: LogRecord;
  readonly reason: UnreadableReason;
  readonly detail: string;
}

/** Messages decoded in one go while other work waits: some milliseconds. */
const TURN_MESSAGES = 500;

/** Reads every message of the slices; never throws for what a message holds. */
export function decodeSlices(slices: readonly LogSlice[]): DecodedBatch {
  const turns = decodeInTurns(slices);
  for (;;) {
    const { done, value } = turns.next();
    if (done === true) return value;
  }
}

/** The same by turns with whatever else this process does. */
export async function decodeSlicesMeanwhile(slices: readonly LogSlice[]): Promise<DecodedBatch> {
  const turns = decodeInTurns(slices);
  for (;;) {
    const { done, value } = turns.next();
    if (done === true) return value;
    await otherWork();
  }
}

function* decodeInTurns(slices: readonly LogSlice[]): Generator<undefined, DecodedBatch> {
  const facts = new BatchFacts();
  const remedies: RemedyEvent[] = [];
  const unreadable: UnreadableMessage[] = [];
  const largestArrivalMs: (number | null)[] = [];
  const readable: boolean[][] = [];
  let messages = 0;
  for (const slice of slices) {
    let largestMs: number | null = null;
    const ofSlice: boolean[] = [];
    for (const record of slice.records) {
      if (messages++ % TURN_MESSAGES === TURN_MESSAGES - 1) yield;
      const decoded =
        slice.topic === 'patch.remedies' ? decodeRemedy(record.value) : decodeEvent(record.value);
      ofSlice.push(decoded.kind !== 'unreadable');
      if (decoded.kind === 'unreadable') {
        unreadable.push({ slice, record, reason: decoded.reason, detail: decoded.detail });
        continue;
      }
      let receivedAtMs: number;
      if ('remedyId' in decoded.event) {
        remedies.push(decoded.event);
        receivedAtMs = Date.parse(decoded.event.receivedAt);
      } else receivedAtMs = facts.add(decoded.event, record.value);
      largestMs = Math.max(largestMs ?? 0, receivedAtMs);
    }
    readable.push(ofSlice);
    largestArrivalMs.push(largestMs);
  }
  return { facts: facts.rows(), remedies, unreadable, readable, largestArrivalMs };
}

/** The unreadable message as it goes to the dead letters: whole, with its position, reason and hash. */
export function toDeadLetter({ slice, record, reason, detail }: UnreadableMessage): LogMessage {
  return {
    key: record.key,
    value: record.value,
    headers: {
      reason,
      detail: detail.slice(0, 200),
      topic: slice.topic,
      partition: String(slice.partition),
      offset: String(record.offset),
      sha256: createHash('sha256').update(record.value).digest('hex'),
    },
  };
}
