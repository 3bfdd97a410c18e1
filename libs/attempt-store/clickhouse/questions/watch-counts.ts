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
import { familyOf, holds } from '#domain/spikes/scan/scope.js';
import type { Scope } from '#domain/spikes/scan/scope.js';
import type { WatchQuestion } from '../../attempt-store.js';
import { binOfKind, isCountedIn, SUM_NAMES } from './watch-counts-query.js';
import type { ReportsName, SumName } from './watch-counts-query.js';

/** Of one bank, build, KB and series. What is only past is told by its release, without a KB. */
export type WatchCountsRow = readonly [
  bank: string,
  build: string,
  kb: string,
  levels: readonly string[],
  sums: readonly number[],
  sinces: readonly number[],
  lastFailureMs: number,
  failures: readonly (readonly [
    device: string,
    branch: string,
    arrivedMs: number,
    occurredMs: number,
    isLate: boolean | number,
    isDated: boolean | number,
  ])[],
  reports: readonly [kinds: readonly number[], counts: readonly number[]],
];

const WINDOWS = [
  { windowMs: WINDOWS_MS[0], suffix: 'h6' },
  { windowMs: WINDOWS_MS[1], suffix: 'h24' },
  { windowMs: WINDOWS_MS[2], suffix: 'h72' },
] as const;

const placeOf = (name: SumName): number => SUM_NAMES.indexOf(name);
const sumAt = ([, , , , sums]: WatchCountsRow, place: number): number => sums[place] ?? 0;

