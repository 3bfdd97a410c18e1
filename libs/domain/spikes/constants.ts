/** The watch's numbers, each with its reason. "SMR scan" = the method measured for this product on simulated fleets. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** A look at every boundary of ten minutes of the log's own time: on-call wants to know within minutes. */
export const LOOK_EVERY_MS = 10 * MINUTE_MS;

/** Six hours for a burst, a day for what comes with the night's installs, three for a slow rise. */
export const WINDOWS_MS = [DAY_MS / 4, DAY_MS, 3 * DAY_MS] as const;
/** What is in a window is not yet past. */
export const LONGEST_WINDOW_MS = 3 * DAY_MS;
/** Four weeks hold one Patch Tuesday, whatever day the watch looks. */
export const BASELINE_MS = 28 * DAY_MS;

/** A bank known for less than its baseline is judged provisionally: tickets, no pages. */
export const LEARNING_MS = 28 * DAY_MS;
/**
 * Until then no signature is expected to fail less often than this, whatever the few days so far say: on a fleet's first
 * Patch Tuesday every ordinary failure is one never seen before. Chosen on simulated fleets, see docs/decisions/0030.
 */
export const LEARNING_RATE = 0.03;

/** Attempts reported later than this are stored, not tested as news: they tell of an old failure. */
export const MOST_DELAY_MS = 7 * DAY_MS;
/** What was imported or replayed tells of something earlier when it began longer ago than one night. */
export const MOST_IMPORT_DELAY_MS = 24 * HOUR_MS;

/** Fewer devices are never news: two may be twins of one bad image or one technician's bench. */
export const MIN_DEVICES = 3;
/** A guard that never acted where the method was measured: the smallest lift at an opening was 8.4. */
export const MIN_LIFT = 3;
/** A narrower scope must be ten times as unlikely for each value it fixes. */
export const NARROWING = Math.log(10);
/** An incident is named at the finest level that explains so much of its excess of failing devices. */
export const EXPLAINED_SHARE = 0.8;
/** Three alerts inside one scope are one incident of that scope. */
export const MERGED_FROM = 3;
/** More alerts than this at one look are one event with many codes, and are told by one alert that sums them up. */
export const MOST_RAISED_A_LOOK = 10;

/** Fewer series than this do not make a bank more sensitive still. */
export const MIN_SERIES = 10;
/** A series is active for a week after its last failure. */
export const ACTIVE_MS = 7 * DAY_MS;

/** An alert's failures stay out of the baseline so long; what lasts longer has become usual. */
export const MOST_EXCLUDED_MS = 14 * DAY_MS;

/** Below this many failing devices, or twice the expected ones, a signature is quiet. */
export const QUIET_DEVICES = 2;
export const QUIET_TIMES_EXPECTED = 2;
/** So many failures should have been seen at the alert's rate among what came since: silence by chance is e^-6. */
export const RECOVERY_EVIDENCE = 6;
/** With too few installs to prove recovery, a week of quiet closes the alert as stale. */
export const STALE_MS = 7 * DAY_MS;
/** The same scope back within three days is the same incident: it opens again without a new notification. */
export const REOPEN_MS = 3 * DAY_MS;
/** An open alert is updated when the number of failing devices has grown by this factor since last told. */
export const UPDATE_GROWTH = 2;
