/** One measured quantity: every run, their median, and the limit that the project set for it. */
export interface Figure {
  readonly unit: string;
  readonly runs: readonly number[];
  readonly median: number;
  /** At least so much is wanted. */
  readonly floor?: number;
  /** At most so much is wanted. */
  readonly ceiling?: number;
  /** Absent where no limit is set. */
  readonly met?: boolean;
}

export type Limit = { readonly floor: number } | { readonly ceiling: number };

/** A figure out of its runs; rounded to three digits behind the point. @throws RangeError without runs */
export function figure(unit: string, runs: readonly number[], limit?: Limit): Figure {
  const rounded = runs.map(round);
  const middle = median(rounded);
  if (!limit) return { unit, runs: rounded, median: middle };
  const met = 'floor' in limit ? middle >= limit.floor : middle <= limit.ceiling;
  return { unit, runs: rounded, median: middle, ...limit, met };
}

/** @throws RangeError for an empty list */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** Nearest rank: a value that was really measured. @throws RangeError for an empty list */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)];
  if (value === undefined) throw new RangeError('nothing was measured');
  return value;
}

export const round = (value: number): number => Math.round(value * 1_000) / 1_000;
