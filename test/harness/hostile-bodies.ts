import { gzipSync } from 'node:zlib';
import { seededRandom } from './attempt-stream.js';

/** A request that nobody should send, and the answer it must get. */
export interface HostileBody {
  readonly what: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  /** Reason of the whole request, or of its rejected rows. */
  readonly code: string;
}

const MIB = 1024 * 1024;
const JSON_BODY = { 'content-type': 'application/json' };
const GZIP = { 'content-encoding': 'gzip' };

const report = (fields: object) => ({
  deviceKey: 'd-hostile',
  source: 'servicing',
  targetKb: 'KB5041578',
  outcome: 'failed',
  occurredAt: '2024-09-10T06:15:00.000Z',
  ...fields,
});
const line = (fields: object): string => `${JSON.stringify(report(fields))}\n`;

function randomBytes(count: number): Uint8Array {
  const random = seededRandom(count);
  return Uint8Array.from({ length: count }, () => Math.floor(random() * 256));
}

const deep = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

export const HOSTILE_BODIES: readonly HostileBody[] = [
  { what: 'random bytes as NDJSON', body: randomBytes(4_000), status: 422, code: 'not_utf8' },
  {
    what: 'random bytes as JSON',
    body: randomBytes(4_000),
    headers: JSON_BODY,
    status: 400,
    code: 'broken_json',
  },
  { what: 'half a JSON array', body: `[${line({})}`, headers: JSON_BODY, status: 400, code: 'broken_json' },
  {
    what: 'truncated gzip',
    body: gzipSync(line({}).repeat(50)).subarray(0, 60),
    headers: GZIP,
    status: 400,
    code: 'broken_compression',
  },
  {
    what: 'random bytes as gzip',
    body: randomBytes(500),
    headers: GZIP,
    status: 400,
    code: 'broken_compression',
  },
  {
    what: 'random bytes as zstd',
    body: randomBytes(500),
    headers: { 'content-encoding': 'zstd' },
    status: 400,
    code: 'broken_compression',
  },
  {
    what: 'a gzip bomb',
    body: gzipSync(Buffer.alloc(256 * MIB)),
    headers: GZIP,
    status: 413,
    code: 'too_large',
  },
  {
    what: 'a body of 10 MB',
    body: line({ updateTitle: 'x'.repeat(10 * MIB) }),
    status: 413,
    code: 'too_large',
  },
  {
    what: 'a field of 10 MB in a small body',
    body: gzipSync(line({ updateTitle: 'x'.repeat(10 * MIB) })),
    headers: GZIP,
    status: 422,
    code: 'too_large',
  },
  { what: 'nesting of 100,000 levels', body: deep(100_000), status: 422, code: 'too_deep' },
  {
    what: 'wrong types',
    body: line({ deviceKey: 7, outcome: ['failed'], innerErrors: 'none' }),
    status: 422,
    code: 'invalid_type',
  },
  { what: 'no object', body: '42\n', status: 422, code: 'not_an_object' },
  { what: 'nothing known', body: '{}\n', status: 422, code: 'missing_field' },
  {
    what: 'a field twice',
    body: line({}).replace('{', '{"outcome":"succeeded",'),
    status: 422,
    code: 'duplicate_key',
  },
  {
    what: '__proto__',
    body: line({}).replace('{', '{"__proto__":{"bank":"bank-b"},'),
    status: 422,
    code: 'forbidden_key',
  },
  {
    what: 'half a surrogate pair',
    body: line({}).replace('d-hostile', '\\ud800'),
    status: 422,
    code: 'lone_surrogate',
  },
  {
    what: 'a future event type',
    body: line({ eventType: 'patch.something' }),
    status: 422,
    code: 'unknown_event_type',
  },
  { what: 'no time at all', body: line({ occurredAt: '2024-13-45' }), status: 422, code: 'invalid_value' },
  { what: 'another bank', body: line({}) + line({ bank: 'bank-b' }), status: 403, code: 'foreign_bank' },
  {
    what: 'an unknown media type',
    body: line({}),
    headers: { 'content-type': 'text/html' },
    status: 415,
    code: 'unknown_media_type',
  },
  {
    what: 'an unknown encoding',
    body: line({}),
    headers: { 'content-encoding': 'br' },
    status: 415,
    code: 'unknown_encoding',
  },
];
