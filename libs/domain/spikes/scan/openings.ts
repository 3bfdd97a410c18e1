import { EXPLAINED_SHARE, MIN_DEVICES, MIN_LIFT, NARROWING } from '../constants.js';
import { lnPOf, lnPUpTo } from './cells.js';
import type { Cell, WindowCells } from './cells.js';
import { ANY_FAILURE } from './counts.js';
import type { Failure } from './counts.js';
import { ANY, fixedValues, holds, overlap, scopeId } from './scope.js';
import type { Scope } from './scope.js';
import { areRelated, coveredSeries, isLateOf, isOfSeries } from './told-span.js';
import type { ToldSpan } from './told-span.js';

/** What is looked through at one look, and what is told of it already. */
export interface Search {
  readonly windows: readonly WindowCells[];
  readonly told: readonly ToldSpan[];
  /** ln of what a cell of this bank (`*` = several) may have by chance. */
  readonly thresholdOf: (bank: string) => number;
  readonly c2: number;
  /** Scopes over several banks are left out. */
  readonly isWithinBanks: boolean;
}

/** A cell too unlikely to be chance, that no open alert explains. */
export interface Opening {
  readonly cell: Cell;
  readonly lnP: number;
  readonly threshold: number;
  /** Levels from the coarsest to the cell's own series. */
  readonly levels: readonly string[];
  /** Levels down to the coarsest series whose excess is this incident's: what the alert covers. */
  readonly covers: readonly string[];
  /** Failures of the cell's scope and window that the alert covers. */
  readonly failures: readonly Failure[];
}

interface Candidate {
  readonly window: WindowCells;
  readonly cell: Cell;
  readonly lnP: number;
  readonly threshold: number;
  readonly score: number;
}

/** The most unlikely cell of any failure, if one is too unlikely. */
export function bestOfAnyFailure(search: Search): Opening | null {
  return bestOf(search, search.told, [[]], ANY_FAILURE);
}

/**
 * The most unlikely cell of a code and of the finer series below it, if one is too unlikely; named at the finest level
 * that explains at least 80 % of its excess of failing devices.
 */
export function bestOfCode(search: Search, code: string): Opening | null {
  const own = search.told.filter(({ levels }) => levels.length === 0 || levels[0] === code);
  const paths = new Map(search.windows.flatMap((window) => [...window.pathsOf(code)]));
  return bestOf(search, own, [...paths.values()], code);
}

function bestOf(
  search: Search,
  told: readonly ToldSpan[],
  paths: readonly (readonly string[])[],
  coarsest: string,
): Opening | null {
  const open = told.filter(({ closedMs }) => closedMs === null);
  const closed = told.filter(({ closedMs }) => closedMs !== null);
  let best: (Candidate & { readonly path: readonly string[] }) | null = null;
  const newsOf = (window: WindowCells): readonly Failure[] => {
    const all = window.failuresOf(coarsest);
    if (closed.length === 0) return all;
    const news = all.filter((failure) => !closed.some((span) => isLateOf(span, failure)));
    return news.length === all.length ? all : news;
  };
  for (const window of search.windows) {
    const news = newsOf(window);
    if (news.length < MIN_DEVICES) continue;
    const isAll = news === window.failuresOf(coarsest);
    for (const path of paths) {
      const series = coveredSeries({ levels: path });
      const failures = isAll ? window.failuresOf(series) : ofSeries(path, news);
      if (failures.length < MIN_DEVICES) continue;
      for (const whole of window.cellsOf(series, failures, MIN_DEVICES)) {
        const candidate = judge(search, window, whole, path, failures, open);
        if (candidate && (best === null || isBefore(candidate, best))) best = { ...candidate, path };
      }
    }
  }
  if (!best) return null;
  return named(search, best, best.path, paths, newsOf(best.window), open);
}

