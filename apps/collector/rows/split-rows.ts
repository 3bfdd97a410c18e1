/** Where a row's text stands in the body, and what was seen of its structure without parsing it. */
export interface RowSpan {
  /** Of the row in the request: position in the array, or line − 1. */
  readonly index: number;
  /** In UTF-16 code units; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  /** Deepest nesting of brackets. */
  readonly depth: number;
  /** Colons outside strings: as many as the row has members, when it is valid JSON. */
  readonly colons: number;
  /** Holds an escape of a surrogate (`\\ud800` … `\\udfff`): it may be a lone one. */
  readonly escapedSurrogate: boolean;
}

export type SplitRows =
  | { readonly kind: 'rows'; readonly rows: readonly RowSpan[] }
  /** The body as a whole is no JSON array or object; `at` = position in code units. */
  | { readonly kind: 'broken'; readonly at: number; readonly message: string }
  | { readonly kind: 'too_many' };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Lines of NDJSON. Blank lines are skipped but counted, so that an index leads to its line. CRLF is fine. */
export function splitLines(text: string, maxRows: number): SplitRows {
  const rows: RowSpan[] = [];
  let line = 0;
  for (let at = 0; at < text.length; line += 1) {
    const found = text.indexOf('\n', at);
    const lineEnd = found < 0 ? text.length : found;
    const start = skipSpace(text, at, lineEnd);
    if (start < lineEnd) {
      if (rows.length === maxRows) return { kind: 'too_many' };
      rows.push(scanRow(text, line, start, lineEnd, false));
    }
    at = lineEnd + 1;
  }
  return { kind: 'rows', rows };
}

/**
 * A JSON object (one row) or the elements of a JSON array. Elements are not parsed here: whoever parses them must
 * refuse the whole body when one fails, for then it was no JSON array.
 */
export function splitJson(text: string, maxRows: number): SplitRows {
  const open = skipSpace(text, 0, text.length);
  if (text[open] === '{') {
    return { kind: 'rows', rows: [scanRow(text, 0, open, text.length, false)] };
  }
  if (text[open] !== '[') return { kind: 'broken', at: open, message: 'expected a JSON object or array' };
  const rows: RowSpan[] = [];
  let at = skipSpace(text, open + 1, text.length);
  if (text[at] === ']') return endOfBody(text, at + 1, rows);
  for (;;) {
    if (rows.length === maxRows) return { kind: 'too_many' };
    const row = scanRow(text, rows.length, at, text.length, true);
    rows.push(row);
    const next = text[row.end];
    if (next === ']') return endOfBody(text, row.end + 1, rows);
    if (next !== ',') return { kind: 'broken', at: row.end, message: 'the array is not closed' };
    at = skipSpace(text, row.end + 1, text.length);
  }
}

function endOfBody(text: string, at: number, rows: readonly RowSpan[]): SplitRows {
  const rest = skipSpace(text, at, text.length);
  return rest === text.length
    ? { kind: 'rows', rows }
    : { kind: 'broken', at: rest, message: 'there is text after the array' };
}

function skipSpace(text: string, from: number, to: number): number {
  let at = from;
  while (at < to) {
    const character = text.charCodeAt(at);
    if (character !== 0x20 && character !== 0x0a && character !== 0x0d && character !== 0x09) break;
    at += 1;
  }
  return at;
}

/** Looks at each character once; of an array's element it stops before the `,` or `]` that ends it. */
function scanRow(text: string, index: number, start: number, limit: number, inArray: boolean): RowSpan {
  let at = start;
  let nesting = 0;
  let depth = 0;
  let colons = 0;
  let escapedSurrogate = false;
  scan: for (; at < limit; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        for (at += 1; at < limit; at += 1) {
          const character = text.charCodeAt(at);
          if (character === QUOTE) break;
          if (character !== BACKSLASH) continue;
          at += 1;
          if (text.charCodeAt(at) === 0x75 && (text.charCodeAt(at + 1) | 0x20) === 0x64)
            escapedSurrogate = true;
        }
        break;
      case 0x3a:
        colons += 1;
        break;
      case 0x7b:
      case 0x5b:
        nesting += 1;
        if (nesting > depth) depth = nesting;
        break;
      case 0x7d:
        nesting -= 1;
        break;
      case 0x5d:
        if (inArray && nesting === 0) break scan;
        nesting -= 1;
        break;
      case 0x2c:
        if (inArray && nesting === 0) break scan;
        break;
      default:
        break;
    }
  }
  return { index, start, end: Math.min(at, limit), depth, colons, escapedSurrogate };
}
