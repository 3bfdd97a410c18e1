import { describe, expect, it } from '@jest/globals';
import { looksAWeek } from './alarm-budget.js';
import { DAY_MS, LOOK_EVERY_MS, WINDOWS_MS } from './constants.js';

const HOUR_MS = DAY_MS / 24;
const WEEKS = 4_000;
/** An alert stays open so long at least. */
const OPEN_MS = DAY_MS;
/** So unlikely is a window's count that opens an alert. Rarer ones would take years of simulation and behave alike. */
const ALPHA = 0.002;

/** Openings a week of a steady series of so many failures a day, looked at so often in three windows. */
function openingsAWeek(failuresADay: number, lookEveryMs: number): number {
  const random = randomNumbers(Math.round(failuresADay * 1_000));
  const untilMs = WEEKS * 7 * DAY_MS;
  const arrivals: number[] = [];
  for (let atMs = 0; atMs < untilMs; arrivals.push(atMs))
    atMs -= (Math.log(random()) / failuresADay) * DAY_MS;
  const least = WINDOWS_MS.map((windowMs) => leastUnlikely((failuresADay * windowMs) / DAY_MS));
  const first = WINDOWS_MS.map(() => 0);
  let next = 0;
  let openUntilMs = 0;
  let opened = 0;
  for (let atMs = 0; atMs < untilMs; atMs += lookEveryMs) {
    while ((arrivals[next] ?? Infinity) <= atMs) next += 1;
    const isUnlikely = WINDOWS_MS.map((windowMs, index) => {
      let from = first[index] ?? 0;
      while ((arrivals[from] ?? Infinity) <= atMs - windowMs) from += 1;
      first[index] = from;
      return next - from >= (least[index] ?? Infinity);
    }).includes(true);
    if (isUnlikely && atMs >= openUntilMs) opened += 1;
    if (isUnlikely) openUntilMs = atMs + OPEN_MS;
  }
  return opened / WEEKS;
}

/** The least count that chance brings with probability ALPHA; three devices at least. */
function leastUnlikely(mean: number): number {
  let [term, tail, k] = [Math.exp(-mean), 1, 0];
  for (; tail > ALPHA || k < 3; k += 1) {
    tail -= term;
    term *= mean / (k + 1);
  }
  return k;
}

describe('looks every ten minutes', () => {
  it('open hardly more alerts by chance than looks every hour: what the budget is divided by covers it', () => {
    const allowed = looksAWeek(LOOK_EVERY_MS) / looksAWeek(HOUR_MS);
    const ratios = [0.05, 0.2, 1, 4].map(
      (failuresADay) => openingsAWeek(failuresADay, LOOK_EVERY_MS) / openingsAWeek(failuresADay, HOUR_MS),
    );
    for (const ratio of ratios) expect(ratio).toBeLessThanOrEqual(allowed);
    expect(Math.max(...ratios)).toBeGreaterThan(1);
  });
});

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
