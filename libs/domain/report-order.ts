import type { Report } from './report.js';
import { SOURCES } from './words.js';
import type { Outcome, Source } from './words.js';

const RANK = Object.fromEntries(SOURCES.map((source, rank) => [source, rank])) as Readonly<
  Record<Source, number>
>;

/** Contract.md §3: only these compete for the latest outcome; a start (`unknown`) is never one while any other word is there. */
const WEIGHT: Readonly<Record<Outcome, number>> = {
  succeeded: 2,
  pending_reboot: 2,
  failed: 2,
  rolled_back: 2,
  cancelled: 1,
  not_applicable: 1,
  unknown: 0,
};

/** Ends an attempt: waiting for a restart and bare starts do not. */
export const isFinal = (outcome: Outcome): boolean => outcome !== 'pending_reboot' && outcome !== 'unknown';

export const isFailure = (outcome: Outcome): boolean => outcome === 'failed' || outcome === 'rolled_back';

/** (time, rank, eventId); reports without a known time come first. A total order over distinct events. */
export function compareReports(left: Report, right: Report): number {
  if (left.occurredAtMs !== right.occurredAtMs) {
    if (left.occurredAtMs === null) return -1;
    if (right.occurredAtMs === null) return 1;
    return left.occurredAtMs - right.occurredAtMs;
  }
  const byRank = RANK[left.source] - RANK[right.source];
  if (byRank !== 0) return byRank;
  return left.eventId < right.eventId ? -1 : left.eventId > right.eventId ? 1 : 0;
}

/**
 * True when `report` rather than `rival` tells the latest outcome: competing words before others, then the later
 * time (none is earliest: so a WSUS summary, which has none, never overrides), then the better witness, then the
 * larger event id.
 */
export function tellsLatest(report: Report, rival: Report): boolean {
  const byWeight = WEIGHT[report.outcome] - WEIGHT[rival.outcome];
  if (byWeight !== 0) return byWeight > 0;
  const time = report.occurredAtMs ?? -1;
  const rivalTime = rival.occurredAtMs ?? -1;
  if (time !== rivalTime) return time > rivalTime;
  const byRank = RANK[report.source] - RANK[rival.source];
  return byRank === 0 ? report.eventId > rival.eventId : byRank < 0;
}
