import {
  ACTIVE_MS,
  BASELINE_MS,
  DAY_MS,
  LONGEST_WINDOW_MS,
  MOST_DELAY_MS,
  WINDOWS_MS,
} from '../constants.js';
import { ANY_FAILURE, groupId } from './counts.js';
import type { ActiveSeries, BaselineCounts, Failure, Leaf, LookCounts, Window } from './counts.js';
import { DELAY_BINS, delayBinOf } from './delay-weights.js';
import { familyOf, holds, scopeId } from './scope.js';
import type { Scope } from './scope.js';
import { tells } from './told-span.js';
import type { ToldSpan } from './told-span.js';

/** One attempt in memory: one device's outcome for one KB. Times in ms. */
export interface CountedReport extends Scope {
  readonly device: string;
  readonly arrivedMs: number;
  /** Start of the attempt. */
  readonly occurredMs: number;
  /** Its series from the coarsest to the finest; null when it did not fail. */
  readonly levels: readonly string[] | null;
}

/**
 * Counts what a look needs from reports held in memory, fed strictly by arrival: for measuring, and for tests that hold
 * the store's counting against it. The same reports give the same counts, in whatever order those of one moment come.
 */
export class ReportCounting {
  private readonly reports: CountedReport[] = [];
  private readonly windows = WINDOWS_MS.map((windowMs) => new SlidingWindow(windowMs));
  private readonly active = new RecentSeries();
  private readonly baseline = new PastReports();
  private readonly excluded = new Set<number>();
  private nextPast = 0;
  private firstPast = 0;

  /** Takes reports in, none of which arrived before one already taken. */
  add(reports: readonly CountedReport[]): void {
    for (const report of reports) {
      this.reports.push(report);
      this.active.add(report);
      if (isNews(report)) for (const window of this.windows) window.add(report);
    }
  }

  /** Counts what arrived up to a moment, later than the one before. @param told what alerts tell of it */
  at(atMs: number, told: readonly ToldSpan[]): LookCounts {
    this.moveBaseline(atMs, told);
    const ofLastDay = (isWanted: (report: CountedReport) => boolean): Window => {
      const day = new SlidingWindow(DAY_MS);
      for (const report of this.arrivedAfter(atMs - DAY_MS)) if (isWanted(report)) day.add(report);
      return day.at(atMs);
    };
    return {
      atMs,
      windows: this.windows.map((window) => window.at(atMs)),
      get lastDay() {
        return ofLastDay(({ occurredMs }) => occurredMs > atMs - DAY_MS);
      },
      get earlier() {
        return ofLastDay((report) => !isNews(report));
      },
      baseline: this.baseline,
      active: this.active.at(atMs),
      arrivedSince: (scope, sinceMs) =>
        this.arrivedAfter(sinceMs).filter((report) => holds(scope, report)).length,
      signatureOf: (series) => ({ id: series, l1: series, l2: '', l3: '', fineness: 1, reason: '' }),
    };
  }

  private arrivedAfter(sinceMs: number): CountedReport[] {
    let first = this.reports.length;
    while (first > 0 && (this.reports[first - 1]?.arrivedMs ?? -Infinity) > sinceMs) first -= 1;
    return this.reports.slice(first);
  }

  private moveBaseline(atMs: number, told: readonly ToldSpan[]): void {
    const pastMs = atMs - LONGEST_WINDOW_MS;
    for (; (this.reports[this.nextPast]?.arrivedMs ?? Infinity) <= pastMs; this.nextPast += 1) {
      const report = this.reports[this.nextPast];
      if (!report) break;
      if (isTold(report, told)) this.excluded.add(this.nextPast);
      else this.baseline.change(report, 1);
    }
    for (
      ;
      (this.reports[this.firstPast]?.arrivedMs ?? Infinity) <= pastMs - BASELINE_MS;
      this.firstPast += 1
    ) {
      const report = this.reports[this.firstPast];
      if (report && !this.excluded.delete(this.firstPast)) this.baseline.change(report, -1);
    }
  }
}

const isNews = ({ arrivedMs, occurredMs }: CountedReport): boolean => arrivedMs - occurredMs <= MOST_DELAY_MS;

const isTold = ({ levels, ...report }: CountedReport, told: readonly ToldSpan[]): boolean =>
  levels !== null && told.some((span) => tells(span, { ...report, levels }));

interface SlidingLeaf {
  readonly id: string;
  readonly scope: Scope;
  /** Reports by device. */
  readonly devices: Map<string, number>;
  readonly delays: number[];
  /** As last counted; null = changed since. */
  counted: Leaf | null;
}

/** One window, kept up while reports come and go: a look costs what has changed since the one before. */
class SlidingWindow {
  private readonly leaves = new Map<string, SlidingLeaf>();
  private readonly reports: CountedReport[] = [];
  private readonly failures: Failure[] = [];
  /** By id; null = leaves came or went. */
  private sorted: SlidingLeaf[] | null = null;
  private oldest = 0;
  private oldestFailure = 0;

  constructor(private readonly windowMs: number) {}

