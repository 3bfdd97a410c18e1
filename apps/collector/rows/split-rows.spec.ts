import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { findRepeatedKey } from './find-repeated-key.js';
import { parseRow } from './parse-row.js';
import { splitJson, splitLines } from './split-rows.js';
import type { SplitRows } from './split-rows.js';

const MANY = 1_000;
const limits = { maxEventBytes: 1_000_000, maxEventDepth: 100 };

function parsedRows(text: string, split: SplitRows) {
  if (split.kind !== 'rows') throw new Error(JSON.stringify(split));
  return split.rows.map((span) => parseRow(text, span, limits));
}

/** Any JSON object; the name __proto__ is refused on purpose. */
const jsonObject = fc
  .dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 6 })
  .filter((object) => !JSON.stringify(object).includes('__proto__'));
const space = fc.constantFrom('', ' ', '\n', '\r\n', '\t');

describe('splitting rows', () => {
  it('finds in an array, however it is laid out, what JSON.parse finds', () => {
    fc.assert(
      fc.property(
        fc.array(jsonObject, { maxLength: 5 }),
        space,
        fc.constantFrom(0, 1, 2),
        (objects, padding, indent) => {
          const written = JSON.parse(JSON.stringify(objects)) as unknown[];
          const text = `${padding}${JSON.stringify(objects, null, indent)}${padding}`;
          const rows = parsedRows(text, splitJson(text, MANY));
          expect(rows).toEqual(written.map((value) => ({ ok: true, value })));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('finds the lines of NDJSON', () => {
    fc.assert(
      fc.property(
        fc.array(jsonObject, { maxLength: 5 }),
        fc.constantFrom('\n', '\r\n', '\n\n', '\n \r\n'),
        (objects, end) => {
          const text = objects.map((object) => `${JSON.stringify(object)}${end}`).join('');
          expect(parsedRows(text, splitLines(text, MANY))).toEqual(
            objects.map((object) => ({ ok: true, value: JSON.parse(JSON.stringify(object)) as unknown })),
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('never throws on any text, and takes no array that JSON.parse would not', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...Array.from('[]{},:"\\ a1\n')) }));
    fc.assert(
      fc.property(text, (broken) => {
        const split = splitJson(broken, MANY);
        if (split.kind !== 'rows') return;
        const allParse = parsedRows(broken, split).every((row) => row.ok || row.issue.code !== 'not_json');
        let parses = true;
        try {
          JSON.parse(broken);
        } catch {
          parses = false;
        }
        expect(allParse).toBe(parses);
        parsedRows(broken, splitLines(broken, MANY));
      }),
      { numRuns: 5_000 },
    );
  });

  it('says when there are too many', () => {
    expect(splitLines('1\n2\n3', 2)).toEqual({ kind: 'too_many' });
    expect(splitJson('[1,2,3]', 2)).toEqual({ kind: 'too_many' });
    expect(splitJson('[1,2]', 2).kind).toBe('rows');
  });
});

describe('findRepeatedKey', () => {
  it.each([
    ['{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}]}', null],
    ['{"a":1,"a":2}', 'a'],
    ['{"x":{"a":1,"b":"}\\"{","a":2}}', 'x.a'],
    ['{"x":[{"a":1},{"b":1,"b":1}]}', 'x.1.b'],
    ['{"\\u0061":1,"a":2}', 'a'],
    ['{"":1,"":2}', ''],
    ['{"a":"a","b":["a","a"]}', null],
  ])('%s → %s', (text, path) => {
    expect(findRepeatedKey(text)).toBe(path);
  });
});
