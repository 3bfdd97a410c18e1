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
import { binOfKind, isCountedIn, kindOfCode, MARKS, marksOf, newerOfCode } from './watch-codes.js';
import type { MarkName, PlaceName } from './watch-codes.js';

/** Of one bank, build, KB and series. What is only past is told by its release, without a KB. */
export type WatchCountsRow = readonly [
  bank: string,
  build: string,
  kb: string,
  levels: readonly string[],
  lastFailureMs: number,
  failures: readonly (readonly [
    device: string,
    branch: string,
    arrivedMs: number,
    occurredMs: number,
    code: number,
  ])[],
  attempts: readonly [codes: readonly number[], counts: readonly number[]],
];

/** A row with what follows from its codes. */
interface CountedRow extends Scope {
  readonly levels: readonly string[];
  readonly lastFailureMs: number;
  readonly codes: readonly number[];
  /** Of the codes: small numbers, over which every window goes. */
  readonly kinds: readonly number[];
  /** Attempts by code. */
  readonly counts: readonly number[];
  /** By mark. */
  readonly marks: readonly number[];
}

function countedRow(row: WatchCountsRow): CountedRow {
  const [bank, build, kb, levels, lastFailureMs, , [codes, counts]] = row;
  const [kinds, marks] = [codes.map(kindOfCode), marksOf(codes, counts, levels.length)];
  return { bank, build, kb, levels, lastFailureMs, codes, kinds, counts, marks };
}

const WINDOWS = [
  { windowMs: WINDOWS_MS[0], suffix: 'h6' },
  { windowMs: WINDOWS_MS[1], suffix: 'h24' },
  { windowMs: WINDOWS_MS[2], suffix: 'h72' },
] as const;

const markAt = (name: MarkName): number => MARKS.findIndex((mark) => mark.name === name);

const [isPast, isNews] = [isCountedIn('past'), isCountedIn('h72')];
/** Where a row tells what of the past a bank, or a bank's release, is. */
const pastMarks = (of: 'bank' | 'family') => ({
  tried: markAt(`${of}_tried`),
  started: markAt(`${of}_started`),
  failed: markAt(`${of}_0`),
  failedAtLevels: ([1, 2, 3] as const).map((depth) => markAt(`${of}_${depth}`)),
});
const [OF_BANK, OF_RELEASE] = [pastMarks('bank'), pastMarks('family')];

/**
 * The rows of one look as the scan reads them. They are taken as they come, in their order: the rows of a million
 * failures take as much memory again as what is kept of them.
 */
export class WatchCounts {
  /** Series of which failing devices are listed: those that may have to be named. */
  readonly namedSeries = new Set<string>();
  private readonly rows: CountedRow[] = [];
  private readonly failures: ToldFailure[] = [];
  private readonly branches = new Map<string, string>();
  /** Of the bank of the last row. */
  private devices = new Map<string, string>();

  add(row: WatchCountsRow): void {
    if (row[0] !== this.rows.at(-1)?.bank) this.devices = new Map();
    const counted = countedRow(row);
    this.rows.push(counted);
    const { bank, build, kb, levels } = counted;
    const failures = row[5];
    if (failures.length > 0) for (const series of levels) this.namedSeries.add(series);
    for (const [device, branch, arrivedMs, occurredMs, code] of failures) {
      this.failures.push({
        bank,
        build,
        kb,
        device: kept(this.devices, device, () => `${bank}/${device}`),
        branch: kept(this.branches, branch, () => branch),
        arrivedMs,
        occurredMs,
        levels,
        isDated: binOfKind(kindOfCode(code)) < DELAY_BINS,
        isLate: !isNews(kindOfCode(code)),
      });
    }
  }

  /** What the rows tell. `nameOf` knows the signatures of `namedSeries`. */
  counted(
    { atMs, sincesMs }: WatchQuestion,
    nameOf: (series: string) => WatchedSignature | undefined,
  ): LookCounts {
    const { rows, failures } = this;
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
        if (!sincesMs.includes(sinceMs)) throw new RangeError(`nothing was counted since ${sinceMs}`);
        const earlier = sincesMs.filter((ms) => ms < sinceMs).length;
        let sum = 0;
        for (const row of rows) {
          if (!holds(scope, row)) continue;
          row.codes.forEach((code, index) => {
            if (newerOfCode(code) > earlier) sum += row.counts[index] ?? 0;
          });
        }
        return sum;
      },
      signatureOf: (series) =>
        nameOf(series) ?? { id: series, l1: series, l2: '', l3: '', fineness: 0, reason: '' },
    };
  }
}

/** One string for all that are alike: rows name a device and a branch again and again. */
function kept(strings: Map<string, string>, key: string, make: () => string): string {
  let known = strings.get(key);
  if (known === undefined) strings.set(key, (known = make()));
  return known;
}

function leavesOf(
  rows: readonly CountedRow[],
  devices: MarkName,
  started: MarkName,
  reports: PlaceName,
): Leaf[] {
  const [triedAt, startedAt, isCounted] = [markAt(devices), markAt(started), isCountedIn(reports)];
  const leaves: ({ -readonly [key in keyof Leaf]: Leaf[key] } & { delays: number[] })[] = [];
  for (const { bank, build, kb, kinds, counts, marks } of rows) {
    const [tried, begun] = [marks[triedAt] ?? 0, marks[startedAt] ?? 0];
    if (tried + begun === 0 && !kinds.some(isCounted)) continue;
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

const activeSeries = (rows: readonly CountedRow[]): ActiveSeries[] =>
  rows.flatMap(({ bank, build, kb, levels, lastFailureMs }) =>
    lastFailureMs === 0 ? [] : [{ bank, build, kb, levels, lastArrivedMs: lastFailureMs }],
  );

/** As the rows tell it. */
interface ToldFailure extends Failure {
  readonly isLate: boolean;
}

/** What a group of the past tried, and how it failed. */
class PastGroup {
  tried = 0;
  started = 0;
  readonly failed = new Map<string, number>();
  readonly codes = new Set<string>();

  add({ levels, marks }: CountedRow, of: ReturnType<typeof pastMarks>, isFailed: boolean): void {
    this.tried += marks[of.tried] ?? 0;
    this.started += marks[of.started] ?? 0;
    if (!isFailed) return;
    increase(this.failed, ANY_FAILURE, marks[of.failed] ?? 0);
    levels.forEach((series, depth) => {
      increase(this.failed, series, marks[of.failedAtLevels[depth] ?? -1] ?? 0);
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

  constructor(rows: readonly CountedRow[]) {
    let groups: GroupsAround | null = null;
    for (const row of rows) {
      const { bank, build } = row;
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
  private addDelays({ levels, kinds, counts }: CountedRow): boolean {
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
