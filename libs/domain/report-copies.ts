import { isPlausible } from './plausible-time.js';
import type { Report } from './report.js';

/**
 * One report per event id, whatever the order and number of copies (contract.md §3): receivedAt is the smallest of
 * all copies; the rest comes whole from the copy that is first by parser version (newest), number of known evidence
 * fields (most), copy hash. Times are judged against the receivedAt that counts.
 */
export function chooseCopies(copies: readonly Report[]): readonly Report[] {
  if (copies.length < 2) return copies;
  const chosen = new Map<string, Report>();
  const receivedAtMs = new Map<string, number>();
  for (const copy of copies) {
    const rival = chosen.get(copy.eventId);
    if (!rival || isBetterCopy(copy, rival)) chosen.set(copy.eventId, copy);
    const earliest = receivedAtMs.get(copy.eventId);
    if (earliest === undefined || copy.receivedAtMs < earliest)
      receivedAtMs.set(copy.eventId, copy.receivedAtMs);
  }
  const reports: Report[] = [];
  for (const [eventId, report] of chosen) {
    reports.push(receivedAt(report, receivedAtMs.get(eventId) ?? report.receivedAtMs));
  }
  return reports;
}

function isBetterCopy(copy: Report, rival: Report): boolean {
  const byVersion = compareVersions(copy.parserVersion, rival.parserVersion);
  if (byVersion !== 0) return byVersion > 0;
  if (copy.evidenceCount !== rival.evidenceCount) return copy.evidenceCount > rival.evidenceCount;
  return copy.copyHash < rival.copyHash;
}

/** > 0 when `left` is newer: part by part, numbers by value and before words. A total order. */
function compareVersions(left: string, right: string): number {
  if (left === right) return 0;
  const leftParts = left.split('.');
  const rightParts = right.split('.');
  for (let index = 0; index < Math.max(leftParts.length, rightParts.length); index += 1) {
    const difference = compareParts(leftParts[index] ?? '', rightParts[index] ?? '');
    if (difference !== 0) return difference;
  }
  return left < right ? -1 : 1;
}

function compareParts(left: string, right: string): number {
  if (left === right) return 0;
  const leftNumber = NUMBER.test(left) ? Number(left) : -1;
  const rightNumber = NUMBER.test(right) ? Number(right) : -1;
  if (leftNumber >= 0 && rightNumber >= 0) return leftNumber - rightNumber;
  if (left === '' || right === '') return left === '' ? -1 : 1;
  if (leftNumber >= 0 || rightNumber >= 0) return leftNumber >= 0 ? -1 : 1;
  return left < right ? -1 : 1;
}
const NUMBER = /^\d{1,9}$/;

function receivedAt(report: Report, receivedAtMs: number): Report {
  if (report.receivedAtMs === receivedAtMs) return report;
  const occurredAtMs = believed(report.occurredAtMs, receivedAtMs);
  const startedAtMs = believed(report.startedAtMs, receivedAtMs);
  const endedAtMs = believed(report.endedAtMs, receivedAtMs);
  const lost =
    occurredAtMs !== report.occurredAtMs ||
    startedAtMs !== report.startedAtMs ||
    endedAtMs !== report.endedAtMs;
  return {
    ...report,
    receivedAtMs,
    occurredAtMs,
    startedAtMs,
    endedAtMs,
    timeImplausible: report.timeImplausible || lost,
  };
}

const believed = (timeMs: number | null, receivedAtMs: number): number | null =>
  timeMs !== null && isPlausible(timeMs, receivedAtMs) ? timeMs : null;
