import type { Tally } from './cohort-row.js';

/**
 * ln of how much better two failure rates explain the outcomes than a common one (Bernoulli). 0 when both are the same
 * or one side is empty.
 */
export function lnLikelihoodRatio(one: Tally, other: Tally): number {
  const all = { devices: one.devices + other.devices, failed: one.failed + other.failed };
  return Math.max(0, lnLikelihood(one) + lnLikelihood(other) - lnLikelihood(all));
}

/** ln of the outcomes' likelihood at their own rate. */
function lnLikelihood({ devices, failed }: Tally): number {
  return timesLn(failed, failed / devices) + timesLn(devices - failed, 1 - failed / devices);
}

const timesLn = (count: number, share: number): number => (count === 0 ? 0 : count * Math.log(share));
