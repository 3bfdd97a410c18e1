import { isAscii, isUtf8 } from 'node:buffer';
import { Problem } from '../problem.js';
import { splitJson, splitLines } from './split-rows.js';
import type { RowSpan } from './split-rows.js';

export type BodyFormat = 'json' | 'ndjson';

const FORMATS: ReadonlyMap<string, BodyFormat> = new Map([
  ['application/json', 'json'],
  ['application/x-ndjson', 'ndjson'],
  ['application/ndjson', 'ndjson'],
  ['application/jsonl', 'ndjson'],
]);

/** @throws Problem 415 for anything but JSON and NDJSON */
export function bodyFormatOf(contentType: string | undefined): BodyFormat {
  const mediaType = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  const format = FORMATS.get(mediaType ?? '');
  if (format) return format;
  throw new Problem(
    415,
    'unknown_media_type',
    'Content-Type: expected application/json or application/x-ndjson',
  );
}

export interface ReportBody {
  readonly text: string;
  readonly rows: readonly RowSpan[];
  /** Indexes of lines that are not UTF-8: their text has replacement characters. */
  readonly notUtf8: ReadonlySet<number>;
}

/**
 * The bytes of a body → its text and where its rows stand in it.
 * @throws Problem 400 when a JSON body is no object or array, 413 with more than `maxRows` rows
 */
export function readReportBody(bytes: Buffer, format: BodyFormat, maxRows: number): ReportBody {
  const notUtf8 = isUtf8(bytes) ? NONE : findLinesNotUtf8(bytes);
  if (format === 'json' && notUtf8.size > 0) throw brokenJson('it is not UTF-8');
  const decoded = bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8');
  const text = decoded.startsWith('\ufeff') ? decoded.slice(1) : decoded;
  const split = format === 'json' ? splitJson(text, maxRows) : splitLines(text, maxRows);
  if (split.kind === 'too_many') {
    throw new Problem(413, 'too_many_rows', `more than ${maxRows} rows; send smaller batches`);
  }
  if (split.kind === 'broken') throw brokenJson(`${split.message} at character ${split.at}`);
  return { text, rows: split.rows, notUtf8 };
}

export const brokenJson = (reason: string): Problem =>
  new Problem(400, 'broken_json', `the body is no JSON object or array: ${reason}; nothing was taken`);

const NONE: ReadonlySet<number> = new Set();

function findLinesNotUtf8(bytes: Buffer): ReadonlySet<number> {
  const found = new Set<number>();
  let line = 0;
  for (let at = 0; at < bytes.length; line += 1) {
    const newline = bytes.indexOf(0x0a, at);
    const end = newline < 0 ? bytes.length : newline;
    if (!isUtf8(bytes.subarray(at, end))) found.add(line);
    at = end + 1;
  }
  return found;
}
