import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY_MS, LOOK_EVERY_MS } from '#domain/spikes/constants.js';
import { lookTimes } from './look-times.js';

const MIDNIGHT = Date.parse('2026-03-10T00:00:00Z');
const HOUR_MS = DAY_MS / 24;

describe('when to look', () => {
  it('at every boundary of the last hour', () => {
    expect(lookTimes(MIDNIGHT, MIDNIGHT + 25 * 60_000, LOOK_EVERY_MS)).toEqual(
      [1, 2].map((n) => ({ atMs: MIDNIGHT + n * LOOK_EVERY_MS, isPast: false })),
    );
    expect(lookTimes(MIDNIGHT, MIDNIGHT + 9 * 60_000, LOOK_EVERY_MS)).toEqual([]);
  });
  it('after a longer gap at every hour, made up for, and now', () => {
    const times = lookTimes(MIDNIGHT, MIDNIGHT + 3 * HOUR_MS + 15 * 60_000, LOOK_EVERY_MS);
    expect(times).toEqual([
      ...[1, 2, 3].map((hour) => ({ atMs: MIDNIGHT + hour * HOUR_MS, isPast: true })),
      { atMs: MIDNIGHT + 3 * HOUR_MS + LOOK_EVERY_MS, isPast: false },
    ]);
  });
  it('for any gap: in order, after the last one, ending at the newest boundary, never many, no window unseen', () => {
    const time = fc.integer({ min: 0, max: 100 * DAY_MS });
    fc.assert(
      fc.property(time, time, fc.constantFrom(LOOK_EVERY_MS, HOUR_MS), (last, now, everyMs) => {
        const looks = lookTimes(last, now, everyMs);
        const times = looks.map(({ atMs }) => atMs);
        expect(times.length).toBeLessThanOrEqual(59);
        expect(times).toEqual([...new Set(times)].sort((left, right) => left - right));
        expect(times.every((atMs) => atMs > last && atMs <= now && atMs % everyMs === 0)).toBe(true);
        const gaps = times.slice(1).map((atMs, at) => atMs - (times[at] ?? 0));
        expect(gaps.every((gapMs) => gapMs <= DAY_MS)).toBe(true);
        if (Math.floor(now / everyMs) > Math.floor(last / everyMs))
          expect(looks.at(-1)).toEqual({ atMs: Math.floor(now / everyMs) * everyMs, isPast: false });
      }),
    );
  });
});
