import { readMessage } from '../upcast-event.js';
import type { Unreadable } from '../upcast-event.js';
import { SCHEMA_VERSION } from '../attempt-event.js';
import { remedyEventSchema } from './remedy-event.js';
import type { RemedyEvent } from './remedy-event.js';

export type DecodedRemedy = { readonly kind: 'event'; readonly event: RemedyEvent } | Unreadable;

/** The bytes of a message of `patch.remedies` → an event. Never throws: what cannot be read has a reason of the closed list. */
export function decodeRemedy(value: Uint8Array): DecodedRemedy {
  const read = readMessage(value);
  if (read.kind === 'unreadable') return read;
  const { eventType, schemaVersion } = read.message;
  if (eventType !== 'RemediationApplied' && eventType !== 'RemediationOutcome')
    return {
      kind: 'unreadable',
      reason: 'unknown_event_type',
      detail: `eventType ${JSON.stringify(eventType)}`,
    };
  if (!Number.isSafeInteger(schemaVersion) || Number(schemaVersion) > SCHEMA_VERSION)
    return {
      kind: 'unreadable',
      reason: 'unknown_version',
      detail: `schemaVersion ${JSON.stringify(schemaVersion)}`,
    };
  const parsed = remedyEventSchema.safeParse(read.message);
  return parsed.success
    ? { kind: 'event', event: parsed.data }
    : { kind: 'unreadable', reason: 'invalid_field', detail: parsed.error.issues[0]?.path.join('.') ?? '' };
}
