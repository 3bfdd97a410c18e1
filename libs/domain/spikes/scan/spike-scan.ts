import { Baseline } from './baseline.js';
import {
  ACTIVE_MS,
  BASELINE_MS,
  DAY_MS,
  LONGEST_WINDOW_MS,
  LOOKS_A_WEEK,
  MERGED_FROM,
  MIN_DEVICES,
  MIN_LIFT,
  MIN_SERIES,
  MOST_DELAY_MS,
  MOST_EXCLUDED_MS,
  NARROWING,
  QUIET_DEVICES,
  QUIET_TIMES_EXPECTED,
  RECOVERY_EVIDENCE,
  REOPEN_MS,
  STALE_MS,
  WINDOWS_MS,
} from './constants.js';
import { Dispersion } from './dispersion.js';
import type { ScanReport } from './reports.js';
import { ANY, fixedValues, holds, overlap, scopeId, scopesOf } from './scope.js';
import type { Scope } from './scope.js';
import { lnPOf, WindowCells } from './window-cells.js';
import type { Cell } from './window-cells.js';

/** False alarms accepted a week: for each bank, and for all scopes over several banks together. */
export interface AlarmBudget {
  readonly ofBankAWeek: number;
  readonly ofFleetAWeek: number;
}
export const PAGE_BUDGET: AlarmBudget = { ofBankAWeek: 0.01, ofFleetAWeek: 0.3 };
export const TICKET_BUDGET: AlarmBudget = { ofBankAWeek: 0.3, ofFleetAWeek: 3 };

/** One notification and what became of it. */
export interface ScanAlert extends Scope {
  readonly signature: string;
  readonly openedMs: number;
  readonly cell: Cell;
  readonly lnP: number;
  closedMs: number | null;
  /** Devices that failed a share of what tried when it opened. */
  readonly rate: number;
  evidence: number;
  lastFailureMs: number;
}

interface Candidate {
  readonly cell: Cell;
  readonly lnP: number;
  readonly score: number;
}

/**
 * The scan over all groupings of bank, build and KB, fed strictly by arrival. The same reports give the same alerts,
 * in whatever order those of one moment come.
 */
export class SpikeScan {
  readonly alerts: ScanAlert[] = [];
  private readonly baseline = new Baseline();
  private readonly dispersion = new Dispersion();
  private readonly reports: ScanReport[] = [];
  private readonly excluded = new Set<number>();
  private readonly banks = new Set<string>();
  private readonly signatures = new Set<string>();
  private nextPast = 0;
  private firstPast = 0;
  private firstRecent = 0;
  private firstUnseen = 0;

  constructor(private readonly budget: AlarmBudget) {}

  /** Takes reports in, none of which arrived before one already taken. */
  add(reports: readonly ScanReport[]): void {
    for (const report of reports) {
      this.reports.push(report);
      this.banks.add(report.bank);
      if (report.signature !== null) this.signatures.add(report.signature);
    }
  }

  /** Looks at what arrived up to a moment, later than that of the look before. @returns what opened */
  look(atMs: number, isLearning: boolean): readonly ScanAlert[] {
    this.moveBaseline(atMs);
    const windows = WINDOWS_MS.map((windowMs) => this.window(windowMs, atMs));
    const [, day] = windows;
    if (day && atMs % DAY_MS === 0)
      this.dispersion.learn(day, this.banks, this.signatures, (failure) => this.isOfAlert(failure));
    if (isLearning) {
      this.firstUnseen = this.reports.length;
      return [];
    }
    this.closeQuiet(atMs);
    const opened: ScanAlert[] = [];
    const thresholds = this.thresholds(atMs);
    for (const signature of [...this.signatures].sort()) {
      for (;;) {
        const best = this.bestCandidate(windows, signature, thresholds);
        if (!best) break;
        const alert = this.open(best, atMs);
        if (alert) opened.push(alert);
      }
    }
    this.firstUnseen = this.reports.length;
    return opened;
  }

