import { DELAY_BINS, delayBinOf, delayWeights } from './delay-weights.js';
import { familyOf } from './reports.js';
import type { ScanReport } from './reports.js';

/** Shares are smoothed with so many failures' worth of belief in the coarser share. */
const PRIOR_FAILURES = 2;
const MAX_PRIOR_RATE = 0.5;

/** Distinct members by group, kept up while reports come and go. */
class DistinctCounts {
  private readonly groups = new Map<string, Map<string, number>>();

  change(group: string, member: string, by: 1 | -1): void {
    const members = this.groups.get(group) ?? new Map<string, number>();
    this.groups.set(group, members);
    const count = (members.get(member) ?? 0) + by;
    if (count > 0) members.set(member, count);
    else members.delete(member);
    if (members.size === 0) this.groups.delete(group);
  }

  of(group: string): number {
    return this.groups.get(group)?.size ?? 0;
  }
}

/** What the past tells of a bank's devices of one release of Windows. */
export interface BaselineGroup {
  /** Distinct device × KB pairs that failed so. */
  failuresOf(signature: string): number;
  /**
   * The share of attempts expected to fail so: the group's own, drawn towards what bank and release let expect
   * together, drawn towards the fleet.
   */
  rateOf(signature: string): number;
}

/**
 * What the past lets expect: distinct device × KB pairs that tried and that failed, over the fleet, a release of
 * Windows, a bank, and both. Reports are added when they become past and removed when they are too old.
 */
export class Baseline {
  private readonly installs = new DistinctCounts();
  private readonly failures = new DistinctCounts();
  private readonly byDelay = Array.from({ length: DELAY_BINS }, () => ({ reports: 0, failures: 0 }));

  private groups = new Map<string, BaselineGroup>();

  /** @param by 1 = the report becomes past, -1 = it leaves the baseline */
  change(report: ScanReport, by: 1 | -1): void {
    if (this.groups.size > 0) this.groups = new Map();
    const { bank, build, signature } = report;
    const pair = `${report.device}|${report.kb}`;
    const bin = this.byDelay[delayBinOf(report)];
    if (bin) {
      bin.reports += by;
      if (signature !== null) bin.failures += by;
    }
    for (const group of groupsOf(bank, familyOf(build))) {
      this.installs.change(group, pair, by);
      if (signature !== null) this.failures.change(`${group}/${signature}`, pair, by);
    }
  }

  /** What is known of a bank's devices of one release, remembered until the next report comes or goes. */
  groupOf(bank: string, family: string): BaselineGroup {
    const id = both(bank, family);
    let group = this.groups.get(id);
    if (!group) this.groups.set(id, (group = this.makeGroup(bank, family)));
    return group;
  }

  delayWeights(): number[] {
    return delayWeights(this.byDelay);
  }

  private makeGroup(bank: string, family: string): BaselineGroup {
    const rateIn = (group: string, signature: string, prior: number) =>
      (this.failures.of(`${group}/${signature}`) + PRIOR_FAILURES) /
      (this.installs.of(group) + PRIOR_FAILURES / prior);
    return {
      failuresOf: remembered((signature) => this.failures.of(`${both(bank, family)}/${signature}`)),
      rateOf: remembered((signature) => {
        const fleet = (this.failures.of(`/${signature}`) + 0.5) / (this.installs.of('') + 1);
        const ofFamily = rateIn(`family ${family}`, signature, fleet);
        const together = (ofFamily * rateIn(`bank ${bank}`, signature, fleet)) / fleet;
        return rateIn(both(bank, family), signature, Math.min(MAX_PRIOR_RATE, together));
      }),
    };
  }
}

const both = (bank: string, family: string): string => `bank ${bank} family ${family}`;
const groupsOf = (bank: string, family: string): string[] => [
  '',
  `family ${family}`,
  `bank ${bank}`,
  both(bank, family),
];

function remembered(compute: (signature: string) => number): (signature: string) => number {
  const known = new Map<string, number>();
  return (signature) => {
    let value = known.get(signature);
    if (value === undefined) known.set(signature, (value = compute(signature)));
    return value;
  };
}
