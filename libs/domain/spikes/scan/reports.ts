import type { Scope } from './scope.js';

/** One device's outcome for one KB. Times in ms. */
export interface ScanReport extends Scope {
  readonly device: string;
  readonly arrivedMs: number;
  /** Start of the attempt. */
  readonly occurredMs: number;
  /** Null when it did not fail. */
  readonly signature: string | null;
}

/** Rates are shared by builds of one release of Windows: `19044` of `19044.2520`. */
export const familyOf = (build: string): string => {
  const dot = build.indexOf('.');
  return dot < 0 ? build : build.slice(0, dot);
};
