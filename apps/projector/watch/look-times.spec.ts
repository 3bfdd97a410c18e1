import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY_MS, LOOK_EVERY_MS } from '#domain/spikes/constants.js';
import { lookTimes } from './look-times.js';

const MIDNIGHT = Date.parse('2026-03-10T00:00:00Z');

describe('when to look', () => {
  it('at every boundary of the last hour', () => {
    expect(lookTimes(MIDNIGHT, MIDNIGHT + 25 * 60_000)).toEqual(
      [1, 2].map((n) => MIDNIGHT + n * LOOK_EVERY_MS),
    );
    expect(lookTimes(MIDNIGHT, MIDNIGHT + 9 * 60_000)).toEqual([]);
  });
  it('after a longer gap at every sixth hour, and now', () => {
    const now = MIDNIGHT + DAY_MS + 15 * 60_000;
    const hours = [6, 12, 18, 24].map((hour) => MIDNIGHT + hour * 3_600_000);
    expect(lookTimes(MIDNIGHT, now)).toEqual([...hours, MIDNIGHT + DAY_MS + LOOK_EVERY_MS]);
  });
  it('for any gap: in order, after the last one, ending at the newest boundary, never many, no window unseen', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100 * DAY_MS }),
        fc.integer({ min: 0, max: 100 * DAY_MS }),
        (last, now) => {
          const times = lookTimes(last, now);
          expect(times.length).toBeLessThanOrEqual(113);
          expect(times).toEqual([...new Set(times)].sort((left, right) => left - right));
          expect(times.every((atMs) => atMs > last && atMs <= now && atMs % LOOK_EVERY_MS === 0)).toBe(true);
          const gaps = times.slice(1).map((atMs, at) => atMs - (times[at] ?? 0));
          expect(gaps.every((gapMs) => gapMs <= DAY_MS / 4)).toBe(true);
          if (Math.floor(now / LOOK_EVERY_MS) > Math.floor(last / LOOK_EVERY_MS)) {
            expect(times.at(-1)).toBe(Math.floor(now / LOOK_EVERY_MS) * LOOK_EVERY_MS);
          }
        },
      ),
    );
  });
});
