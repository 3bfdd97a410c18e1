import type { ScanReport } from './reports.js';

const HOUR_MS = 3_600_000;
/** Upper ends of the delay bins, in hours; the ninth bin is everything above. */
const BIN_ENDS_HOURS = [1, 2, 3, 5, 8, 12, 24, 72];
/** Reports' worth of belief that a bin fails as often as all do. */
const PRIOR_REPORTS = 20;

export const DELAY_BINS = BIN_ENDS_HOURS.length + 1;

export function delayBinOf({ arrivedMs, occurredMs }: Pick<ScanReport, 'arrivedMs' | 'occurredMs'>): number {
  const hours = (arrivedMs - occurredMs) / HOUR_MS;
  const bin = BIN_ENDS_HOURS.findIndex((end) => hours <= end);
  return bin < 0 ? BIN_ENDS_HOURS.length : bin;
}

/**
 * How much likelier than all reports those of a delay bin are to be failures. Failures arrive at once, successes
 * after the restart: early on Patch Tuesday only failures are there, and this takes that out of the expectation.
 * @param counts reports and failures of the baseline by bin
 */
export function delayWeights(
  counts: readonly { readonly reports: number; readonly failures: number }[],
): number[] {
  let [reports, failures] = [0, 0];
  for (const bin of counts) [reports, failures] = [reports + bin.reports, failures + bin.failures];
  const share = (failures + 1) / (reports + PRIOR_REPORTS);
  return counts.map((bin) => (bin.failures + PRIOR_REPORTS * share) / (bin.reports + PRIOR_REPORTS) / share);
}