function ofSeries(path: readonly string[], failures: readonly Failure[]): readonly Failure[] {
  if (path.length === 0) return failures;
  const span = { levels: path };
  let [last, isOf]: [readonly string[], boolean] = [[], false];
  return failures.filter(({ levels }) => {
    if (levels !== last) [last, isOf] = [levels, isOfSeries(span, levels)];
    return isOf;
  });
}

function judge(
  search: Search,
  window: WindowCells,
  whole: Cell,
  path: readonly string[],
  failures: readonly Failure[],
  open: readonly ToldSpan[],
): Candidate | null {
  if (search.isWithinBanks && whole.bank === ANY) return null;
  if (open.some((span) => isOfSeries(span, path) && holds(span, whole))) return null;
  const threshold = search.thresholdOf(whole.bank);
  const lnPIfUnlikely = (cell: Cell): number | null =>
    cell.failed < MIN_DEVICES || cell.failed < MIN_LIFT * cell.expected
      ? null
      : lnPUpTo(cell, search.c2, threshold);
  // Fewer devices are never less likely by chance: what is likely as a whole needs no look at what alerts explain of it.
  const lnPOfWhole = lnPIfUnlikely(whole);
  if (lnPOfWhole === null) return null;
  const cell = withoutExplained(window, whole, path, failures, open);
  const lnP = cell === whole ? lnPOfWhole : lnPIfUnlikely(cell);
  if (lnP === null) return null;
  return { window, cell, lnP, threshold, score: lnP - threshold + NARROWING * fixedValues(cell) };
}

/** The cell without what open alerts already tell: of theirs only so many devices stay as were to be expected. */
function withoutExplained(
  window: WindowCells,
  cell: Cell,
  path: readonly string[],
  failures: readonly Failure[],
  open: readonly ToldSpan[],
): Cell {
  const overlapping = open.filter((span) => areRelated(span.levels, path) && overlap(span, cell) !== null);
  if (overlapping.length === 0) return cell;
  const outside = new Set<string>();
  const inside = new Set<string>();
  for (const failure of failures) {
    if (!holds(cell, failure)) continue;
    const isTold = overlapping.some((span) => isOfSeries(span, failure.levels) && holds(span, failure));
    (isTold ? inside : outside).add(failure.device);
  }
  let usual = 0;
  for (const span of overlapping) {
    const common = overlap(span, cell);
    const finer = span.levels.length > path.length ? coveredSeries(span) : cell.series;
    if (common) usual += window.told(finer, common).expected;
  }
  return { ...cell, failed: outside.size + Math.min(inside.size, Math.round(usual)) };
}

/** The opening of the best candidate's scope and window, at the level that explains it. */
function named(
  search: Search,
  best: Candidate,
  path: readonly string[],
  paths: readonly (readonly string[])[],
  news: readonly Failure[],
  open: readonly ToldSpan[],
): Opening {
  const { window } = best;
  const judged = [...paths]
    .sort((left, right) => left.length - right.length || (left.join() < right.join() ? -1 : 1))
    .map((each) => {
      if (each === path) return { path: each, candidate: best };
      const failures = ofSeries(each, news);
      const devices = devicesIn(best.cell, failures);
      if (devices < MIN_DEVICES) return { path: each, candidate: null };
      const whole = window.cellOf(coveredSeries({ levels: each }), best.cell, devices);
      return { path: each, candidate: judge(search, window, whole, each, failures, open) };
    });
  // The incident is as wide as the coarsest level above the best one that is too unlikely as well.
  const anchor =
    judged.find((each) => each.candidate && isOfSeries({ levels: each.path }, path)) ??
    ({ path, candidate: best } as const);
  const excess = excessOf(anchor.candidate ?? best);
  const finest = judged
    .filter(
      (each) =>
        each.candidate !== null &&
        isOfSeries({ levels: anchor.path }, each.path) &&
        excessOf(each.candidate) >= EXPLAINED_SHARE * excess,
    )
    .sort((left, right) => right.path.length - left.path.length)[0];
  const chosen = finest?.candidate ?? anchor.candidate ?? best;
  const failures = ofSeries(anchor.path, news).filter((failure) => holds(chosen.cell, failure));
  const cell = atItsBank(window, chosen.cell, failures);
  return {
    cell,
    lnP: cell === chosen.cell ? chosen.lnP : lnPOf(cell, search.c2),
    threshold: chosen.threshold,
    levels: finest?.path ?? anchor.path,
    covers: anchor.path,
    failures,
  };
}