  private moveBaseline(atMs: number): void {
    const pastMs = atMs - LONGEST_WINDOW_MS;
    for (; (this.reports[this.nextPast]?.arrivedMs ?? Infinity) <= pastMs; this.nextPast += 1) {
      const report = this.reports[this.nextPast];
      if (!report) break;
      if (this.isOfAlert(report)) this.excluded.add(this.nextPast);
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

  private isOfAlert(report: ScanReport): boolean {
    const { signature, arrivedMs } = report;
    return (
      signature !== null &&
      this.alerts.some(
        (alert) =>
          alert.signature === signature &&
          arrivedMs > alert.openedMs - LONGEST_WINDOW_MS &&
          arrivedMs <= Math.min(alert.closedMs ?? Infinity, alert.openedMs + MOST_EXCLUDED_MS) &&
          holds(alert, report),
      )
    );
  }

  private window(windowMs: number, atMs: number): WindowCells {
    while ((this.reports[this.firstRecent]?.arrivedMs ?? Infinity) <= atMs - ACTIVE_MS) this.firstRecent += 1;
    const tested: ScanReport[] = [];
    for (let index = this.reports.length - 1; index >= this.firstRecent; index -= 1) {
      const report = this.reports[index];
      if (!report || report.arrivedMs <= atMs - windowMs) break;
      if (report.arrivedMs - report.occurredMs <= MOST_DELAY_MS) tested.push(report);
    }
    return new WindowCells(windowMs, tested, this.baseline);
  }

  /** ln of what a cell may have by chance: the bank's own, and that of scopes over several banks. */
  private thresholds(atMs: number): (bank: string) => number {
    const ofBank = new Map<string, Set<string>>();
    for (let index = this.firstRecent; index < this.reports.length; index += 1) {
      const report = this.reports[index];
      if (!report || report.signature === null || report.arrivedMs <= atMs - ACTIVE_MS) continue;
      const series = `${scopeId(report)}|${report.signature}`;
      for (const bank of [report.bank, ANY]) {
        const known = ofBank.get(bank);
        if (known) known.add(series);
        else ofBank.set(bank, new Set([series]));
      }
    }
    return (bank) => {
      const series = Math.max(MIN_SERIES, ofBank.get(bank)?.size ?? 0);
      const budget = bank === ANY ? this.budget.ofFleetAWeek : this.budget.ofBankAWeek;
      return Math.log(budget / (LOOKS_A_WEEK * series));
    };
  }

  private bestCandidate(
    windows: readonly WindowCells[],
    signature: string,
    thresholdOf: (bank: string) => number,
  ): Candidate | null {
    const own = this.alerts.filter((alert) => alert.signature === signature);
    const open = own.filter(({ closedMs }) => closedMs === null);
    let best: Candidate | null = null;
    for (const window of windows) {
      const failures = (window.failures.get(signature) ?? []).filter(
        (failure) =>
          !own.some(
            (alert) =>
              alert.closedMs !== null &&
              failure.occurredMs <= alert.closedMs &&
              failure.occurredMs >= alert.openedMs - LONGEST_WINDOW_MS &&
              holds(alert, failure),
          ),
      );
      if (failures.length < MIN_DEVICES) continue;
      for (const whole of window.cellsOf(signature, failures, MIN_DEVICES)) {
        if (open.some((alert) => holds(alert, whole))) continue;
        const cell = this.withoutExplained(window, whole, failures, open);
        if (cell.failed < MIN_DEVICES || cell.failed < MIN_LIFT * cell.expected) continue;
        const lnP = lnPOf(cell, this.dispersion.c2);
        const threshold = thresholdOf(cell.bank);
        if (lnP > threshold) continue;
        const score = lnP - threshold + NARROWING * fixedValues(cell);
        if (best === null || score < best.score || (score === best.score && before(cell, best.cell)))
          best = { cell, lnP, score };
      }
    }
    return best;
  }

  /** The cell without what open alerts already tell: of theirs only so many devices stay as were to be expected. */
  private withoutExplained(
    window: WindowCells,
    cell: Cell,
    failures: readonly ScanReport[],
    open: readonly ScanAlert[],
  ): Cell {
    const overlapping = open.filter((alert) => overlap(alert, cell) !== null);
    if (overlapping.length === 0) return cell;
    const outside = new Set<string>();
    const inside = new Set<string>();
    for (const failure of failures) {
      if (!holds(cell, failure)) continue;
      (overlapping.some((alert) => holds(alert, failure)) ? inside : outside).add(failure.device);
    }
    let usual = 0;
    for (const alert of overlapping) {
      const common = overlap(alert, cell);
      if (common) usual += window.told(cell.signature, common).expected;
    }
    return { ...cell, failed: outside.size + Math.min(inside.size, Math.round(usual)) };
  }

  /** @returns the alert to tell, or null when one that was told a short while ago goes on */
  private open({ cell, lnP }: Candidate, atMs: number): ScanAlert | null {
    const own = this.alerts.filter((alert) => alert.signature === cell.signature);
    const before = own.find(
      (alert) =>
        alert.closedMs !== null && atMs - alert.closedMs <= REOPEN_MS && scopeId(alert) === scopeId(cell),
    );
    if (before) {
      before.closedMs = null;
      before.evidence = 0;
      before.lastFailureMs = atMs;
      return null;
    }
    const open = own.filter(({ closedMs }) => closedMs === null);
    const scope = mergedScope(cell, open) ?? cell;
    for (const alert of open) if (holds(scope, alert)) alert.closedMs = atMs;
    const alert: ScanAlert = {
      bank: scope.bank,
      build: scope.build,
      kb: scope.kb,
      signature: cell.signature,
      openedMs: atMs,
      closedMs: null,
      cell,
      lnP,
      rate: cell.failed / Math.max(1, cell.installs),
      evidence: 0,
      lastFailureMs: atMs,
    };
    this.alerts.push(alert);
    return alert;
  }

  private closeQuiet(atMs: number): void {
    const open = this.alerts.filter(({ closedMs }) => closedMs === null);
    if (open.length === 0) return;
    const lastDay: ScanReport[] = [];
    for (let index = this.reports.length - 1; index >= this.firstRecent; index -= 1) {
      const report = this.reports[index];
      if (!report || report.arrivedMs <= atMs - DAY_MS) break;
      if (report.occurredMs > atMs - DAY_MS) lastDay.push(report);
    }
    const day = new WindowCells(DAY_MS, lastDay, this.baseline);
    for (const alert of open) {
      for (let index = this.firstUnseen; index < this.reports.length; index += 1) {
        const report = this.reports[index];
        if (!report || !holds(alert, report)) continue;
        alert.evidence += 1;
        if (report.signature === alert.signature)
          alert.lastFailureMs = Math.max(alert.lastFailureMs, report.arrivedMs);
      }
      const failing = new Set<string>();
      for (const failure of day.failures.get(alert.signature) ?? [])
        if (holds(alert, failure)) failing.add(failure.device);
      const { expected } = day.told(alert.signature, alert);
      const isQuiet = failing.size < Math.max(QUIET_DEVICES, QUIET_TIMES_EXPECTED * expected);
      if (!isQuiet) alert.evidence = 0;
      const isOver =
        isQuiet && atMs - alert.openedMs >= DAY_MS && alert.evidence >= RECOVERY_EVIDENCE / alert.rate;
      if (isOver || atMs - alert.lastFailureMs >= STALE_MS) alert.closedMs = atMs;
    }
  }
}

/** The narrowest scope around a new alert in which three would be open, told as one. */
function mergedScope(cell: Cell, open: readonly ScanAlert[]): Scope | null {
  return (
    scopesOf({ bank: cell.bank, build: cell.build, kb: cell.kb })
      .filter((scope) => open.filter((alert) => holds(scope, alert)).length >= MERGED_FROM - 1)
      .sort((a, b) => fixedValues(b) - fixedValues(a) || (scopeId(a) < scopeId(b) ? -1 : 1))[0] ?? null
  );
}

/** A fixed order among equally unlikely cells. */
const before = (left: Cell, right: Cell): boolean =>
  left.windowMs - right.windowMs < 0 || (left.windowMs === right.windowMs && scopeId(left) < scopeId(right));
