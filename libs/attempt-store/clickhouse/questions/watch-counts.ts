import { DAY_MS, WINDOWS_MS } from '#domain/spikes/constants.js';
import { ANY_FAILURE, groupId } from '#domain/spikes/scan/counts.js';
import type {
  ActiveSeries,
  BaselineCounts,
  Failure,
  Leaf,
  LookCounts,
  WatchedSignature,
  Window,
} from '#domain/spikes/scan/counts.js';
import { DELAY_BINS } from '#domain/spikes/scan/delay-weights.js';
import { familyOf, holds, scopeId } from '#domain/spikes/scan/scope.js';
import type { Scope } from '#domain/spikes/scan/scope.js';
import type { WatchQuestion } from '../../attempt-store.js';
import { SUM_NAMES } from './watch-counts-query.js';
import type { SumName } from './watch-counts-query.js';

/**
 * Of one bank, build, KB, series and delay bin (the last bin: the start was not told). What is only past is told by its
 * release, without a KB.
 */
export type WatchCountsRow = readonly [
  bank: string,
  build: string,
  kb: string,
  levels: readonly string[],
  bin: number,
  sums: readonly number[],
  sinces: readonly number[],
  lastFailureMs: number,
  failures: readonly (readonly [
    device: string,
    branch: string,
    arrivedMs: number,
    occurredMs: number,
    isLate: boolean | number,
  ])[],
];

const WINDOWS = [
  { windowMs: WINDOWS_MS[0], suffix: 'h6' },
  { windowMs: WINDOWS_MS[1], suffix: 'h24' },
  { windowMs: WINDOWS_MS[2], suffix: 'h72' },
] as const;

const placeOf = (name: SumName): number => SUM_NAMES.indexOf(name);
const sumAt = ([, , , , , sums]: WatchCountsRow, place: number): number => sums[place] ?? 0;

const [PAST, PAST_FAILED] = [placeOf('past'), placeOf('past_failed')];
/** Where a row tells what of the past a bank, or a bank's release, is. */
const pastPlaces = (of: 'bank' | 'family') => ({
  tried: placeOf(`${of}_tried`),
  started: placeOf(`${of}_started`),
  failed: placeOf(`${of}_0`),
  failedAtLevels: ([1, 2, 3] as const).map((depth) => placeOf(`${of}_${depth}`)),
});
const [OF_BANK, OF_RELEASE] = [pastPlaces('bank'), pastPlaces('family')];

/** Series of which failing devices are listed: those that may have to be named. */
export function seriesNamedIn(rows: readonly WatchCountsRow[]): Set<string> {
  return new Set(rows.flatMap(([, , , levels, , , , , failures]) => (failures.length > 0 ? levels : [])));
}

/** The rows of one look as the scan reads them. */
export function lookCountsOf(
  rows: readonly WatchCountsRow[],
  { atMs, sincesMs }: WatchQuestion,
  nameOf: (series: string) => WatchedSignature | undefined,
): LookCounts {
  const failures = rows.flatMap(failuresOf);
  const arrivedAfter = (ms: number) => failures.filter(({ arrivedMs }) => arrivedMs > atMs - ms);
  const news = (ms: number) => arrivedAfter(ms).filter(({ isLate }) => !isLate);
  return {
    atMs,
    windows: WINDOWS.map(({ windowMs, suffix }): Window => {
      const names = [`devices_${suffix}`, `started_${suffix}`, `reports_${suffix}`] as const;
      return { windowMs, leaves: leavesOf(rows, ...names), failures: news(windowMs) };
    }),
    lastDay: {
      windowMs: DAY_MS,
      leaves: leavesOf(rows, 'devices_day', 'devices_day', 'reports_day'),
      failures: arrivedAfter(DAY_MS).filter(({ occurredMs }) => occurredMs > atMs - DAY_MS),
    },
    earlier: {
      windowMs: DAY_MS,
      leaves: leavesOf(rows, 'devices_late', 'devices_late', 'reports_late'),
      failures: arrivedAfter(DAY_MS).filter(({ isLate }) => isLate),
    },
    baseline: new PastCounts(rows),
    active: activeSeries(rows),
    arrivedSince(scope, sinceMs) {
      const index = sincesMs.indexOf(sinceMs);
      if (index < 0) throw new RangeError(`nothing was counted since ${sinceMs}`);
      let sum = 0;
      for (const row of rows) {
        const arrived = row[6][index] ?? 0;
        if (arrived > 0 && holds(scope, scopeOf(row))) sum += arrived;
      }
      return sum;
    },
    signatureOf: (series) =>
      nameOf(series) ?? { id: series, l1: series, l2: '', l3: '', fineness: 0, reason: '' },
  };
}

