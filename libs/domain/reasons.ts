/**
 * The closed lists of why something did not become an event. They are metric labels and stand in dead letters,
 * so a word once used is never given another meaning.
 */

/** A log message that our own decoder cannot read: it goes whole to the dead letters. */
export const UNREADABLE_REASONS = [
  'not_utf8',
  'not_json',
  'not_an_object',
  'unknown_event_type',
  'unknown_version',
  'invalid_field',
] as const;
export type UnreadableReason = (typeof UNREADABLE_REASONS)[number];

/** A row that the collector did not take: `code` in the answer. */
export const ROW_REJECT_CODES = [
  'not_utf8',
  'not_json',
  'not_an_object',
  'too_large',
  'too_deep',
  'duplicate_key',
  'forbidden_key',
  'lone_surrogate',
  'unknown_event_type',
  'invalid_type',
  'invalid_value',
  'missing_field',
] as const;
export type RowRejectCode = (typeof ROW_REJECT_CODES)[number];

/** A request of which nothing was taken because its body cannot be read as a whole. */
export const BODY_REJECT_CODES = ['broken_compression', 'broken_json'] as const;
export type BodyRejectCode = (typeof BODY_REJECT_CODES)[number];
