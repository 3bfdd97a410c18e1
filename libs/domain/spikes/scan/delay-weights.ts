const HOUR_MS = 3_600_000;
/** Upper ends of the delay bins, in hours; the ninth bin is everything above. */
export const DELAY_BIN_ENDS_HOURS = [1, 2, 3, 5, 8, 12, 24, 72] as const;
/** Reports' worth of belief that a bin fails as often as all do. */
const PRIOR_REPORTS = 20;

export const DELAY_BINS = DELAY_BIN_ENDS_HOURS.length + 1;

/** @param delayMs from the start of an attempt to its arrival */
export function delayBinOf(delayMs: number): number {
  const bin = DELAY_BIN_ENDS_HOURS.findIndex((end) => delayMs <= end * HOUR_MS);
  return bin < 0 ? DELAY_BIN_ENDS_HOURS.length : bin;
}

/**
 * How much likelier than all reports those of a delay bin are to be failures. Failures arrive at once, successes
 * after the restart: early on Patch Tuesday only failures are there, and this takes that out of the expectation.
 * @param counts reports and failures of the baseline by bin
 */
export function delayWeights(counts: readonly { readonly reports: number; readonly failures: number }[]): {
  readonly delayWeights: readonly number[];
  readonly failedShare: number;
} {
  let [reports, failures] = [0, 0];
  for (const bin of counts) [reports, failures] = [reports + bin.reports, failures + bin.failures];
  const failedShare = (failures + 1) / (reports + PRIOR_REPORTS);
  return {
    failedShare,
    delayWeights: counts.map(
      (bin) => (bin.failures + PRIOR_REPORTS * failedShare) / (bin.reports + PRIOR_REPORTS) / failedShare,
    ),
  };
}

/**
 * The control for attempts whose start nobody told, so that their delay is unknown: how much likelier than usual they
 * are to have failed now in any *other* way. Early on Patch Tuesday that rises for every signature alike.
 */
export const controlWeight = (otherFailures: number, reports: number, failedShare: number): number =>
  (otherFailures + PRIOR_REPORTS * failedShare) / (reports + PRIOR_REPORTS) / failedShare;
