import { isAscii } from 'node:buffer';
import { SCHEMA_VERSION } from './attempt-event.js';
import type { PatchEvent } from './attempt-event.js';
import { findMalformedField } from './event-shape.js';
import type { UnreadableReason } from './reasons.js';

export interface Unreadable {
  readonly kind: 'unreadable';
  readonly reason: UnreadableReason;
  /** What exactly, for people; never a metric label. */
  readonly detail: string;
}

export type DecodedEvent = { readonly kind: 'event'; readonly event: PatchEvent } | Unreadable;

/** Lifts a message of one version to the next: a pure function over the parsed JSON. */
export type Upcast = (message: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;

/** `UPCASTS.get(n)` lifts version n to n + 1. There is only version 1 yet. */
export const UPCASTS: ReadonlyMap<number, Upcast> = new Map();

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The bytes of a message of `patch.attempts` or `patch.inventory` → an event of today's version. Never throws:
 * whatever the bytes are, the answer is a value with a reason of a closed list. What is checked: UTF-8, JSON object,
 * a known event type and version, and `findMalformedField`; not the lengths and patterns that the edge has checked.
 */
export function decodeEvent(value: Uint8Array, upcasts: ReadonlyMap<number, Upcast> = UPCASTS): DecodedEvent {
  const read = readMessage(value);
  return read.kind === 'message' ? upcastEvent(read.message, upcasts) : read;
}

type ReadMessage =
  { readonly kind: 'message'; readonly message: Readonly<Record<string, unknown>> } | Unreadable;

/** The JSON object in the bytes of a message of any topic. Never throws. */
export function readMessage(value: Uint8Array): ReadMessage {
  let text: string;
  try {
    text = textOf(value);
  } catch {
    return unreadable('not_utf8', 'the bytes are not UTF-8');
  }
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return unreadable('not_json', 'the text is not JSON');
  }
  if (message === null || typeof message !== 'object' || Array.isArray(message)) {
    return unreadable('not_an_object', 'the JSON is no object');
  }
  return { kind: 'message', message: message as Readonly<Record<string, unknown>> };
}

/** Most messages are ASCII, which costs a fraction of decoding UTF-8. @throws TypeError when the bytes are not UTF-8 */
function textOf(value: Uint8Array): string {
  if (!isAscii(value)) return utf8.decode(value);
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1');
}

/** The same for a message already parsed. */
export function upcastEvent(
  message: Readonly<Record<string, unknown>>,
  upcasts: ReadonlyMap<number, Upcast> = UPCASTS,
): DecodedEvent {
  const { eventType, schemaVersion } = message;
  if (eventType !== 'patch.update_attempt' && eventType !== 'patch.device_inventory') {
    return unreadable('unknown_event_type', `eventType ${JSON.stringify(eventType)}`);
  }
  if (
    typeof schemaVersion !== 'number' ||
    !Number.isSafeInteger(schemaVersion) ||
    schemaVersion > SCHEMA_VERSION
  ) {
    return unreadable('unknown_version', `schemaVersion ${JSON.stringify(schemaVersion)}`);
  }
  let event = message;
  for (let version = schemaVersion; version < SCHEMA_VERSION; version += 1) {
    const upcast = upcasts.get(version);
    if (!upcast) return unreadable('unknown_version', `schemaVersion ${schemaVersion}`);
    try {
      event = upcast(event);
    } catch (error) {
      return unreadable('invalid_field', `cannot be lifted from version ${version}: ${String(error)}`);
    }
  }
  const field = findMalformedField(event);
  return field === null
    ? { kind: 'event', event: event as unknown as PatchEvent }
    : unreadable('invalid_field', field);
}

const unreadable = (reason: UnreadableReason, detail: string): Unreadable => ({
  kind: 'unreadable',
  reason,
  detail,
});