/**
 * A cell over all banks in which only one fails is that bank's: the others have shown nothing yet, and in a small fleet
 * they may have tried so little that chance cannot tell the two (docs/decisions/0150).
 */
function atItsBank(window: WindowCells, cell: Cell, failures: readonly Failure[]): Cell {
  if (cell.bank !== ANY) return cell;
  const [bank = ANY, ...others] = new Set(failures.map((failure) => failure.bank));
  if (bank === ANY || others.length > 0) return cell;
  return window.cellOf(cell.series, { ...cell, bank }, cell.failed);
}

const excessOf = ({ cell }: Candidate): number => cell.failed - cell.expected;
const devicesIn = (scope: Scope, failures: readonly Failure[]): number =>
  new Set(failures.filter((failure) => holds(scope, failure)).map(({ device }) => device)).size;

/** Lower score first; a fixed order among equally unlikely cells: window, narrower scope, scope, then the finer series. */
function isBefore(left: Candidate, right: Candidate): boolean {
  if (left.score !== right.score) return left.score < right.score;
  if (left.cell.windowMs !== right.cell.windowMs) return left.cell.windowMs < right.cell.windowMs;
  const [leftFixed, rightFixed] = [fixedValues(left.cell), fixedValues(right.cell)];
  if (leftFixed !== rightFixed) return leftFixed > rightFixed;
  const [leftId, rightId] = [scopeId(left.cell), scopeId(right.cell)];
  if (leftId !== rightId) return leftId < rightId;
  return left.cell.series < right.cell.series;
}

/** Where it fails so. */
export function reachOf({ failures }: Pick<Opening, 'failures'>) {
  const distinct = (pick: (failure: Failure) => string) =>
    [...new Set(failures.map(pick).filter((value) => value !== ''))].sort();
  return {
    banks: distinct(({ bank }) => bank),
    builds: distinct(({ build }) => build),
    kbs: distinct(({ kb }) => kb),
    branches: distinct(({ branch }) => branch),
  };
}

/** Devices of an opening by the series they fail in, largest first, without the series itself. */
export function relatedSeries({ levels, failures }: Pick<Opening, 'levels' | 'failures'>, most: number) {
  const devices = new Map<string, Set<string>>();
  const own = levels.at(-1) ?? ANY_FAILURE;
  for (const failure of failures)
    for (const series of failure.levels) {
      if (series === own) continue;
      const known = devices.get(series);
      if (known) known.add(failure.device);
      else devices.set(series, new Set([failure.device]));
    }
  return [...devices]
    .map(([series, { size }]) => ({ series, failed: size }))
    .sort((left, right) => right.failed - left.failed || (left.series < right.series ? -1 : 1))
    .slice(0, most);
}

/** The bank, build and KB with most of the failing devices. */
export function topOf({ failures }: Pick<Opening, 'failures'>): Scope | null {
  const devices = new Map<string, { readonly leaf: Scope; readonly devices: Set<string> }>();
  for (const { bank, build, kb, device } of failures) {
    const leaf = { bank, build, kb };
    const known = devices.get(scopeId(leaf));
    if (known) known.devices.add(device);
    else devices.set(scopeId(leaf), { leaf, devices: new Set([device]) });
  }
  const [top] = [...devices.entries()].sort(
    (left, right) => right[1].devices.size - left[1].devices.size || (left[0] < right[0] ? -1 : 1),
  );
  return top?.[1].leaf ?? null;
}
