import type { Attempt, FinalFailure } from '#domain/report.js';
import type { HistoryRow } from '../attempt-store.js';

/** Columns of the arrays in `histories`: one list, so that names and values cannot drift apart. */
const ATTEMPT_COLUMNS: readonly (readonly [string, (attempt: Attempt) => unknown])[] = [
  ['started_at', (a) => a.startedAtMs],
  ['ended_at', (a) => a.endedAtMs],
  ['arrived_at', (a) => a.arrivedAtMs],
  ['outcome', (a) => a.outcome],
  ['operation', (a) => a.operation],
  ['stage', (a) => a.stage],
  ['rollback', (a) => a.rollback],
  ['hresult', (a) => a.hresult],
  ['reported_hresult', (a) => a.reportedHresult],
  ['build', (a) => a.build],
  ['channel', (a) => a.channel],
  ['branch', (a) => a.branch],
  ['upgraded_from', (a) => a.upgradedFrom],
  ['signature_id', (a) => a.signature?.id ?? ''],
  ['event_ids', (a) => a.eventIds],
];

const FAILURE_COLUMNS: readonly (readonly [string, (failure: FinalFailure) => unknown])[] = [
  ['cohort_id', (f) => f.cohortId],
  ['build', (f) => f.build],
  ['signature_id', (f) => f.signature.id],
  ['channel', (f) => f.channel],
  ['branch', (f) => f.branch],
  ['first_at', (f) => f.firstAtMs],
  ['last_at', (f) => f.lastAtMs],
  ['arrived_at', (f) => f.arrivedAtMs],
  ['open', (f) => f.open],
  ['regressed', (f) => f.regressed],
  ['attempts', (f) => f.attempts],
];

export const HISTORY_COLUMNS = [
  'bank',
  'kb',
  'device_key',
  'version',
  'latest_outcome',
  'latest_at',
  'attempted_builds',
  ...ATTEMPT_COLUMNS.map(([name]) => `attempts.${name}`),
  ...FAILURE_COLUMNS.map(([name]) => `failures.${name}`),
] as unknown as readonly [string, ...string[]];

/** Row for `histories`, in the order of HISTORY_COLUMNS. */
export function historyToRow({ bank, kb, deviceKey, version, history }: HistoryRow): unknown[] {
  return [
    bank,
    kb,
    deviceKey,
    version,
    history.latest?.outcome ?? '',
    history.latest?.atMs ?? null,
    history.attemptedBuilds,
    ...ATTEMPT_COLUMNS.map(([, value]) => history.attempts.map(value)),
    ...FAILURE_COLUMNS.map(([, value]) => history.failures.map(value)),
  ];
}
