import { lnTail } from '../beta-binomial.js';
import type { Baseline, BaselineGroup } from './baseline.js';
import { DELAY_BINS, delayBinOf } from './delay-weights.js';
import { familyOf } from './reports.js';
import type { ScanReport } from './reports.js';
import { scopeId, scopesOf } from './scope.js';
import type { Scope } from './scope.js';

/** A scope, one signature and one window, with what was seen and what was expected. */
export interface Cell extends Scope {
  readonly signature: string;
  readonly windowMs: number;
  /** Distinct devices that failed so. */
  readonly failed: number;
  /** Distinct device × KB pairs that tried. */
  readonly installs: number;
  readonly expected: number;
  readonly baselineFailed: number;
}

/** The finest grouping: what tried, whatever came of it. */
interface Leaf extends Scope {
  readonly group: BaselineGroup;
  readonly devices: Set<string>;
  readonly delays: number[];
  reports: number;
  /** Mean delay weight of the reports. */
  weight: number;
}

/** The reports of one window, ready to be asked. */
export class WindowCells {
  private readonly leaves = new Map<string, Leaf>();
  private readonly leavesByScope = new Map<string, Leaf[]>();
  private readonly failuresBySignature = new Map<string, ScanReport[]>();

  constructor(
    readonly windowMs: number,
    reports: Iterable<ScanReport>,
    private readonly baseline: Baseline,
  ) {
    for (const report of reports) this.add(report);
    const weights = baseline.delayWeights();
    for (const leaf of this.leaves.values()) {
      leaf.weight = meanWeight(leaf, weights);
      for (const scope of scopesOf(leaf)) {
        const id = scopeId(scope);
        const leaves = this.leavesByScope.get(id);
        if (leaves) leaves.push(leaf);
        else this.leavesByScope.set(id, [leaf]);
      }
    }
  }

  /** Signatures that failed in the window, with the reports. */
  get failures(): ReadonlyMap<string, readonly ScanReport[]> {
    return this.failuresBySignature;
  }

  /** Every cell of a signature in which at least so many of the failures given are of different devices. */
  cellsOf(signature: string, failures: readonly ScanReport[], minDevices: number): Cell[] {
    const devicesByScope = new Map<string, { scope: Scope; devices: Set<string> }>();
    for (const failure of failures) {
      for (const scope of scopesOf(failure)) {
        const id = scopeId(scope);
        const known = devicesByScope.get(id);
        if (known) known.devices.add(failure.device);
        else devicesByScope.set(id, { scope, devices: new Set([failure.device]) });
      }
    }
    const cells: Cell[] = [];
    for (const { scope, devices } of devicesByScope.values()) {
      if (devices.size >= minDevices)
        cells.push({
          ...scope,
          signature,
          windowMs: this.windowMs,
          failed: devices.size,
          ...this.told(signature, scope),
        });
    }
    return cells;
  }

  /** What tried in a scope, and how many failures that lets expect. */
  told(signature: string, scope: Scope): Pick<Cell, 'installs' | 'expected' | 'baselineFailed'> {
    let [installs, expected, baselineFailed] = [0, 0, 0];
    const counted = new Set<BaselineGroup>();
    for (const { devices, group, weight } of this.leavesByScope.get(scopeId(scope)) ?? []) {
      installs += devices.size;
      expected += devices.size * group.rateOf(signature) * weight;
      if (counted.has(group)) continue;
      counted.add(group);
      baselineFailed += group.failuresOf(signature);
    }
    return { installs, expected, baselineFailed };
  }

  private add(report: ScanReport): void {
    const id = scopeId(report);
    let leaf = this.leaves.get(id);
    if (!leaf) {
      const { bank, build, kb } = report;
      leaf = {
        bank,
        build,
        kb,
        group: this.baseline.groupOf(bank, familyOf(build)),
        devices: new Set(),
        delays: new Array<number>(DELAY_BINS).fill(0),
        reports: 0,
        weight: 1,
      };
      this.leaves.set(id, leaf);
    }
    leaf.devices.add(report.device);
    leaf.reports += 1;
    const bin = delayBinOf(report);
    leaf.delays[bin] = (leaf.delays[bin] ?? 0) + 1;
    if (report.signature === null) return;
    const failures = this.failuresBySignature.get(report.signature);
    if (failures) failures.push(report);
    else this.failuresBySignature.set(report.signature, [report]);
  }
}

function meanWeight({ delays, reports }: Leaf, weights: readonly number[]): number {
  return delays.reduce((sum, count, bin) => sum + count * (weights[bin] ?? 1), 0) / reports;
}

/** ln of the probability that chance alone brings so many. */
export const lnPOf = (cell: Omit<Cell, 'signature' | 'windowMs' | keyof Scope>, c2: number): number =>
  lnTail({ ...cell, installs: Math.max(cell.installs, cell.failed), c2 });
