import type { InnerError, Report } from '#domain/report.js';
import type { Operation, Outcome, Rollback, Source, Stage } from '#domain/words.js';
import type { ReportRow } from '../attempt-store.js';
import { column } from './insert-rows.js';
import type { Column } from './insert-rows.js';
import { bool, listOf, nullableTime, text, textTuple, texts, time, uint32, uint8 } from './native-block.js';
import type { Codec } from './native-block.js';

const fact = <T>(name: string, codec: Codec<T>, pick: (report: Report) => T): Column<ReportRow> =>
  column(name, codec, (row: ReportRow) => pick(row.report));

const innerError = textTuple<InnerError>({
  code: ({ code }) => code,
  kind: ({ kind }) => kind,
  origin: ({ origin = '' }) => origin,
});

/** Columns of table `reports` as they are written. */
export const REPORT_ROW_COLUMNS: readonly Column<ReportRow>[] = [
  fact('bank', text, (r) => r.bank),
  fact('kb_key', text, (r) => r.kbKey),
  fact('device_key', text, (r) => r.deviceKey),
  fact('event_id', text, (r) => r.eventId),
  fact('copy_hash', text, (r) => r.copyHash),
  fact('received_at', time, (r) => r.receivedAtMs),
  fact('parser_version', text, (r) => r.parserVersion),
  fact('evidence_count', uint8, (r) => r.evidenceCount),
  fact('source', text, (r) => r.source),
  fact('operation', text, (r) => r.operation),
  fact('outcome', text, (r) => r.outcome),
  fact('occurred_at', nullableTime, (r) => r.occurredAtMs),
  fact('started_at', nullableTime, (r) => r.startedAtMs),
  fact('ended_at', nullableTime, (r) => r.endedAtMs),
  fact('time_implausible', bool, (r) => r.timeImplausible),
  fact('stage', text, (r) => r.stage),
  fact('rollback', text, (r) => r.rollback),
  fact('hresult', text, (r) => r.hresult),
  fact('reported_hresult', text, (r) => r.reportedHresult),
  fact(
    'inner_errors',
    listOf(innerError, (error: InnerError) => error),
    (r) => r.innerErrors,
  ),
  fact('failure_source', text, (r) => r.failureSource),
  fact('object_type', text, (r) => r.failingObject?.type ?? ''),
  fact('object_name', text, (r) => r.failingObject?.name ?? ''),
  fact('object_path', text, (r) => r.failingObject?.path ?? ''),
  fact('os_build', text, (r) => r.osBuild),
  fact('os_build_after', text, (r) => r.osBuildAfter),
  fact('os_instance', text, (r) => r.osInstance),
  fact('channel', text, (r) => r.channel),
  fact('branch', text, (r) => r.branch),
  fact('upgraded_from', text, (r) => r.upgradedFrom),
  fact('update_id', text, (r) => r.updateId),
  fact('update_revision', uint32, (r) => r.updateRevision),
  fact('package_identity', text, (r) => r.packageIdentity),
  fact('delivery_mode', text, (r) => r.deliveryMode),
  column('update_title', text, (row: ReportRow) => row.updateTitle),
  column('excerpt', texts, (row: ReportRow) => row.excerpt),
  column('wsus_server', text, (row: ReportRow) => row.wsusServer),
];

/** Columns of table `reports` that the rules read back, in the order of `reportFromRow`. */
export const REPORT_COLUMNS = [
  'bank',
  'kb_key',
  'device_key',
  'event_id',
  'copy_hash',
  'received_at',
  'parser_version',
  'evidence_count',
  'source',
  'operation',
  'outcome',
  'occurred_at',
  'started_at',
  'ended_at',
  'time_implausible',
  'stage',
  'rollback',
  'hresult',
  'reported_hresult',
  'inner_errors',
  'failure_source',
  'object_type',
  'object_name',
  'object_path',
  'os_build',
  'os_build_after',
  'os_instance',
  'channel',
  'branch',
  'upgraded_from',
  'update_id',
  'update_revision',
  'package_identity',
  'delivery_mode',
] as const;

interface InnerErrorCell {
  readonly code: string;
  readonly kind: InnerError['kind'];
  readonly origin: string;
}
type Cell = string | number | boolean | null | InnerErrorCell[];

/**
 * SELECT list that gives times as milliseconds, in the order `reportFromRow` reads.
 * Aliased away from the column names, so that filters still see the columns.
 */
export const REPORT_SELECT = REPORT_COLUMNS.map((column) =>
  column.endsWith('_at') ? `toUnixTimestamp64Milli(${column})` : column,
).join(', ');

/** A stored row back in the form the rules read. */
export function reportFromRow(row: readonly Cell[]): Report {
  const word = (index: number) => row[index] as string;
  const ms = (index: number) => row[index] as number | null;
  const objectType = word(21);
  return {
    bank: word(0),
    kbKey: word(1),
    deviceKey: word(2),
    eventId: word(3),
    copyHash: word(4),
    receivedAtMs: row[5] as number,
    parserVersion: word(6),
    evidenceCount: row[7] as number,
    source: row[8] as Source,
    operation: row[9] as Operation,
    outcome: row[10] as Outcome,
    occurredAtMs: ms(11),
    startedAtMs: ms(12),
    endedAtMs: ms(13),
    timeImplausible: row[14] as boolean,
    stage: row[15] as Stage,
    rollback: row[16] as Rollback,
    hresult: word(17),
    reportedHresult: word(18),
    innerErrors: (row[19] as InnerErrorCell[]).map(({ code, kind, origin }) =>
      origin === '' ? { code, kind } : { code, kind, origin },
    ),
    failureSource: word(20),
    failingObject:
      objectType === ''
        ? null
        : { type: objectType, name: word(22), path: word(23) === '' ? undefined : word(23) },
    osBuild: word(24),
    osBuildAfter: word(25),
    osInstance: word(26),
    channel: word(27),
    branch: word(28),
    upgradedFrom: word(29),
    updateId: word(30),
    updateRevision: row[31] as number,
    packageIdentity: word(32),
    deliveryMode: word(33),
  };
}
