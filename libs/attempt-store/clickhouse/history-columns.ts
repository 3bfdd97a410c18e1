import type { Attempt, FinalFailure } from '#domain/report.js';
import { levelsOf } from '#domain/signature/signature.js';
import type { HistoryRow } from '../attempt-store.js';
import { column } from './insert-rows.js';
import type { Column } from './insert-rows.js';
import { array, bool, nullable, text, time, uint128, uint32 } from './row-binary.js';
import type { Encode } from './row-binary.js';

const ofAttempts = <T>(
  name: string,
  encode: Encode<T>,
  pick: (attempt: Attempt) => T,
): Column<HistoryRow> => ({
  name: `attempts.${name}`,
  write: (writer, { history: { attempts } }) => {
    writer.varint(attempts.length);
    for (const attempt of attempts) encode(writer, pick(attempt));
  },
});

const ofFailures = <T>(
  name: string,
  encode: Encode<T>,
  pick: (failure: FinalFailure) => T,
): Column<HistoryRow> => ({
  name: `failures.${name}`,
  write: (writer, { history: { failures } }) => {
    writer.varint(failures.length);
    for (const failure of failures) encode(writer, pick(failure));
  },
});

/** Columns of table `histories`. */
export const HISTORY_COLUMNS: readonly Column<HistoryRow>[] = [
  column('bank', text, (row) => row.bank),
  column('kb', text, (row) => row.kb),
  column('device_key', text, (row) => row.deviceKey),
  column('version', uint128, (row) => row.version),
  column('latest_outcome', text, (row) => row.history.latest?.outcome ?? ''),
  column('latest_at', nullable(time), (row) => row.history.latest?.atMs ?? null),
  column('attempted_builds', array(text), (row) => row.history.attemptedBuilds),
  ofAttempts('started_at', nullable(time), (a) => a.startedAtMs),
  ofAttempts('ended_at', nullable(time), (a) => a.endedAtMs),
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
  ofAttempts('event_ids', array(text), (a) => a.eventIds),
  ofAttempts('timing', text, (a) => a.timing),
  ofAttempts('imported', bool, (a) => a.isImported),
  ofAttempts('levels', array(text), (a) => (a.signature ? levelsOf(a.signature).map(({ id }) => id) : [])),
  ofFailures('cohort_id', text, (f) => f.cohortId),
  ofFailures('build', text, (f) => f.build),
  ofFailures('signature_id', text, (f) => f.signature.id),
  ofFailures('channel', text, (f) => f.channel),
  ofFailures('branch', text, (f) => f.branch),
  ofFailures('first_at', nullable(time), (f) => f.firstAtMs),
  ofFailures('last_at', nullable(time), (f) => f.lastAtMs),
  ofFailures('arrived_at', time, (f) => f.arrivedAtMs),
  ofFailures('open', bool, (f) => f.open),
  ofFailures('regressed', bool, (f) => f.regressed),
  ofFailures('attempts', uint32, (f) => f.attempts),
];
