import { lnTail } from '../beta-binomial.js';
import { ANY_FAILURE } from './counts.js';
import type { Failure, Leaf, Window } from './counts.js';
import { controlWeight } from './delay-weights.js';
import type { GroupRates, Rates } from './rates.js';
import { familyOf, scopeId, scopesOf } from './scope.js';
import type { Scope } from './scope.js';

/** A scope, one series and one window, with what was seen and what was expected. */
export interface Cell extends Scope {
  readonly series: string;
  readonly windowMs: number;
  /** Distinct devices that failed so. */
  readonly failed: number;
  /** Distinct device × KB pairs that tried. */
  readonly installs: number;
  readonly expected: number;
  readonly baselineFailed: number;
}

type ToldCounts = Pick<Cell, 'installs' | 'expected' | 'baselineFailed'>;

interface RatedLeaf {
  readonly leaf: Leaf;
  readonly rates: GroupRates;
  /** Sum of the delay weights of the reports whose delay is known. */
  readonly weight: number;
  readonly reports: number;
}

/** One window against what the past lets expect, ready to be asked. */
export class WindowCells {
  /** Failures by their code, the coarsest level. */
  readonly failuresByCode = new Map<string, Failure[]>();
  private readonly leavesByScope = new Map<string, RatedLeaf[]>();
  private readonly undatedFailures = new Map<string, number>();
  private readonly known = new Map<string, ToldCounts>();
  private undated = 0;

  constructor(
    readonly window: Window,
    private readonly rates: Rates,
  ) {
    for (const leaf of window.leaves) this.addLeaf(leaf);
    for (const failure of window.failures) {
      const [code = ''] = failure.levels;
      const known = this.failuresByCode.get(code);
      if (known) known.push(failure);
      else this.failuresByCode.set(code, [failure]);
      if (failure.isDated) continue;
      for (const series of [...failure.levels, ANY_FAILURE])
        this.undatedFailures.set(series, (this.undatedFailures.get(series) ?? 0) + 1);
    }
  }

  get windowMs(): number {
    return this.window.windowMs;
  }

  /** Every cell of a series in which at least so many of the failures given are of different devices. */
  cellsOf(series: string, failures: readonly Failure[], minDevices: number): Cell[] {
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
    for (const { scope, devices } of devicesByScope.values())
      if (devices.size >= minDevices) cells.push(this.cellOf(series, scope, devices.size));
    return cells;
  }

  cellOf(series: string, scope: Scope, failed: number): Cell {
    const { bank, build, kb } = scope;
    return { bank, build, kb, series, windowMs: this.windowMs, failed, ...this.told(series, scope) };
  }

  /** What tried in a scope, and how many failures that lets expect. Several searches ask the same. */
  told(series: string, scope: Scope): ToldCounts {
    const id = `${series}|${scopeId(scope)}`;
    let told = this.known.get(id);
    if (!told) this.known.set(id, (told = this.count(series, scope)));
    return told;
  }

  private count(series: string, scope: Scope): ToldCounts {
    let [installs, expected, baselineFailed] = [0, 0, 0];
    const counted = new Set<GroupRates>();
    const isAny = series === ANY_FAILURE;
    const control = this.undated > 0 && !isAny ? this.controlOf(series) : 1;
    for (const { leaf, rates, weight, reports } of this.leavesByScope.get(scopeId(scope)) ?? []) {
      const tried = isAny ? leaf.started : leaf.devices;
      installs += tried;
      // Attempts without an outcome yet are in the denominator of "any failure": no delay to take out.
      const factor = isAny || reports === 0 ? 1 : (weight + leaf.undated * control) / reports;
      expected += tried * rates.rateOf(series) * factor;
      if (counted.has(rates)) continue;
      counted.add(rates);
      baselineFailed += rates.failuresOf(series);
    }
    return { installs, expected, baselineFailed };
  }

  private controlOf(series: string): number {
    const own = this.undatedFailures.get(series) ?? 0;
    const others = (this.undatedFailures.get(ANY_FAILURE) ?? 0) - own;
    return controlWeight(others, this.undated - own, this.rates.failedShare);
  }

  private addLeaf(leaf: Leaf): void {
    let [weight, reports] = [0, leaf.undated];
    leaf.delays.forEach((count, bin) => {
      weight += count * (this.rates.delayWeights[bin] ?? 1);
      reports += count;
    });
    this.undated += leaf.undated;
    const rated = { leaf, rates: this.rates.groupOf(leaf.bank, familyOf(leaf.build)), weight, reports };
    for (const scope of scopesOf(leaf)) {
      const id = scopeId(scope);
      const leaves = this.leavesByScope.get(id);
      if (leaves) leaves.push(rated);
      else this.leavesByScope.set(id, [rated]);
    }
  }
}

/** ln of the probability that chance alone brings so many. */
export const lnPOf = (
  cell: Pick<Cell, 'failed' | 'installs' | 'expected' | 'baselineFailed'>,
  c2: number,
): number => lnTail({ ...cell, installs: Math.max(cell.installs, cell.failed), c2 });
