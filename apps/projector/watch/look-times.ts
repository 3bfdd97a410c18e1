import { DAY_MS } from '#domain/spikes/constants.js';

/** Up to so many missed looks are looks of today; with more, only the newest is, and the others are made up for. */
const MAX_SINGLE_LOOKS = 6;
const HOUR_MS = DAY_MS / 24;
/** Three days are made up for by the hour: the longest window, so that what has begun since is seen as it grew. */
const HOURLY_MS = 3 * DAY_MS;
/** What is older, by windows of 6 h that leave no arrival unseen. */
const COLLAPSED_STEP_MS = DAY_MS / 4;
/** Older ones would only tell of incidents that are history. */
const CATCH_UP_MS = 28 * DAY_MS;

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
 * after more than six of them, at every hour of the last three days, every sixth hour of the last 28 days before, and at
 * the newest boundary; so at most 173 looks.
 */
export function lookTimes(lookedUpToMs: number, watchTimeMs: number, lookEveryMs: number): LookTime[] {
  const newest = boundaryAt(watchTimeMs, lookEveryMs);
  const first = boundaryAt(lookedUpToMs, lookEveryMs) + lookEveryMs;
  if (first > newest) return [];
  const missed = (newest - first) / lookEveryMs + 1;
  if (missed <= MAX_SINGLE_LOOKS)
    return Array.from({ length: missed }, (_, at) => ({ atMs: first + at * lookEveryMs, isPast: false }));

  const times: LookTime[] = [];
  let atMs = nextStep(Math.max(first, newest - CATCH_UP_MS), COLLAPSED_STEP_MS);
  for (; atMs < newest - HOURLY_MS; atMs += COLLAPSED_STEP_MS) times.push({ atMs, isPast: true });
  atMs = nextStep(Math.max(first, newest - HOURLY_MS), HOUR_MS);
  for (; atMs < newest; atMs += HOUR_MS) times.push({ atMs, isPast: true });
  return [...times, { atMs: newest, isPast: false }];
}

const nextStep = (atMs: number, stepMs: number): number => Math.ceil(atMs / stepMs) * stepMs;
