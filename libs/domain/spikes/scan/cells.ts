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

/** What tried in a scope of one group of the baseline: its leaves share their rates. */
interface Tried {
  installs: number;
  started: number;
  /** Installs, each leaf's times the delay weight of its reports; of reports without a start counted aside. */
  weighted: number;
  undated: number;
}

interface ScopeOfLeaf {
  readonly id: string;
  readonly scope: Scope;
}

/** One window against what the past lets expect, ready to be asked. */
export class WindowCells {
  /** Failures by their code, the coarsest level. */
  readonly failuresByCode = new Map<string, Failure[]>();
  private readonly triedByScope = new Map<string, Map<GroupRates, Tried>>();
  private readonly scopesByLeaf = new Map<string, readonly ScopeOfLeaf[]>();
  private readonly undatedFailures = new Map<string, number>();
  private readonly known = new Map<string, ToldCounts>();
  /** How many failures of the window are of a series. */
  private readonly failuresOfSeries = new Map<string, number>();
  private readonly wholeCells = new Map<string, readonly Cell[]>();
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
      for (const series of [...failure.levels, ANY_FAILURE]) {
        this.failuresOfSeries.set(series, (this.failuresOfSeries.get(series) ?? 0) + 1);
        if (!failure.isDated) this.undatedFailures.set(series, (this.undatedFailures.get(series) ?? 0) + 1);
      }
    }
  }

  get windowMs(): number {
    return this.window.windowMs;
  }

  /** Every cell of a series in which at least so many of the failures given are of different devices. */
  cellsOf(series: string, failures: readonly Failure[], minDevices: number): readonly Cell[] {
    // As many as there are: all of them, which every search asks for.
    if (failures.length !== this.failuresOfSeries.get(series))
      return this.findCells(series, failures, minDevices);
    const id = `${minDevices}|${series}`;
    let cells = this.wholeCells.get(id);
    if (!cells) this.wholeCells.set(id, (cells = this.findCells(series, failures, minDevices)));
    return cells;
  }

  private findCells(series: string, failures: readonly Failure[], minDevices: number): readonly Cell[] {
    const devicesByScope = new Map<string, { scope: Scope; devices: Set<string> }>();
    for (const failure of failures) {
      for (const { id, scope } of this.scopesAround(failure)) {
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
    const name = this.rates.nameOf(series);
    // Of undated failures each series has its own control.
    const id = `${this.undatedFailures.has(series) ? series : name}|${scopeId(scope)}`;
    let told = this.known.get(id);
    if (!told) this.known.set(id, (told = this.count(series, name, scope)));
    return told;
  }

  private count(series: string, name: string, scope: Scope): ToldCounts {
    let [installs, expected, baselineFailed] = [0, 0, 0];
    const isAny = series === ANY_FAILURE;
    const control = this.undated > 0 && !isAny ? this.controlOf(series) : 1;
    for (const [rates, tried] of this.triedByScope.get(scopeId(scope)) ?? []) {
      installs += isAny ? tried.started : tried.installs;
      // Attempts without an outcome yet are in the denominator of "any failure": no delay to take out.
      expected += rates.rateOf(name) * (isAny ? tried.started : tried.weighted + tried.undated * control);
      baselineFailed += rates.failuresOf(name);
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
    const { devices, started } = leaf;
    const weighted = reports === 0 ? devices : (devices * weight) / reports;
    const undated = reports === 0 ? 0 : (devices * leaf.undated) / reports;
    const rates = this.rates.groupOf(leaf.bank, familyOf(leaf.build));
    for (const { id } of this.scopesAround(leaf)) {
      let groups = this.triedByScope.get(id);
      if (!groups) this.triedByScope.set(id, (groups = new Map<GroupRates, Tried>()));
      const tried = groups.get(rates);
      if (!tried) {
        groups.set(rates, { installs: devices, started, weighted, undated });
        continue;
      }
      tried.installs += devices;
      tried.started += started;
      tried.weighted += weighted;
      tried.undated += undated;
    }
  }

  private scopesAround(leaf: Scope): readonly ScopeOfLeaf[] {
    const key = scopeId(leaf);
    let scopes = this.scopesByLeaf.get(key);
    if (!scopes) {
      scopes = scopesOf(leaf).map((scope) => ({ id: scopeId(scope), scope }));
      this.scopesByLeaf.set(key, scopes);
    }
    return scopes;
  }
}

/** ln of the probability that chance alone brings so many. */
export const lnPOf = (
  cell: Pick<Cell, 'failed' | 'installs' | 'expected' | 'baselineFailed'>,
  c2: number,
): number => lnTail({ ...cell, installs: Math.max(cell.installs, cell.failed), c2 });
