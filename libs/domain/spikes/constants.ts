/** The watch's numbers, each with its reason. "SMR scan" = the method measured for this product on simulated fleets. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** A look at every boundary of ten minutes of the log's own time: on-call wants to know within minutes. */
export const LOOK_EVERY_MS = 10 * MINUTE_MS;

/** Devices of the last day: long enough for banks that patch at night, short enough to be news. */
export const WINDOW_MS = 24 * HOUR_MS;

/** A bank known for less than its baseline (28 days) is judged provisionally: tickets, no pages. */
export const LEARNING_MS = 28 * DAY_MS;

/**
 * Until then no signature is expected to fail less often than this, whatever the few days so far say: on a fleet's first
 * Patch Tuesday every ordinary failure is one never seen before. Chosen on simulated fleets, see docs/decisions/0030.
 */
export const LEARNING_RATE = 0.03;

/**
 * Squared coefficient of variation of a signature's true daily rate. 0.3 is what the SMR scan prefers unless
 * 28 days of counts say otherwise; this first form does not learn it per series.
 */
export const DISPERSION_C2 = 0.3;

/** Fewer devices are never news: two may be twins of one bad image or one technician's bench. */
export const MIN_DEVICES = 3;

/** False pages a bank accepts a week: one in two years. The knob of the watch, in the unit people understand. */
export const PAGE_BUDGET_A_WEEK = 0.01;

/** Bounds the smoothed rate of a signature nobody has installed against: at most every second install fails. */
export const MAX_RATE = 0.5;

/**
 * Looks a week that count against the budget, for a cell of `failed` devices.
 *
 * Looking 1,008 times a week is not 1,008 chances: windows overlap, and a count can newly reach k only when a
 * failure arrives. For arrivals at a steady (even unknown, random) rate, the expected number of times a week at
 * which the count of the last 24 h steps up to k is 7 k P(K = k), which is at most 7 k P(K >= k), however often one
 * looks. So 7 k, and never more than the looks there are. (For hourly looks in three windows the scan uses 75.)
 */
export function looksAWeek(failed: number): number {
  const windowsAWeek = (7 * DAY_MS) / WINDOW_MS;
  return Math.min(windowsAWeek * Math.max(1, failed), (7 * DAY_MS) / LOOK_EVERY_MS);
}

/** Below this many failing devices, or twice the expected ones, a signature is quiet. */
export const QUIET_DEVICES = 2;
export const QUIET_TIMES_EXPECTED = 2;

/** So many failures should have been seen at the alert's rate among today's installs: silence by chance is e^-6. */
export const RECOVERY_EVIDENCE = 6;

/** With too few installs to prove recovery, a week of quiet closes the alert as stale. */
export const STALE_AFTER_MS = 7 * DAY_MS;

/** The same signature back within three days is the same incident: it opens again without a new notification. */
export const REOPEN_WITHIN_MS = 3 * DAY_MS;

/** An open alert is updated when the number of failing devices has grown by this factor since last told. */
export const UPDATE_GROWTH = 2;
