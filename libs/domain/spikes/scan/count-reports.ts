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
  private readonly baseline = new PastReports();
  private readonly excluded = new Set<number>();
  private nextPast = 0;
  private firstPast = 0;
  private firstRecent = 0;

  /** Takes reports in, none of which arrived before one already taken. */
  add(reports: readonly CountedReport[]): void {
    for (const report of reports) this.reports.push(report);
  }

  /** Counts what arrived up to a moment, later than the one before. @param told what alerts tell of it */
  at(atMs: number, told: readonly ToldSpan[]): LookCounts {
    this.moveBaseline(atMs, told);
    while ((this.reports[this.firstRecent]?.arrivedMs ?? Infinity) <= atMs - ACTIVE_MS) this.firstRecent += 1;
    const { reports } = this;
    const isNews = (report: CountedReport) => report.arrivedMs - report.occurredMs <= MOST_DELAY_MS;
    const lastOf = (windowMs: number) => this.arrivedAfter(atMs - windowMs);
    return {
      atMs,
      windows: WINDOWS_MS.map((windowMs) => windowOf(windowMs, lastOf(windowMs).filter(isNews))),
      get lastDay() {
        const begun = lastOf(DAY_MS).filter(({ occurredMs }) => occurredMs > atMs - DAY_MS);
        return windowOf(DAY_MS, begun);
      },
      get earlier() {
        return windowOf(
          DAY_MS,
          lastOf(DAY_MS).filter((report) => !isNews(report)),
        );
      },
      baseline: this.baseline,
      active: activeSeries(reports, this.firstRecent),
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

const isTold = ({ levels, ...report }: CountedReport, told: readonly ToldSpan[]): boolean =>
  levels !== null && told.some((span) => tells(span, { ...report, levels }));

function windowOf(windowMs: number, reports: readonly CountedReport[]): Window {
  const leaves = new Map<string, { scope: Scope; devices: Set<string>; delays: number[] }>();
  const failures: Failure[] = [];
  for (const report of reports) {
    const { bank, build, kb, device, arrivedMs, occurredMs, levels } = report;
    const id = scopeId(report);
    let leaf = leaves.get(id);
    if (!leaf) {
      leaf = {
        scope: { bank, build, kb },
        devices: new Set(),
        delays: new Array<number>(DELAY_BINS).fill(0),
      };
      leaves.set(id, leaf);
    }
    leaf.devices.add(device);
    const bin = delayBinOf(arrivedMs - occurredMs);
    leaf.delays[bin] = (leaf.delays[bin] ?? 0) + 1;
    if (levels !== null)
      failures.push({ bank, build, kb, device, branch: '', arrivedMs, occurredMs, isDated: true, levels });
  }
  return {
    windowMs,
    failures,
    leaves: [...leaves.values()].map(({ scope, devices, delays }): Leaf => ({
      ...scope,
      devices: devices.size,
      started: devices.size,
      delays,
      undated: 0,
    })),
  };
}

function activeSeries(reports: readonly CountedReport[], from: number): ActiveSeries[] {
  const active = new Map<string, ActiveSeries>();
  for (let index = from; index < reports.length; index += 1) {
    const report = reports[index];
    if (!report || report.levels === null) continue;
    const { bank, build, kb, levels, arrivedMs } = report;
    active.set(`${scopeId(report)}|${levels.join()}`, { bank, build, kb, levels, lastArrivedMs: arrivedMs });
  }
  return [...active.values()];
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
