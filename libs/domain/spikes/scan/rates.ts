import { LEARNING_RATE } from '../constants.js';
import { ANY_FAILURE, groupId } from './counts.js';
import type { BaselineCounts } from './counts.js';
import { delayWeights } from './delay-weights.js';

/** Shares are smoothed with so many failures' worth of belief in the coarser share. */
const PRIOR_FAILURES = 2;
const MAX_PRIOR_RATE = 0.5;

/** What the past tells of a bank's devices of one release of Windows. */
export interface GroupRates {
  /** Distinct device × KB pairs that failed so. */
  failuresOf(series: string): number;
  /** The share of attempts expected to fail so. */
  rateOf(series: string): number;
}

/** Stands for every series that the past never saw: all of them are expected alike, however many come at once. */
const NEVER_SEEN = '';

/** What the past lets expect of each bank's devices. */
export interface Rates {
  /** The name under which a series is expected: series of one name are expected alike. */
  nameOf(series: string): string;
  groupOf(bank: string, family: string): GroupRates;
  /** How much likelier a report of each delay bin is to tell a failure. */
  readonly delayWeights: readonly number[];
  /** Share of all reports that tell a failure. */
  readonly failedShare: number;
}

/**
 * The usual rates: the group's own share, drawn towards what bank and release let expect together, drawn towards the
 * fleet.
 */
export function usualRates(counts: BaselineCounts): Rates {
  const triedIn = (group: string, series: string): number =>
    series === ANY_FAILURE ? counts.started(group) : counts.installs(group);
  const rateIn = (group: string, series: string, prior: number): number =>
    (counts.failures(group, series) + PRIOR_FAILURES) / (triedIn(group, series) + PRIOR_FAILURES / prior);
  const fleet = groupId(null, null);
  const makeGroup = (bank: string, family: string): GroupRates => {
    const own = groupId(bank, family);
    return {
      failuresOf: remembered((series) => counts.failures(own, series)),
      rateOf: remembered((series) => {
        const ofFleet = (counts.failures(fleet, series) + 0.5) / (triedIn(fleet, series) + 1);
        const ofFamily = rateIn(groupId(null, family), series, ofFleet);
        const together = (ofFamily * rateIn(groupId(bank, null), series, ofFleet)) / ofFleet;
        return rateIn(own, series, Math.min(MAX_PRIOR_RATE, together));
      }),
    };
  };
  const groups = new Map<string, GroupRates>();
  return {
    nameOf: namedBy(counts),
    groupOf(bank, family) {
      const id = groupId(bank, family);
      let group = groups.get(id);
      if (!group) groups.set(id, (group = makeGroup(bank, family)));
      return group;
    },
    ...delayWeights(counts.byDelay),
  };
}

/**
 * The rates of a bank in its first month: half a failure in as many installs as make it `LEARNING_RATE`, which is also
 * the least (docs/decisions/0030). Nothing is known of delays yet.
 */
export function provisionalRates(counts: BaselineCounts): Rates {
  const banks = new Map<string, GroupRates>();
  const makeBank = (bank: string): GroupRates => {
    const group = groupId(bank, null);
    const failuresOf = remembered((series) => counts.failures(group, series));
    const rateOf = (series: string): number =>
      Math.max(LEARNING_RATE, (failuresOf(series) + 0.5) / (counts.installs(group) + 0.5 / LEARNING_RATE));
    return { failuresOf, rateOf };
  };
  return {
    nameOf: namedBy(counts),
    groupOf(bank) {
      let group = banks.get(bank);
      if (!group) banks.set(bank, (group = makeBank(bank)));
      return group;
    },
    delayWeights: counts.byDelay.map(() => 1),
    failedShare: 1,
  };
}

/** @returns `Rates.nameOf` */
const namedBy =
  (counts: BaselineCounts) =>
  (series: string): string =>
    series === ANY_FAILURE || counts.failures(groupId(null, null), series) > 0 ? series : NEVER_SEEN;

function remembered(compute: (series: string) => number): (series: string) => number {
  const known = new Map<string, number>();
  return (series) => {
    let value = known.get(series);
    if (value === undefined) known.set(series, (value = compute(series)));
    return value;
  };
}
