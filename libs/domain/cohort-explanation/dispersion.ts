import type { Combinations } from './attribute-combinations.js';
import type { Tally } from './cohort-row.js';
import { GROUPING_ATTRIBUTES, LEAST_DISPERSION } from './constants.js';

/**
 * How many times more the failures of banks and builds differ than chance would make them, among the devices outside of a cell: a cause must not hide behind the difference it makes.
 */
export function dispersionOutside({ values, combinations }: Combinations, cell: readonly number[]): number {
  const groups = new Map<string, { devices: number; failed: number }>();
  for (const { valueIds, devices, failed } of combinations) {
    if (cell.every((id) => valueIds.includes(id))) continue;
    const key = valueIds.filter((id) => GROUPING_ATTRIBUTES.includes(values[id]?.attribute ?? '')).join();
    const group = groups.get(key) ?? { devices: 0, failed: 0 };
    group.devices += devices;
    group.failed += failed;
    groups.set(key, group);
  }
  return Math.max(LEAST_DISPERSION, dispersionOf([...groups.values()]));
}

/**
 * Fletcher's estimator for sparse counts (Biometrika 2012, 99:230): Pearson's chi-square by its degrees of freedom,
 * over 1 + the mean of s. Without the divisor one failure in a group of two devices looks like a wild fleet.
 */
function dispersionOf(groups: readonly Tally[]): number {
  const devices = groups.reduce((sum, group) => sum + group.devices, 0);
  const rate = groups.reduce((sum, group) => sum + group.failed, 0) / devices;
  const variance = rate * (1 - rate);
  if (groups.length < 2 || !(variance > 0)) return 0;
  let [chiSquare, skew] = [0, 0];
  for (const group of groups) {
    const excess = group.failed - group.devices * rate;
    chiSquare += excess ** 2 / (group.devices * variance);
    skew += ((1 - 2 * rate) * excess) / (group.devices * variance);
  }
  return chiSquare / (groups.length - 1) / (1 + skew / groups.length);
}
