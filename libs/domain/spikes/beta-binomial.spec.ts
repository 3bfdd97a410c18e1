import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lnTail, lnTailUpTo } from './beta-binomial.js';

const GOLDEN = '../shared/corpus/spikes/golden-statistic.csv';

/** Computed with exact rational arithmetic (Python `fractions`), logarithm in 60 digits, shortened here. */
const exact = [
  [17, 240, 0.8, 40, 0.3, -22.42902690760522],
  [3, 8, 0.04, 2, 0.3, -10.746884289854489],
  [240, 240, 0.8, 0, 0.3, -405.97097137004073],
  [3, 2000, 0.000001, 0, 0.15, -41.906109567804066],
  [9, 10, 8.5, 100, 2.4, -0.25663896732871266],
  [10, 10, 9.9, 3, 0.3, -0.2096017376343901],
  [400, 1500, 3, 7, 0.6, -171.43161843837362],
  [1, 1, 0.5, 0, 0.3, -0.6931471805599453],
  [5, 300, 0.02, 0, 0.3, -20.260777805394852],
] as const;

const tail = (failed: number, installs: number, expected: number, baselineFailed: number, c2: number) =>
  lnTail({ failed, installs, expected, baselineFailed, c2 });

describe('ln P(K >= k) of the beta-binomial', () => {
  it.each(exact)('%d of %d with %d expected, f = %d, c2 = %d', (k, n, expected, f, c2, lnP) => {
    expect(Math.abs(tail(k, n, expected, f, c2) / lnP - 1)).toBeLessThan(1e-11);
  });

  it('is 0 when no more failed than expected', () => {
    expect(tail(8, 100, 8, 3, 0.3)).toBe(0);
    expect(tail(0, 0, 0.1, 0, 0.3)).toBe(0);
  });

  it('falls with every further failure, for any fleet', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 500_000 }),
        fc.double({ min: 1e-9, max: 0.9, noNaN: true }),
        fc.integer({ min: 0, max: 100_000 }),
        fc.constantFrom(0.15, 0.3, 0.6, 1.2, 2.4),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (installs, share, baselineFailed, c2, at) => {
          const expected = installs * share;
          const failed = Math.floor(expected + 1 + at * (installs - expected - 2));
          fc.pre(failed >= 1 && failed < installs);
          const here = tail(failed, installs, expected, baselineFailed, c2);
          expect(here).toBeLessThanOrEqual(0);
          expect(tail(failed + 1, installs, expected, baselineFailed, c2)).toBeLessThanOrEqual(here + 1e-9);
        },
      ),
    );
  });

  it('is told only where it is small enough, when that is asked', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3_000 }),
        fc.integer({ min: 0, max: 3_000 }),
        fc.double({ min: 1e-9, max: 1_000, noNaN: true }),
        fc.double({ min: -60, max: 0, noNaN: true }),
        (failed, others, expected, most) => {
          const question = { failed, installs: failed + others, expected, baselineFailed: 3, c2: 0.3 };
          const lnP = lnTail(question);
          expect(lnTailUpTo(question, most)).toBe(lnP <= most ? lnP : null);
        },
      ),
    );
  });

  it('refuses what is no question', () => {
    expect(() => tail(5, 4, 1, 0, 0.3)).toThrow(RangeError);
    expect(() => tail(1.5, 4, 1, 0, 0.3)).toThrow(RangeError);
    expect(() => tail(1, 4, 0, 0, 0.3)).toThrow(RangeError);
    expect(() => tail(1, 4, Number.NaN, 0, 0.3)).toThrow(RangeError);
  });
});

describe('golden values of the spike corpus', () => {
  if (!existsSync(GOLDEN)) {
    it('corpus not present: not checked', () => {
      console.log('corpus not present: golden-statistic.csv not checked');
    });
    return;
  }
  it('are met to 1e-6', () => {
    const rows = readFileSync(GOLDEN, 'utf8').trim().split(/\r?\n/).slice(1);
    expect(rows.length).toBeGreaterThan(200);
    for (const row of rows) {
      const [k, n, expected, f, c2, , , lnP] = row.split(',').map(Number) as [
        ...[number, number, number, number, number, number, number, number],
      ];
      const got = tail(k, n, expected, f, c2);
      // The file has eight decimals, so values next to 0 carry half a unit of the last one.
      expect(Math.abs(got - lnP)).toBeLessThanOrEqual(1e-6 * Math.abs(lnP) + 5e-9);
    }
  });
});
