import { DAY_MS } from '#domain/spikes/constants.js';

/** Up to so many missed looks are looks of today; with more, only the newest is, and the others are made up for. */
const MAX_SINGLE_LOOKS = 6;
const HOUR_MS = DAY_MS / 24;
/** What is made up for, by age: the last day by the hour, as it grew; what is older by steps that leave no window of a day unseen. */
const STEPS = [
  { untilMs: 28 * DAY_MS, stepMs: DAY_MS },
  { untilMs: 3 * DAY_MS, stepMs: DAY_MS / 4 },
  { untilMs: DAY_MS, stepMs: HOUR_MS },
] as const;

export interface LookTime {
  readonly atMs: number;
  /** Made up for: what such a look raises is told when it is open still at a look of today. */
  readonly isPast: boolean;
}

/** The newest boundary of looks at or before `atMs`. */
export const boundaryAt = (atMs: number, lookEveryMs: number): number =>
  Math.floor(atMs / lookEveryMs) * lookEveryMs;

/**
 * When to look after watch time went on from `lookedUpToMs` (exclusive) to `watchTimeMs` (inclusive): at every boundary;
 * after more than six of them, at every hour of the last day, every sixth hour of the last three, every midnight of the
 * last 28, and at the newest boundary; so at most 59 looks.
 */
export function lookTimes(lookedUpToMs: number, watchTimeMs: number, lookEveryMs: number): LookTime[] {
  const newest = boundaryAt(watchTimeMs, lookEveryMs);
  const first = boundaryAt(lookedUpToMs, lookEveryMs) + lookEveryMs;
  if (first > newest) return [];
  const missed = (newest - first) / lookEveryMs + 1;
  if (missed <= MAX_SINGLE_LOOKS)
    return Array.from({ length: missed }, (_, at) => ({ atMs: first + at * lookEveryMs, isPast: false }));

  const times = STEPS.flatMap(({ untilMs, stepMs }, index): LookTime[] => {
    const from = nextStep(Math.max(first, newest - untilMs), stepMs);
    const end = newest - (STEPS[index + 1]?.untilMs ?? 0);
    return Array.from({ length: Math.max(0, Math.ceil((end - from) / stepMs)) }, (_, at) => ({
      atMs: from + at * stepMs,
      isPast: true,
    }));
  });
  return [...times, { atMs: newest, isPast: false }];
}

const nextStep = (atMs: number, stepMs: number): number => Math.ceil(atMs / stepMs) * stepMs;
