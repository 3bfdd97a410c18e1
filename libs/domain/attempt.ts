import { isBetterBearer } from './bearers.js';
import type { BorneFailure } from './bearers.js';
import { isFailure, isFinal, tellsLatest } from './report-order.js';
import { failurePartsOf } from './signature/signature.js';
import type { Attempt, AttemptTiming, Report } from './report.js';
import { STAGE_TABLE } from './stage-table.js';
import type { Operation, Rollback, Stage } from './words.js';

/** Progress of a rollback: the furthest that any report of the attempt tells. */
const ROLLBACK_RANK: Readonly<Record<Rollback, number>> = {
  unknown: 0,
  none: 1,
  initiated: 2,
  completed: 3,
  failed: 4,
};

/** The operation of a try: the first that one of its reports knows. */
export function operationOfTry(reports: readonly Report[]): Operation {
  for (const { operation } of reports) if (operation !== 'unknown') return operation;
  return 'unknown';
}

/** Earliest known time of a try; null when no report has one. */
export function startOfTry(reports: readonly Report[]): number | null {
  let earliest: number | null = null;
  for (const { startedAtMs, occurredAtMs, endedAtMs } of reports) {
    earliest = earlier(earlier(earlier(earliest, startedAtMs), occurredAtMs), endedAtMs);
  }
  return earliest;
}

/** When the watch first could know of a try. */
export function arrivalOfTry(reports: readonly Report[]): number {
  return reports.reduce((earliest, { receivedAtMs }) => Math.min(earliest, receivedAtMs), Infinity);
}

function timingOfTry(reports: readonly Report[]): AttemptTiming {
  if (reports.some(({ startedAtMs }) => startedAtMs !== null)) return 'started';
  if (startOfTry(reports) !== null) return 'ended';
  return reports.some(({ timeImplausible }) => timeImplausible) ? 'implausible' : 'unknown';
}

const IMPORTED: readonly string[] = ['file_import', 'replay'];

/** By the report that arrived first; of several at one moment, any live one. */
function isImportedTry(reports: readonly Report[]): boolean {
  const arrivedAtMs = arrivalOfTry(reports);
  return reports
    .filter(({ receivedAtMs }) => receivedAtMs === arrivedAtMs)
    .every(({ deliveryMode }) => IMPORTED.includes(deliveryMode));
}

/** The report that decides the outcome of a try, or of a whole history. */
export function decidingReport(reports: readonly Report[]): Report | null {
  let deciding: Report | null = null;
  for (const report of reports) if (deciding === null || tellsLatest(report, deciding)) deciding = report;
  return deciding;
}

/**
 * What the reports of one try (in order) tell together.
 * @param borne its install failures and who speaks for them
 */
export function toAttempt(
  reports: readonly Report[],
  build: string,
  borne: readonly BorneFailure[],
): Attempt {
  const deciding = decidingReport(reports);
  const operation = operationOfTry(reports);
  const failure = failureOfTry(reports, borne);
  const told =
    failure?.report ??
    reports.findLast(({ hresult, reportedHresult }) => (hresult || reportedHresult) !== '');
  const outcome = deciding?.outcome ?? 'unknown';
  return {
    startedAtMs: startOfTry(reports),
    endedAtMs: reports.findLast((report) => isFinal(report.outcome))?.occurredAtMs ?? null,
    arrivedAtMs: arrivalOfTry(reports),
    timing: timingOfTry(reports),
    isImported: isImportedTry(reports),
    outcome,
    operation: deciding && deciding.operation !== 'unknown' ? deciding.operation : operation,
    stage: failure && failure.report.stage !== 'unknown' ? failure.report.stage : furthestStage(reports),
    rollback: rollbackOf(reports, outcome === 'rolled_back'),
    hresult: told?.hresult ?? '',
    reportedHresult: told?.reportedHresult ?? '',
    build,
    channel: reports.find(({ channel }) => channel !== '' && channel !== 'unknown')?.channel ?? 'unknown',
    branch: reports.find(({ branch }) => branch !== '')?.branch ?? '',
    upgradedFrom: reports.find(({ upgradedFrom }) => upgradedFrom !== '')?.upgradedFrom ?? '',
    signature: failure?.bearer.signature ?? null,
    eventIds: reports.map(({ eventId }) => eventId),
  };
}

/** The failure that stands for the try: its finest own that nothing supersedes; else the finest that speaks for one. */
function failureOfTry(
  reports: readonly Report[],
  borne: readonly BorneFailure[],
): { readonly report: Report; readonly bearer: BorneFailure['bearer'] } | null {
  let best: BorneFailure | null = null;
  for (const candidate of borne) if (best === null || standsBefore(candidate, best)) best = candidate;
  if (best) return { report: best.failure.report, bearer: best.bearer };
  // Failed uninstalls and repairs make no cohort, but the attempt still has its signature.
  let own: { readonly report: Report; readonly bearer: BorneFailure['bearer'] } | null = null;
  for (const report of reports) {
    if (!isFailure(report.outcome)) continue;
    const bearer = failurePartsOf(report);
    if (own === null || isBetterBearer(bearer, own.bearer)) own = { report, bearer };
  }
  return own;
}

function standsBefore(candidate: BorneFailure, rival: BorneFailure): boolean {
  if (candidate.superseded !== rival.superseded) return rival.superseded;
  if (candidate.bearer !== rival.bearer) return isBetterBearer(candidate.bearer, rival.bearer);
  return candidate.superseded && isBetterBearer(candidate.failure.parts, rival.failure.parts);
}

function furthestStage(reports: readonly Report[]): Stage {
  let furthest: Stage = 'unknown';
  for (const { stage } of reports) if (STAGE_TABLE[stage].rank > STAGE_TABLE[furthest].rank) furthest = stage;
  return furthest;
}

function rollbackOf(reports: readonly Report[], rolledBack: boolean): Rollback {
  let furthest: Rollback = 'unknown';
  for (const { rollback } of reports)
    if (ROLLBACK_RANK[rollback] > ROLLBACK_RANK[furthest]) furthest = rollback;
  return rolledBack && ROLLBACK_RANK[furthest] < ROLLBACK_RANK.completed ? 'completed' : furthest;
}

function earlier(left: number | null, right: number | null): number | null {
  if (left === null || right === null) return left ?? right;
  return Math.min(left, right);
}
