import { describe, expect, it } from '@jest/globals';
import { DAY_MS, LOOK_EVERY_MS, looksAWeek } from './constants.js';
import { isLearning, learningBanks } from './learning.js';
import { lookAt } from './look.js';
import type { SeriesCounts } from './look.js';

const AT = Date.parse('2026-03-10T12:00:00Z');
const LONG_AGO = AT - 90 * DAY_MS;

const series = (counts: Partial<SeriesCounts>): SeriesCounts => ({
  bank: 'bank-a',
  signature: { id: 's1', l1: '0x80071ab1', l2: '', l3: '', fineness: 1, reason: 'code' },
  failed: 0,
  installs: 240,
  baselineFailed: 0,
  baselineInstalls: 6_000,
  topBuild: '17763.6189',
  topKb: 'KB5041578',
  branches: [],
  firstArrival: '2026-03-10T08:00:00.000Z',
  thirdArrival: '2026-03-10T09:00:00.000Z',
  ...counts,
});
const judge = (counts: Partial<SeriesCounts>, sinceMs: number | null = LONG_AGO) => {
  const [judged] = lookAt([series(counts)], AT, () => isLearning(sinceMs, AT)).series;
  if (!judged) throw new Error('no series judged');
  return judged;
};

describe('a look of the watch', () => {
  it('pages for 17 of 240 with 0.8 expected', () => {
    const judged = judge({ failed: 17, baselineFailed: 40, baselineInstalls: 12_149 });
    expect(judged.expected).toBeCloseTo(0.8, 9);
    expect(judged.lnP).toBeCloseTo(-22.42902691, 7);
    expect(judged).toMatchObject({ spikes: true, tier: 'page' });
  });

  it('finds a code never seen before: the expectation is small, not nothing', () => {
    const judged = judge({ failed: 3 });
    expect(judged.expected).toBeGreaterThan(0);
    expect(judged.spikes).toBe(true);
  });

  it('keeps still below three devices, however unlikely', () => {
    expect(judge({ failed: 2, thirdArrival: null, baselineInstalls: 10_000_000 }).spikes).toBe(false);
    expect(judge({ failed: 30, thirdArrival: null }).spikes).toBe(false);
  });

  it('keeps still when Patch Tuesday brings the usual share of a large volume', () => {
    expect(judge({ failed: 220, installs: 20_000, baselineFailed: 60, baselineInstalls: 6_000 }).spikes).toBe(
      false,
    );
  });

  it('says nothing of a bank that is known for long and has installed nothing for a month', () => {
    expect(judge({ failed: 20, baselineInstalls: 0 }).spikes).toBe(false);
  });

  it('gives every bank its own budget: a bank with few signatures is the more sensitive one', () => {
    const many = Array.from({ length: 50 }, () => series({ bank: 'large', failed: 3 }));
    const look = lookAt([...many, series({ bank: 'small', failed: 3 })], AT, () => false);
    const [large, small] = [look.series[0], look.series[50]];
    expect(small?.threshold).toBeCloseTo((large?.threshold ?? 0) + Math.log(50), 9);
  });

  it('survives counts that are not in step yet', () => {
    expect(judge({ failed: 5, installs: 0 })).toMatchObject({ installs: 5 });
    expect(judge({ failed: 0, installs: 0 })).toMatchObject({ lnP: 0, spikes: false });
  });
});

describe('a bank in its first month', () => {
  const first = (counts: Partial<SeriesCounts>) => judge({ baselineInstalls: 0, ...counts }, AT - DAY_MS);

  it('raises a ticket, not a page, for an incident, without any baseline', () => {
    expect(first({ failed: 36, installs: 130 })).toMatchObject({ spikes: true, tier: 'ticket' });
    expect(judge({ failed: 36, installs: 130 }, null)).toMatchObject({ spikes: true, tier: 'ticket' });
    expect(first({ failed: 6, installs: 9 })).toMatchObject({ spikes: true, tier: 'ticket' });
  });

  it('keeps still on its first Patch Tuesday: every ordinary failure is a new one, and the volume jumps', () => {
    for (const baselineInstalls of [0, 3, 40, 400]) {
      for (const installs of [60, 600, 6_000]) {
        // Twice the share of the commonest ordinary failure of a healthy fleet.
        const failed = Math.round(installs * 0.04);
        expect(judge({ failed, installs, baselineInstalls }, AT - 10 * DAY_MS).spikes).toBe(false);
      }
    }
  });

  it('goes by its own rate when that is higher', () => {
    const chronic = { baselineFailed: 60, baselineInstalls: 500 };
    expect(first({ failed: 30, installs: 240, ...chronic }).spikes).toBe(false);
    expect(first({ failed: 30, installs: 240, ...chronic }).rate).toBeCloseTo(60.5 / (500 + 1 / 0.06), 9);
  });

  it('ends after 28 days, for each bank on its own', () => {
    const [old, young] = [AT - 28 * DAY_MS, AT - 27 * DAY_MS];
    expect(judge({ failed: 17 }, old).tier).toBe('page');
    expect(judge({ failed: 36 }, young).tier).toBe('ticket');
    const firstArrivals = [
      { bank: 'old', firstMs: old },
      { bank: 'young', firstMs: young },
      { bank: 'new', firstMs: AT },
    ];
    expect(learningBanks(firstArrivals, AT)).toEqual([
      { bank: 'new', until: new Date(AT + 28 * DAY_MS).toISOString() },
      { bank: 'young', until: new Date(AT + DAY_MS).toISOString() },
    ]);
  });
});

describe('looks that count against the budget', () => {
  it('bound how often a steady series reaches k, looked at every ten minutes', () => {
    const random = randomNumbers(7);
    const [meanADay, k, weeks] = [2, 7, 4_000];
    const looksADay = DAY_MS / LOOK_EVERY_MS;
    const arrivals: number[] = [];
    for (let day = 0; day < weeks * 7;) {
      day -= Math.log(random()) / meanADay;
      arrivals.push(day);
    }
    let [first, next, before, reached] = [0, 0, 0, 0];
    for (let look = 1; look <= weeks * 7 * looksADay; look++) {
      const day = look / looksADay;
      while ((arrivals[next] ?? Infinity) <= day) next++;
      while ((arrivals[first] ?? Infinity) <= day - 1) first++;
      if (before < k && next - first >= k) reached++;
      before = next - first;
    }
    const bound = looksAWeek(k) * poissonTail(k, meanADay);
    expect(reached / weeks).toBeLessThanOrEqual(bound);
    // Sharp: the number of looks alone (1,008) would be a bound twenty times as wide.
    expect(reached / weeks).toBeGreaterThan(bound / 3);
  });
});

function poissonTail(k: number, mean: number): number {
  let [term, below] = [Math.exp(-mean), 0];
  for (let j = 0; j < k; j++) {
    below += term;
    term *= mean / (j + 1);
  }
  return 1 - below;
}

/** Mulberry32: repeatable numbers in (0, 1). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (((mixed ^ (mixed >>> 14)) >>> 0) + 1) / 4294967297;
  };
}
