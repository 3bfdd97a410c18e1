import type { Attempt, FinalFailure } from '#domain/report.js';
import { levelsOf } from '#domain/signature/signature.js';
import type { HistoryRow } from '../attempt-store.js';
import { column } from './insert-rows.js';
import type { Column } from './insert-rows.js';
import { bool, listOf, nullableTime, text, texts, time, uint128, uint32 } from './native-block.js';
import type { Codec } from './native-block.js';

const ofAttempts = <T>(name: string, codec: Codec<T>, pick: (attempt: Attempt) => T): Column<HistoryRow> =>
  column(`attempts.${name}`, listOf(codec, pick), (row: HistoryRow) => row.history.attempts);

const ofFailures = <T>(
  name: string,
  codec: Codec<T>,
  pick: (failure: FinalFailure) => T,
): Column<HistoryRow> =>
  column(`failures.${name}`, listOf(codec, pick), (row: HistoryRow) => row.history.failures);

/** Columns of table `histories`. */
export const HISTORY_COLUMNS: readonly Column<HistoryRow>[] = [
  column('bank', text, (row) => row.bank),
  column('kb', text, (row) => row.kb),
  column('device_key', text, (row) => row.deviceKey),
  column('version', uint128, (row) => row.version),
  column('latest_outcome', text, (row) => row.history.latest?.outcome ?? ''),
  column('latest_at', nullableTime, (row) => row.history.latest?.atMs ?? null),
  column('attempted_builds', texts, (row) => row.history.attemptedBuilds),
  ofAttempts('started_at', nullableTime, (a) => a.startedAtMs),
  ofAttempts('ended_at', nullableTime, (a) => a.endedAtMs),
  ofAttempts('arrived_at', time, (a) => a.arrivedAtMs),
  ofAttempts('outcome', text, (a) => a.outcome),
  ofAttempts('operation', text, (a) => a.operation),
  ofAttempts('stage', text, (a) => a.stage),
  ofAttempts('rollback', text, (a) => a.rollback),
  ofAttempts('hresult', text, (a) => a.hresult),
  ofAttempts('reported_hresult', text, (a) => a.reportedHresult),
  ofAttempts('build', text, (a) => a.build),
  ofAttempts('channel', text, (a) => a.channel),
  ofAttempts('branch', text, (a) => a.branch),
  ofAttempts('upgraded_from', text, (a) => a.upgradedFrom),
  ofAttempts('signature_id', text, (a) => a.signature?.id ?? ''),
  ofAttempts('event_ids', texts, (a) => a.eventIds),
  ofAttempts('timing', text, (a) => a.timing),
  ofAttempts('imported', bool, (a) => a.isImported),
  ofAttempts('levels', texts, (a) => (a.signature ? levelsOf(a.signature).map(({ id }) => id) : [])),
  ofFailures('cohort_id', text, (f) => f.cohortId),
  ofFailures('build', text, (f) => f.build),
  ofFailures('signature_id', text, (f) => f.signature.id),
  ofFailures('channel', text, (f) => f.channel),
  ofFailures('branch', text, (f) => f.branch),
  ofFailures('first_at', nullableTime, (f) => f.firstAtMs),
  ofFailures('last_at', nullableTime, (f) => f.lastAtMs),
  ofFailures('arrived_at', time, (f) => f.arrivedAtMs),
  ofFailures('open', bool, (f) => f.open),
  ofFailures('regressed', bool, (f) => f.regressed),
  ofFailures('attempts', uint32, (f) => f.attempts),
];
