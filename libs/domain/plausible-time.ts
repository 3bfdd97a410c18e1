const BEGIN_MS = Date.UTC(2001, 0, 1);
const AHEAD_MS = 24 * 3_600_000;

/** A reported time can be believed: not before 2001, not more than 24 h after the report was received (contract.md §3). */
export const isPlausible = (timeMs: number, receivedAtMs: number): boolean =>
  timeMs >= BEGIN_MS && timeMs <= receivedAtMs + AHEAD_MS;