const isPast = isCountedIn('past');
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
  return new Set(rows.flatMap(([, , , levels, , , , failures]) => (failures.length > 0 ? levels : [])));
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
      const names = [`devices_${suffix}`, `started_${suffix}`, suffix] as const;
      return { windowMs, leaves: leavesOf(rows, ...names), failures: news(windowMs) };
    }),
    lastDay: {
      windowMs: DAY_MS,
      leaves: leavesOf(rows, 'devices_day', 'devices_day', 'day'),
      failures: arrivedAfter(DAY_MS).filter(({ occurredMs }) => occurredMs > atMs - DAY_MS),
    },
    earlier: {
      windowMs: DAY_MS,
      leaves: leavesOf(rows, 'devices_late', 'devices_late', 'late'),
      failures: arrivedAfter(DAY_MS).filter(({ isLate }) => isLate),
    },
    baseline: new PastCounts(rows),
    active: activeSeries(rows),
    arrivedSince(scope, sinceMs) {
      const index = sincesMs.indexOf(sinceMs);
      if (index < 0) throw new RangeError(`nothing was counted since ${sinceMs}`);
      let sum = 0;
      for (const row of rows) {
        const arrived = row[5][index] ?? 0;
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
  const [bank, build, kb, levels, , , , listed] = row;
  return listed.map(([device, branch, arrivedMs, occurredMs, isLate, isDated]) => ({
    bank,
    build,
    kb,
    device: `${bank}/${device}`,
    branch,
    arrivedMs,
    occurredMs,
    isDated: Boolean(isDated),
    levels,
    isLate: Boolean(isLate),
  }));
}

function leavesOf(
  rows: readonly WatchCountsRow[],
  devices: SumName,
  started: SumName,
  reports: ReportsName,
): Leaf[] {
  const [triedAt, startedAt, isCounted] = [placeOf(devices), placeOf(started), isCountedIn(reports)];
  const leaves: ({ -readonly [key in keyof Leaf]: Leaf[key] } & { delays: number[] })[] = [];
  for (const row of rows) {
    const [tried, begun] = [sumAt(row, triedAt), sumAt(row, startedAt)];
    const [kinds, counts] = row[8];
    if (tried + begun === 0 && !kinds.some(isCounted)) continue;
    const [bank, build, kb] = row;
    let leaf = leaves.at(-1);
    // Rows of one leaf come one after the other.
    if (leaf?.bank !== bank || leaf.build !== build || leaf.kb !== kb) {
      const delays = new Array<number>(DELAY_BINS).fill(0);
      leaves.push((leaf = { bank, build, kb, devices: 0, started: 0, delays, undated: 0 }));
    }
    leaf.devices += tried;
    leaf.started += begun;
    const { delays } = leaf;
    let undated = 0;
    kinds.forEach((kind, index) => {
      if (!isCounted(kind)) return;
      const [bin, told] = [binOfKind(kind), counts[index] ?? 0];
      if (bin < DELAY_BINS) delays[bin] = (delays[bin] ?? 0) + told;
      else undated += told;
    });
    leaf.undated += undated;
  }
  return leaves;
}

const activeSeries = (rows: readonly WatchCountsRow[]): ActiveSeries[] =>
  rows.flatMap((row) => {
    const [bank, build, kb, levels, , , lastArrivedMs] = row;
    return lastArrivedMs === 0 ? [] : [{ bank, build, kb, levels, lastArrivedMs }];
  });

/** What a group of the past tried, and how it failed. */
class PastGroup {
  tried = 0;
  started = 0;
  readonly failed = new Map<string, number>();
  readonly codes = new Set<string>();

  add(row: WatchCountsRow, places: ReturnType<typeof pastPlaces>, isFailed: boolean): void {
    this.tried += sumAt(row, places.tried);
    this.started += sumAt(row, places.started);
    if (!isFailed) return;
    const levels = row[3];
    increase(this.failed, ANY_FAILURE, sumAt(row, places.failed));
    levels.forEach((series, depth) => {
      increase(this.failed, series, sumAt(row, places.failedAtLevels[depth] ?? -1));
    });
    const [code] = levels;
    if (code !== undefined) this.codes.add(code);
  }
}

/** Every group that a row counts in. */
interface GroupsAround {
  readonly bank: string;
  readonly build: string;
  readonly ofBank: readonly PastGroup[];
  readonly ofRelease: readonly PastGroup[];
}

/** The past by group: sums of the leaves' marks. */
class PastCounts implements BaselineCounts {
  readonly byDelay = Array.from({ length: DELAY_BINS }, () => ({ reports: 0, failures: 0 }));
  private readonly groups = new Map<string, PastGroup>();

  constructor(rows: readonly WatchCountsRow[]) {
    let groups: GroupsAround | null = null;
    for (const row of rows) {
      const [bank, build] = row;
      if (groups?.bank !== bank || groups.build !== build) groups = this.groupsAround(bank, build);
      const isFailed = this.addDelays(row);
      for (const group of groups.ofBank) group.add(row, OF_BANK, isFailed);
      for (const group of groups.ofRelease) group.add(row, OF_RELEASE, isFailed);
    }
  }

  installs(group: string): number {
    return this.groups.get(group)?.tried ?? 0;
  }

  started(group: string): number {
    return this.groups.get(group)?.started ?? 0;
  }

  failures(group: string, series: string): number {
    return this.groups.get(group)?.failed.get(series) ?? 0;
  }

  codesOf(group: string): Iterable<string> {
    return this.groups.get(group)?.codes ?? [];
  }

  /** A pair belongs to one bank, so that the fleet is the sum of its banks, and a release that of its banks' devices. */
  private groupsAround(bank: string, build: string): GroupsAround {
    const family = familyOf(build);
    return {
      bank,
      build,
      ofBank: [this.groupOf(null, null), this.groupOf(bank, null)],
      ofRelease: [this.groupOf(null, family), this.groupOf(bank, family)],
    };
  }

  private groupOf(bank: string | null, family: string | null): PastGroup {
    const id = groupId(bank, family);
    const group = this.groups.get(id) ?? new PastGroup();
    this.groups.set(id, group);
    return group;
  }

  /** @returns whether the row tells failures of the past */
  private addDelays([, , , levels, , , , , [kinds, counts]]: WatchCountsRow): boolean {
    const isFailed = levels.length > 0;
    kinds.forEach((kind, index) => {
      const ofBin = isPast(kind) ? this.byDelay[binOfKind(kind)] : undefined;
      if (!ofBin) return;
      ofBin.reports += counts[index] ?? 0;
      if (isFailed) ofBin.failures += counts[index] ?? 0;
    });
    return isFailed && kinds.some(isPast);
  }
}

function increase(counts: Map<string, number>, key: string, by: number): void {
  if (by > 0) counts.set(key, (counts.get(key) ?? 0) + by);
}
