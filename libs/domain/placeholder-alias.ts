/** What makers leave in the firmware instead of a value; lower case, without blanks at the ends. */
const UNSET_WORDS: ReadonlySet<string> = new Set([
  'to be filled by o.e.m.',
  'default string',
  'system serial number',
  'system product name',
  'not specified',
  'not available',
  'not applicable',
  'unknown',
  'none',
  'n/a',
]);
/** The UUID that AMI firmware shows when none was written. */
const UNSET_UUID = '0300020004000500';

/**
 * An alias value that many machines share because nobody set it: all 0, all F, 03000200-0400-…, or a maker's
 * filler words. Only keyed hashes enter the log, so this is judged where the hash is made; such a value is dropped
 * there, with a warning.
 */
export function isPlaceholderAlias(value: string): boolean {
  const text = value.trim().toLowerCase();
  const digits = text.replace(/[\s{}_:-]/g, '');
  return /^(?:0*|f+)$/.test(digits) || digits.startsWith(UNSET_UUID) || UNSET_WORDS.has(text);
}
