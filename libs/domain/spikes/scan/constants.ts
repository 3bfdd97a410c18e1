import { DAY_MS, MIN_DEVICES, QUIET_DEVICES, QUIET_TIMES_EXPECTED, RECOVERY_EVIDENCE } from '../constants.js';

/** The scan's numbers, each with its reason; those it shares with the first form of the watch stand there. */
export { DAY_MS, MIN_DEVICES, QUIET_DEVICES, QUIET_TIMES_EXPECTED, RECOVERY_EVIDENCE };

/** Six hours for a burst, a day for what comes with the night's installs, three for a slow rise. */
export const WINDOWS_MS = [DAY_MS / 4, DAY_MS, 3 * DAY_MS] as const;
/** What is in a window is not yet past. */
export const LONGEST_WINDOW_MS = 3 * DAY_MS;
/** Four weeks hold one Patch Tuesday, whatever day the watch looks. */
export const BASELINE_MS = 28 * DAY_MS;
/** Reports later than this are stored, not tested: they tell of an old failure, not of a new one. */
export const MOST_DELAY_MS = 7 * DAY_MS;
/** An alert's failures stay out of the baseline so long; what lasts longer has become usual. */
export const MOST_EXCLUDED_MS = 14 * DAY_MS;
/** A guard that never acted where the method was measured: the smallest lift at an opening was 8.4. */
export const MIN_LIFT = 3;
/** Looks a week that count against the budget, in three overlapping windows. */
export const LOOKS_A_WEEK = 75;
/** Fewer series than this do not make a bank more sensitive still. */
export const MIN_SERIES = 10;
/** A series is active for a week after its last failure. */
export const ACTIVE_MS = 7 * DAY_MS;
/** A narrower scope must be ten times as unlikely for each value it fixes. */
export const NARROWING = Math.log(10);
/** Three alerts inside one scope are one incident of that scope. */
export const MERGED_FROM = 3;
/** With too few installs to prove recovery, a week of quiet closes the alert as stale. */
export const STALE_MS = 7 * DAY_MS;
/** The same scope back within three days is the same incident. */
export const REOPEN_MS = 3 * DAY_MS;
