import { lnTail, lnTailUpTo } from '../beta-binomial.js';
import type { TailQuestion } from '../beta-binomial.js';
import { ANY_FAILURE } from './counts.js';
import type { Failure, Leaf, Window } from './counts.js';
import { controlWeight } from './delay-weights.js';
import type { GroupRates, Rates } from './rates.js';
import { familyOf, holds, scopeId, scopesOf } from './scope.js';
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

type JudgedCounts = Pick<Cell, 'failed' | 'installs' | 'expected' | 'baselineFailed'>;
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

/** Where a failure counts; `isAlone`: its device has no other failure in the window. */
interface Place {
  readonly scopes: readonly ScopeOfLeaf[];
  readonly isAlone: boolean;
}

/** One window against what the past lets expect, ready to be asked. */
export class WindowCells {
  /** Failures by their code, the coarsest level. */
  readonly failuresByCode = new Map<string, Failure[]>();
  private readonly triedByScope = new Map<string, Map<GroupRates, Tried>>();
  /** One object a scope, so that counting by scope compares no texts. */
  private readonly scopes = new Map<string, ScopeOfLeaf>();
  private readonly scopesByLeaf = new Map<string, readonly ScopeOfLeaf[]>();
  private readonly places = new Map<Failure, Place>();
  private lastPlaced: { readonly leaf: Scope; readonly scopes: readonly ScopeOfLeaf[] } | null = null;
  private readonly undatedFailures = new Map<string, number>();
  private readonly known = new Map<string, Map<string, ToldCounts>>();
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
    // Nearly every device failed once: nothing to tell apart, so they are counted by leaf.
    const alone = new Map<readonly ScopeOfLeaf[], number>();
    const scopesOfDevice = new Map<string, Set<ScopeOfLeaf>>();
    for (const failure of failures) {
      const { scopes, isAlone } = this.placeOf(failure);
      if (isAlone) {
        alone.set(scopes, (alone.get(scopes) ?? 0) + 1);
        continue;
      }
      const known = scopesOfDevice.get(failure.device);
      if (known) for (const scope of scopes) known.add(scope);
      else scopesOfDevice.set(failure.device, new Set(scopes));
    }
    const devices = new Map<ScopeOfLeaf, number>();
    const count = (scopes: Iterable<ScopeOfLeaf>, many: number) => {
      for (const scope of scopes) devices.set(scope, (devices.get(scope) ?? 0) + many);
    };
    for (const [scopes, many] of alone) count(scopes, many);
    for (const scopes of scopesOfDevice.values()) count(scopes, 1);
    const cells: Cell[] = [];
    for (const [{ id, scope }, failed] of devices)
      if (failed >= minDevices) cells.push(this.cellOf(series, scope, failed, id));
    return cells;
  }

  cellOf(series: string, scope: Scope, failed: number, id = scopeId(scope)): Cell {
    const { bank, build, kb } = scope;
    return { bank, build, kb, series, windowMs: this.windowMs, failed, ...this.told(series, scope, id) };
  }

  /** What tried in a scope, and how many failures that lets expect. Several searches ask the same. */
  told(series: string, scope: Scope, id = scopeId(scope)): ToldCounts {
    const name = this.rates.nameOf(series);
    // Of undated failures each series has its own control.
    const alike = this.undatedFailures.has(series) ? series : name;
    let ofSeries = this.known.get(alike);
    if (!ofSeries) this.known.set(alike, (ofSeries = new Map<string, ToldCounts>()));
    let told = ofSeries.get(id);
    if (!told) ofSeries.set(id, (told = this.count(series, name, id)));
    return told;
  }

  private count(series: string, name: string, id: string): ToldCounts {
    let [installs, expected, baselineFailed] = [0, 0, 0];
    const isAny = series === ANY_FAILURE;
    const control = this.undated > 0 && !isAny ? this.controlOf(series) : 1;
    for (const [rates, tried] of this.triedByScope.get(id) ?? []) {
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

  private placeOf(failure: Failure): Place {
    if (this.places.size === 0) this.placeAll();
    const place = this.places.get(failure);
    if (!place) throw new RangeError('a failure of another window');
    return place;
  }

  private placeAll(): void {
    const failures = new Map<string, number>();
    for (const { device } of this.window.failures) failures.set(device, (failures.get(device) ?? 0) + 1);
    for (const failure of this.window.failures) {
      const isAlone = failures.get(failure.device) === 1;
      this.places.set(failure, { scopes: this.scopesAround(failure), isAlone });
    }
  }

  private scopesAround(leaf: Scope): readonly ScopeOfLeaf[] {
    // Failures of one leaf come one after the other.
    if (this.lastPlaced && holds(this.lastPlaced.leaf, leaf)) return this.lastPlaced.scopes;
    const key = scopeId(leaf);
    let scopes = this.scopesByLeaf.get(key);
    if (!scopes) this.scopesByLeaf.set(key, (scopes = scopesOf(leaf).map((scope) => this.scopeOnce(scope))));
    this.lastPlaced = { leaf, scopes };
    return scopes;
  }

  private scopeOnce(scope: Scope): ScopeOfLeaf {
    const id = scopeId(scope);
    let known = this.scopes.get(id);
    if (!known) this.scopes.set(id, (known = { id, scope }));
    return known;
  }
}

/** ln of the probability that chance alone brings so many. */
export const lnPOf = (cell: JudgedCounts, c2: number): number => lnTail(questionOf(cell, c2));

/** The same, or null when it is above `most`. */
export const lnPUpTo = (cell: JudgedCounts, c2: number, most: number): number | null =>
  lnTailUpTo(questionOf(cell, c2), most);

const questionOf = (
  { failed, installs, expected, baselineFailed }: JudgedCounts,
  c2: number,
): TailQuestion => ({
  failed,
  installs: Math.max(installs, failed),
  expected,
  baselineFailed,
  c2,
});
