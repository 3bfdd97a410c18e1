import { describe, expect, it } from '@jest/globals';
import canonicalizePackage from 'canonicalize';
import fc from 'fast-check';
import { canonicalJson } from './canonical-json.js';

// The package's types describe an ES module; what Node loads is the function itself.
const canonicalize = canonicalizePackage as unknown as (value: unknown) => string | undefined;

describe('canonicalJson', () => {
  it('equals the package canonicalize for any JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5, stringUnit: 'grapheme' }), (value) => {
        expect(canonicalJson(value)).toBe(canonicalize(value));
      }),
      { numRuns: 2_000 },
    );
  });

  it('writes the sample of RFC 8785 3.2.2', () => {
    const sample = {
      numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 1e-27],
      string: '\u20ac$\u000f\nA\'B"\\\\"/',
      literals: [null, true, false],
    };
    expect(canonicalJson(sample)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('leaves out undefined members and refuses what JSON cannot say', () => {
    expect(canonicalJson({ b: undefined, a: [undefined] })).toBe('{"a":[null]}');
    expect(() => canonicalJson({ a: Number.NaN })).toThrow(RangeError);
  });
});
