import { isFinal } from './report-order.js';
import type { Report } from './report.js';

const HOUR_MS = 3_600_000;
const LONGEST_GAP_MS = 2 * HOUR_MS;
const LONGEST_PENDING_MS = 30 * 24 * HOUR_MS;

/**
 * Splits the reports of one (bank, device, KB), sorted by `compareReports`, into tries: the reports of one attempt
 * each (contract.md §3). A report without a known time is a try of its own; those come first.
 */
export function splitIntoTries(sorted: readonly Report[]): readonly (readonly Report[])[] {
  const tries: Report[][] = [];
  let open: OpenTry | null = null;
  for (const report of sorted) {
    const atMs = report.occurredAtMs;
    if (atMs === null) {
      tries.push([report]);
      continue;
    }
    if (open === null || startsAnother(report, atMs, open)) {
      open = { reports: [], finalAtMs: null, pendingAtMs: null, lastAtMs: atMs, operation: 'unknown' };
      tries.push(open.reports);
    }
    take(open, report, atMs);
  }
  return tries;
}

interface OpenTry {
  readonly reports: Report[];
  /** Time of the last final outcome. */
  finalAtMs: number | null;
  /** Time of the last pending_reboot that no final outcome has followed. */
  pendingAtMs: number | null;
  lastAtMs: number;
  operation: Report['operation'];
}

function startsAnother(report: Report, atMs: number, open: OpenTry): boolean {
  const isStart = report.outcome === 'unknown' && report.startedAtMs === atMs;
  if (open.finalAtMs !== null) {
    // Windows logs start and failure in one second at times: at an equal time the start belongs to what it began.
    if (isStart && atMs > open.finalAtMs) return true;
    // An uninstall after a finished install (or the reverse) is another try, however close.
    if (atMs > open.finalAtMs && isOtherOperation(report, open)) return true;
  }
  if (open.pendingAtMs !== null) {
    const waitedMs = atMs - open.pendingAtMs;
    return waitedMs > LONGEST_PENDING_MS || (isStart && waitedMs > LONGEST_GAP_MS);
  }
  return atMs - open.lastAtMs > LONGEST_GAP_MS;
}

function isOtherOperation({ operation }: Report, open: OpenTry): boolean {
  return operation !== 'unknown' && open.operation !== 'unknown' && operation !== open.operation;
}

function take(open: OpenTry, report: Report, atMs: number): void {
  open.reports.push(report);
  open.lastAtMs = atMs;
  if (report.operation !== 'unknown') open.operation = report.operation;
  if (report.outcome === 'pending_reboot') open.pendingAtMs = atMs;
  if (!isFinal(report.outcome)) return;
  open.finalAtMs = atMs;
  open.pendingAtMs = null;
}
