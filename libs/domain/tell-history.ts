import { buildOfTry } from './attempt-build.js';
import { decidingReport, operationOfTry, startOfTry, toAttempt } from './attempt.js';
import { findBearers } from './bearers.js';
import type { BorneFailure } from './bearers.js';
import { findEpisodes } from './episodes.js';
import type { PlacedReport } from './episodes.js';
import { toFinalFailures } from './final-failures.js';
import { chooseCopies } from './report-copies.js';
import { compareReports } from './report-order.js';
import type { BuildObservation, History, LatestOutcome, Report } from './report.js';
import { splitIntoTries } from './tries.js';

/** Everything stored about one (bank, canonical device, resolved KB). */
export interface HistoryInput {
  readonly bank: string;
  /** The resolved KB, or the kbKey of an unresolved one. */
  readonly kb: string;
  /** All copies of all reports, in any order, any number of times. */
  readonly reports: readonly Report[];
  /** What the inventory tells of the device's builds. */
  readonly builds: readonly BuildObservation[];
}

const NO_BEARERS: readonly BorneFailure[] = [];

/**
 * Attempts, failures, latest outcome and denominator of one device and KB: all of contract.md §3. Pure and
 * order-free: any permutation, repetition or splitting of the same set gives the equal history.
 */
export function tellHistory({ bank, kb, reports, builds }: HistoryInput): History {
  const chosen = chooseCopies(reports);
  const sorted = chosen.length > 1 ? [...chosen].sort(compareReports) : chosen;
  const tries = splitIntoTries(sorted);
  const placed = tries.flatMap(place);

  const borneByTry = new Map<number, BorneFailure[]>();
  const episodes = findEpisodes(placed).map(({ failures, open }, index) => {
    const borne = findBearers(failures);
    for (const failure of borne) groupByTry(borneByTry, failure);
    return { borne, open, again: index > 0 };
  });
  const attempts = tries.map((own, index) =>
    toAttempt(own, buildOfTry(own, startOfTry(own), builds), borneByTry.get(index) ?? NO_BEARERS),
  );

  const attemptedBuilds = new Set<string>();
  for (const { report, tryIndex, operation } of placed) {
    const isInstall = operation === 'install' || operation === 'unknown';
    if (isInstall && report.outcome !== 'not_applicable')
      attemptedBuilds.add(attempts[tryIndex]?.build ?? 'unknown');
  }
  return {
    attempts,
    failures: episodes.length === 0 ? [] : toFinalFailures(bank, kb, episodes, attempts),
    latest: latestOutcome(sorted, placed),
    attemptedBuilds: [...attemptedBuilds].sort(),
  };
}

function place(reports: readonly Report[], tryIndex: number): PlacedReport[] {
  const ofTry = operationOfTry(reports);
  return reports.map((report) => ({
    report,
    tryIndex,
    operation: report.operation === 'unknown' ? ofTry : report.operation,
  }));
}

function groupByTry(groups: Map<number, BorneFailure[]>, borne: BorneFailure): void {
  const group = groups.get(borne.failure.tryIndex);
  if (group) group.push(borne);
  else groups.set(borne.failure.tryIndex, [borne]);
}

function latestOutcome(reports: readonly Report[], placed: readonly PlacedReport[]): LatestOutcome | null {
  const deciding = decidingReport(reports);
  if (!deciding) return null;
  const { outcome, occurredAtMs } = deciding;
  const operation = placed.find(({ report }) => report === deciding)?.operation;
  const isGone = outcome === 'succeeded' && operation === 'uninstall';
  return { outcome: isGone ? 'not_installed' : outcome, atMs: occurredAtMs };
}