const scopeOf = ([bank, build, kb]: WatchCountsRow): Scope => ({ bank, build, kb });

function failuresOf(row: WatchCountsRow): (Failure & { readonly isLate: boolean })[] {
  const [bank, , , levels, bin, , , , listed] = row;
  return listed.map(([device, branch, arrivedMs, occurredMs, isLate]) => ({
    ...scopeOf(row),
    device: `${bank}/${device}`,
    branch,
    arrivedMs,
    occurredMs,
    isDated: bin < DELAY_BINS,
    levels,
    isLate: Boolean(isLate),
  }));
}

function leavesOf(
  rows: readonly WatchCountsRow[],
  devices: SumName,
  started: SumName,
  reports: SumName,
): Leaf[] {
  const [triedAt, startedAt, reportsAt] = [placeOf(devices), placeOf(started), placeOf(reports)];
  const leaves = new Map<string, { -readonly [key in keyof Leaf]: Leaf[key] } & { delays: number[] }>();
  for (const row of rows) {
    const [tried, begun, told] = [sumAt(row, triedAt), sumAt(row, startedAt), sumAt(row, reportsAt)];
    if (tried + begun + told === 0) continue;
    const scope = scopeOf(row);
    let leaf = leaves.get(scopeId(scope));
    if (!leaf) {
      const delays = new Array<number>(DELAY_BINS).fill(0);
      leaves.set(scopeId(scope), (leaf = { ...scope, devices: 0, started: 0, delays, undated: 0 }));
    }
    leaf.devices += tried;
    leaf.started += begun;
    const bin = row[4];
    if (bin < DELAY_BINS) leaf.delays[bin] = (leaf.delays[bin] ?? 0) + told;
    else leaf.undated += told;
  }
  return [...leaves.values()];
}

function activeSeries(rows: readonly WatchCountsRow[]): ActiveSeries[] {
  const active = new Map<string, ActiveSeries>();
  for (const row of rows) {
    const [, , , levels, , , , lastFailureMs] = row;
    if (lastFailureMs === 0) continue;
    const id = `${scopeId(scopeOf(row))}|${levels.join()}`;
    const lastArrivedMs = Math.max(lastFailureMs, active.get(id)?.lastArrivedMs ?? 0);
    active.set(id, { ...scopeOf(row), levels, lastArrivedMs });
  }
  return [...active.values()];
}

/** The past by group: sums of the leaves' marks. */
class PastCounts implements BaselineCounts {
  readonly byDelay = Array.from({ length: DELAY_BINS }, () => ({ reports: 0, failures: 0 }));
  private readonly tried = new Map<string, number>();
  private readonly begun = new Map<string, number>();
  private readonly failed = new Map<string, Map<string, number>>();
  private readonly codes = new Map<string, Set<string>>();

  constructor(rows: readonly WatchCountsRow[]) {
    for (const row of rows) this.add(row);
  }

  installs(group: string): number {
    return this.tried.get(group) ?? 0;
  }

  started(group: string): number {
    return this.begun.get(group) ?? 0;
  }

  failures(group: string, series: string): number {
    return this.failed.get(group)?.get(series) ?? 0;
  }

  codesOf(group: string): Iterable<string> {
    return this.codes.get(group) ?? [];
  }

  private add(row: WatchCountsRow): void {
    const [bank, build, , levels, bin] = row;
    const family = familyOf(build);
    const isFailed = sumAt(row, PAST_FAILED) > 0;
    const reports = this.byDelay[bin];
    if (reports) {
      reports.reports += sumAt(row, PAST);
      reports.failures += sumAt(row, PAST_FAILED);
    }
    // A pair belongs to one bank, so that the fleet is the sum of its banks, and a release that of its banks' devices.
    for (const [groups, places] of [
      [[groupId(null, null), groupId(bank, null)], OF_BANK],
      [[groupId(null, family), groupId(bank, family)], OF_RELEASE],
    ] as const) {
      for (const group of groups) {
        increase(this.tried, group, sumAt(row, places.tried));
        increase(this.begun, group, sumAt(row, places.started));
        if (!isFailed) continue;
        const failed = this.failed.get(group) ?? new Map<string, number>();
        this.failed.set(group, failed);
        increase(failed, ANY_FAILURE, sumAt(row, places.failed));
        levels.forEach((series, depth) => {
          increase(failed, series, sumAt(row, places.failedAtLevels[depth] ?? -1));
        });
        const [code] = levels;
        if (code === undefined) continue;
        const codes = this.codes.get(group);
        if (codes) codes.add(code);
        else this.codes.set(group, new Set([code]));
      }
    }
  }
}

function increase(counts: Map<string, number>, key: string, by: number): void {
  if (by > 0) counts.set(key, (counts.get(key) ?? 0) + by);
}
