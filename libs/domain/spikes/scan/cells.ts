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

/** Failures that come one after the other, of one leaf and the same levels. */
type Run = readonly [Failure, ...Failure[]];

/** Failures to be counted: of devices that failed once in the window (nearly all), so many a leaf; and the others. */
interface Gathered {
  readonly alone: Map<readonly ScopeOfLeaf[], number>;
  readonly others: Failure[];
}

/** One window against what the past lets expect, ready to be asked. */
export class WindowCells {
  private readonly triedByScope = new Map<string, Map<GroupRates, Tried>>();
  /** One object a scope, so that counting by scope compares no texts. */
  private readonly scopes = new Map<string, ScopeOfLeaf>();
  private readonly scopesByLeaf = new Map<string, readonly ScopeOfLeaf[]>();
  private lastPlaced: { readonly leaf: Scope; readonly scopes: readonly ScopeOfLeaf[] } | null = null;
  private readonly runsBySeries = new Map<string, Run[]>();
  private readonly failuresBySeries = new Map<string, readonly Failure[]>();
  private readonly undatedFailures = new Map<string, number>();
  /** By code: levels down to each of its series. */
  private readonly pathsByCode = new Map<string, Map<string, readonly string[]>>();
  private readonly failuresOfDevice = new Map<string, number>();
  private readonly known = new Map<string, Map<string, ToldCounts>>();
  private readonly wholeCells = new Map<string, readonly Cell[]>();
  private undated = 0;

  constructor(
    readonly window: Window,
    private readonly rates: Rates,
  ) {
    for (const leaf of window.leaves) this.addLeaf(leaf);
    for (const run of runsOf(window.failures)) {
      const [{ levels }] = run;
      this.addPaths(levels);
      const undated = run.filter(({ isDated }) => !isDated).length;
      for (const series of [...levels, ANY_FAILURE]) {
        const runs = this.runsBySeries.get(series);
        if (runs) runs.push(run);
        else this.runsBySeries.set(series, [run]);
        if (undated > 0) this.undatedFailures.set(series, (this.undatedFailures.get(series) ?? 0) + undated);
      }
    }
  }

  get windowMs(): number {
    return this.window.windowMs;
  }

  /** Codes (series of the coarsest level) that failed. */
  get codes(): Iterable<string> {
    return this.pathsByCode.keys();
  }

  /** Every series of a code, with the levels down to it. */
  pathsOf(code: string): ReadonlyMap<string, readonly string[]> {
    return this.pathsByCode.get(code) ?? new Map<string, readonly string[]>();
  }

  failuresOf(series: string): readonly Failure[] {
    const known = this.failuresBySeries.get(series);
    if (known) return known;
    const failures: Failure[] = [];
    for (const run of this.runsBySeries.get(series) ?? []) for (const failure of run) failures.push(failure);
    this.failuresBySeries.set(series, failures);
    return failures;
  }

  /** Every cell of a series in which at least so many of the failures given are of different devices. */
  cellsOf(series: string, failures: readonly Failure[], minDevices: number): readonly Cell[] {
    // All of them is what every search asks for.
    if (failures !== this.failuresOf(series)) return this.findCells(series, failures, minDevices);
    const id = `${minDevices}|${series}`;
    let cells = this.wholeCells.get(id);
    if (!cells) this.wholeCells.set(id, (cells = this.findCells(series, failures, minDevices)));
    return cells;
  }

  private findCells(series: string, failures: readonly Failure[], minDevices: number): readonly Cell[] {
    const { alone, others } = this.gather(failures);
    const scopesOfDevice = new Map<string, Set<ScopeOfLeaf>>();
    for (const failure of others) {
      const known = scopesOfDevice.get(failure.device);
      if (known) for (const scope of this.scopesAround(failure)) known.add(scope);
      else scopesOfDevice.set(failure.device, new Set(this.scopesAround(failure)));
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

  private gather(failures: readonly Failure[]): Gathered {
    if (this.failuresOfDevice.size === 0)
      for (const { device } of this.window.failures)
        this.failuresOfDevice.set(device, (this.failuresOfDevice.get(device) ?? 0) + 1);
    const alone = new Map<readonly ScopeOfLeaf[], number>();
    const others: Failure[] = [];
    for (const failure of failures) {
      const scopes = this.scopesAround(failure);
      if (this.failuresOfDevice.get(failure.device) === 1) alone.set(scopes, (alone.get(scopes) ?? 0) + 1);
      else others.push(failure);
    }
    return { alone, others };
  }

  cellOf(series: string, scope: Scope, failed: number, id = scopeId(scope)): Cell {
    const { bank, build, kb } = scope;
    const { installs, expected, baselineFailed } = this.told(series, scope, id);
    return { bank, build, kb, series, windowMs: this.windowMs, failed, installs, expected, baselineFailed };
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

  private addPaths(levels: readonly string[]): void {
    const [code = ''] = levels;
    let paths = this.pathsByCode.get(code);
    if (!paths) this.pathsByCode.set(code, (paths = new Map<string, readonly string[]>()));
    for (const [depth, series] of levels.entries())
      if (!paths.has(series)) paths.set(series, levels.slice(0, depth + 1));
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

function runsOf(failures: readonly Failure[]): Run[] {
  const runs: [Failure, ...Failure[]][] = [];
  for (const failure of failures) {
    const run = runs.at(-1);
    if (run?.[0].levels === failure.levels && holds(run[0], failure)) run.push(failure);
    else runs.push([failure]);
  }
  return runs;
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
