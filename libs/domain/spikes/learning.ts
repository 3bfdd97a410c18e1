import { LEARNING_MS } from './constants.js';

/** A bank whose history is still shorter than a baseline. */
export interface LearningBank {
  readonly bank: string;
  /** ISO UTC: from then on it is judged by its own 28 days. */
  readonly until: string;
}

/** Whether a bank whose first report arrived at `sinceMs` (null = none yet) is still learnt at `atMs`. */
export const isLearning = (sinceMs: number | null, atMs: number): boolean =>
  sinceMs === null || atMs - sinceMs < LEARNING_MS;

/** The banks among them that are still learnt at `atMs`, by name. */
export function learningBanks(
  firstArrivals: readonly { readonly bank: string; readonly firstMs: number }[],
  atMs: number,
): LearningBank[] {
  return firstArrivals
    .filter(({ firstMs }) => isLearning(firstMs, atMs))
    .map(({ bank, firstMs }) => ({ bank, until: new Date(firstMs + LEARNING_MS).toISOString() }))
    .sort((left, right) => (left.bank < right.bank ? -1 : 1));
}
