import type { Figure } from './figure.js';

/** How a run of the benchmarks goes: `quick` is shorter with fewer runs. */
export interface BenchRun {
  readonly quick: boolean;
  /** Progress for people, on stderr. */
  readonly note: (text: string) => void;
}

/** What a benchmark gives back. */
export interface BenchResult {
  readonly figures: Readonly<Record<string, Figure>>;
  /** Whatever explains the figures: sizes, CPU, counts that were checked. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** A benchmark that cannot be run here, with the reason. */
export interface Skipped {
  readonly skipped: string;
}

/** A benchmark that broke: the others still count. */
export interface Failed {
  readonly failed: string;
}

export const waitMs = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const secondsSince = (startMs: number): number => (performance.now() - startMs) / 1_000;