  add(report: CountedReport): void {
    const { bank, build, kb, device, arrivedMs, occurredMs, levels } = report;
    this.reports.push(report);
    const id = scopeId(report);
    let leaf = this.leaves.get(id);
    if (!leaf) {
      const delays = new Array<number>(DELAY_BINS).fill(0);
      this.leaves.set(
        id,
        (leaf = { id, scope: { bank, build, kb }, devices: new Map(), delays, counted: null }),
      );
      this.sorted = null;
    }
    leaf.counted = null;
    leaf.devices.set(device, (leaf.devices.get(device) ?? 0) + 1);
    const bin = delayBinOf(arrivedMs - occurredMs);
    leaf.delays[bin] = (leaf.delays[bin] ?? 0) + 1;
    if (levels !== null)
      this.failures.push({
        bank,
        build,
        kb,
        device,
        branch: '',
        arrivedMs,
        occurredMs,
        isDated: true,
        levels,
      });
  }

  /** What of it arrived in the window that ends at `atMs`. Equal reports give equal windows, whatever their order. */
  at(atMs: number): Window {
    const isOver = (one: { readonly arrivedMs: number } | undefined): boolean =>
      one !== undefined && one.arrivedMs <= atMs - this.windowMs;
    for (; isOver(this.reports[this.oldest]); this.oldest += 1) this.remove(this.reports[this.oldest]);
    while (isOver(this.failures[this.oldestFailure])) this.oldestFailure += 1;
    this.sorted ??= [...this.leaves.values()].sort((left, right) => (left.id < right.id ? -1 : 1));
    return {
      windowMs: this.windowMs,
      failures: this.failures.slice(this.oldestFailure),
      leaves: this.sorted.map((leaf) => (leaf.counted ??= countOf(leaf))),
    };
  }

  private remove(report: CountedReport | undefined): void {
    const leaf = report && this.leaves.get(scopeId(report));
    if (!leaf) return;
    leaf.counted = null;
    const left = (leaf.devices.get(report.device) ?? 0) - 1;
    if (left > 0) leaf.devices.set(report.device, left);
    else leaf.devices.delete(report.device);
    const bin = delayBinOf(report.arrivedMs - report.occurredMs);
    leaf.delays[bin] = (leaf.delays[bin] ?? 0) - 1;
    if (leaf.devices.size > 0) return;
    this.leaves.delete(leaf.id);
    this.sorted = null;
  }
}

const countOf = ({ scope, devices, delays }: SlidingLeaf): Leaf => ({
  ...scope,
  devices: devices.size,
  started: devices.size,
  delays: [...delays],
  undated: 0,
});

/** Every series of a leaf that failed within the last week. */
class RecentSeries {
  private readonly series = new Map<string, ActiveSeries>();

  add(report: CountedReport): void {
    const { bank, build, kb, levels, arrivedMs } = report;
    if (levels === null) return;
    const id = `${scopeId(report)}|${levels.join()}`;
    // The newest stand last, so that what is too old stands first.
    this.series.delete(id);
    this.series.set(id, { bank, build, kb, levels, lastArrivedMs: arrivedMs });
  }

  at(atMs: number): ActiveSeries[] {
    for (const [id, { lastArrivedMs }] of this.series) {
      if (lastArrivedMs > atMs - ACTIVE_MS) break;
      this.series.delete(id);
    }
    return [...this.series.values()];
  }
}

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

/** The baseline. Reports are added when they become past and removed when they are too old. */
class PastReports implements BaselineCounts {
  readonly byDelay = Array.from({ length: DELAY_BINS }, () => ({ reports: 0, failures: 0 }));
  private readonly tried = new DistinctCounts();
  /** By group and series. */
  private readonly failed = new DistinctCounts();
  /** Codes by group. */
  private readonly codes = new Map<string, Map<string, number>>();

  /** @param by 1 = the report becomes past, -1 = it leaves the baseline */
  change(report: CountedReport, by: 1 | -1): void {
    const { bank, build, levels } = report;
    const family = familyOf(build);
    const pair = `${report.device}|${report.kb}`;
    const bin = this.byDelay[delayBinOf(report.arrivedMs - report.occurredMs)];
    if (bin) {
      bin.reports += by;
      if (levels !== null) bin.failures += by;
    }
    for (const group of [
      groupId(null, null),
      groupId(null, family),
      groupId(bank, null),
      groupId(bank, family),
    ]) {
      this.tried.change(group, pair, by);
      if (levels === null) continue;
      for (const series of [ANY_FAILURE, ...levels]) this.failed.change(`${group}/${series}`, pair, by);
      this.countCode(group, levels[0] ?? '', by);
    }
  }

  installs(group: string): number {
    return this.tried.of(group);
  }

  started(group: string): number {
    return this.tried.of(group);
  }

  failures(group: string, series: string): number {
    return this.failed.of(`${group}/${series}`);
  }

  codesOf(group: string): Iterable<string> {
    return this.codes.get(group)?.keys() ?? [];
  }

  private countCode(group: string, code: string, by: 1 | -1): void {
    const codes = this.codes.get(group) ?? new Map<string, number>();
    this.codes.set(group, codes);
    const count = (codes.get(code) ?? 0) + by;
    if (count > 0) codes.set(code, count);
    else codes.delete(code);
  }
}
