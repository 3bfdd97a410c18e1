import type { ReportIssue } from '#domain/normalise-report.js';
import { findRepeatedKey } from './find-repeated-key.js';
import type { RowSpan } from './split-rows.js';

export interface RowLimits {
  readonly maxEventBytes: number;
  readonly maxEventDepth: number;
}

export type ParsedRow =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly issue: ReportIssue };

/** The JSON value of a row, or what about its text makes it unfit, whatever it says. Never throws. */
export function parseRow(text: string, span: RowSpan, limits: RowLimits): ParsedRow {
  const length = span.end - span.start;
  if (length > limits.maxEventBytes) return refuse('too_large', '', tooLarge(limits));
  if (span.depth > limits.maxEventDepth) {
    return refuse('too_deep', '', `nested deeper than ${limits.maxEventDepth} levels`);
  }
  const row = text.slice(span.start, span.end);
  // A code unit is at most three bytes, so most rows need no count.
  if (length * 3 > limits.maxEventBytes && Buffer.byteLength(row) > limits.maxEventBytes) {
    return refuse('too_large', '', tooLarge(limits));
  }
  let value: unknown;
  try {
    value = JSON.parse(row);
  } catch (error) {
    return refuse('not_json', '', error instanceof Error ? describe(error) : 'not JSON');
  }
  if (value === null || typeof value !== 'object') return { ok: true, value };
  if (countMembers(value) !== span.colons) {
    const path = findRepeatedKey(row) ?? '';
    return path.endsWith('__proto__')
      ? refuse('forbidden_key', path, 'a field may not be called __proto__')
      : refuse('duplicate_key', path, 'the object has this field twice');
  }
  if (span.escapedSurrogate) {
    const path = findLoneSurrogate(value, '');
    if (path !== null) return refuse('lone_surrogate', path, 'half of a surrogate pair is no character');
  }
  return { ok: true, value };
}

const refuse = (code: ReportIssue['code'], path: string, message: string): ParsedRow => ({
  ok: false,
  issue: { code, path, message },
});

const tooLarge = (limits: RowLimits): string => `larger than ${limits.maxEventBytes} bytes`;

/** V8 quotes the text in its message: a rejected row's words belong into the rejects, not into an answer. */
const describe = (error: Error): string => {
  const at = /at position \d+|end of JSON input/.exec(error.message)?.[0];
  return at === undefined ? 'not JSON' : `not JSON: error at ${at.replace(/^at /, '')}`;
};

/** Members of all objects inside; `__proto__` is left out, so that it shows as a difference. */
function countMembers(value: object): number {
  let members = 0;
  if (Array.isArray(value)) {
    for (const item of value as readonly unknown[]) {
      if (item !== null && typeof item === 'object') members += countMembers(item);
    }
    return members;
  }
  for (const key in value) {
    if (key === '__proto__') continue;
    members += 1;
    const member = (value as Readonly<Record<string, unknown>>)[key];
    if (member !== null && typeof member === 'object') members += countMembers(member);
  }
  return members;
}

/** Dotted path of the first text (or field name) that is not well-formed UTF-16, or null. */
function findLoneSurrogate(value: unknown, path: string): string | null {
  if (typeof value === 'string') return isWellFormed(value) ? null : path;
  if (value === null || typeof value !== 'object') return null;
  for (const [key, member] of Object.entries(value)) {
    const at = path === '' ? key : `${path}.${key}`;
    if (!isWellFormed(key)) return path;
    const found = findLoneSurrogate(member, at);
    if (found !== null) return found;
  }
  return null;
}

const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);
