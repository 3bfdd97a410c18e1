import { LEARNING_MS } from './constants.js';

/** A bank whose history is still shorter than a baseline. */
export interface LearningBank {
  readonly bank: string;
  /** ISO UTC: from then on it is judged by its own 28 days. */
  readonly until: string;
}

interface FirstArrival {
  readonly bank: string;
  readonly firstMs: number;
}

/**
 * From when on each bank is no longer learnt: 28 days after its first report. Banks that come while the whole fleet is
 * still being learnt share the fleet's 28 days, because rates are pooled over it.
 * @param firstArrivals of every bank of the fleet
 */
export function learntFrom(firstArrivals: readonly FirstArrival[]): ReadonlyMap<string, number> {
  const fleetMs = firstArrivals.reduce((first, { firstMs }) => Math.min(first, firstMs), Infinity);
  return new Map(
    firstArrivals.map(({ bank, firstMs }) => [
      bank,
      (firstMs - fleetMs < LEARNING_MS ? fleetMs : firstMs) + LEARNING_MS,
    ]),
  );
}

/** The banks among them that are still learnt at `atMs`, by name. */
export function learningBanks(firstArrivals: readonly FirstArrival[], atMs: number): LearningBank[] {
  return [...learntFrom(firstArrivals)]
    .filter(([, fromMs]) => atMs < fromMs)
    .map(([bank, fromMs]) => ({ bank, until: new Date(fromMs).toISOString() }))
    .sort((left, right) => (left.bank < right.bank ? -1 : 1));
}
