import type { Report } from '#domain/report.js';
import type { Operation, Outcome, Rollback, Source, Stage } from '#domain/words.js';
import type { ReportRow } from '../attempt-store.js';

/** Length of the kept part of a copy's hash: enough to tell copies of one event apart. */
const COPY_HASH_LENGTH = 16;

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

/** Columns that only people read. */
export const REPORT_TEXT_COLUMNS = ['update_title', 'excerpt'] as const;

/** ClickHouse reads an unquoted whole number as ticks of a DateTime64(3): milliseconds. */
const ticks = (ms: number | null): number | null => (ms === null ? null : clampToDateTime64(ms));

/** Reach of DateTime64; outside it ClickHouse would wrap around. Implausible times are null before they come here. */
const FIRST_MS = Date.UTC(1900, 0, 1);
const LAST_MS = Date.UTC(2299, 11, 31);
const clampToDateTime64 = (ms: number): number => Math.min(Math.max(Math.round(ms), FIRST_MS), LAST_MS);

/** Row for `reports`, in the order of REPORT_COLUMNS then REPORT_TEXT_COLUMNS. */
export function reportToRow({ report: r, updateTitle, excerpt }: ReportRow): unknown[] {
  return [
    r.bank,
    r.kbKey,
    r.deviceKey,
    r.eventId,
    r.copyHash.slice(0, COPY_HASH_LENGTH),
    ticks(r.receivedAtMs),
    r.parserVersion,
    Math.min(r.evidenceCount, 255),
    r.source,
    r.operation,
    r.outcome,
    ticks(r.occurredAtMs),
    ticks(r.startedAtMs),
    ticks(r.endedAtMs),
    r.timeImplausible,
    r.stage,
    r.rollback,
    r.hresult,
    r.reportedHresult,
    r.innerErrors.map((inner) => [inner.code, inner.kind, inner.origin ?? '']),
    r.failureSource,
    r.failingObject?.type ?? '',
    r.failingObject?.name ?? '',
    r.failingObject?.path ?? '',
    r.osBuild,
    r.osBuildAfter,
    r.osInstance,
    r.channel,
    r.branch,
    r.upgradedFrom,
    r.updateId,
    r.updateRevision,
    r.packageIdentity,
    r.deliveryMode,
    updateTitle,
    excerpt,
  ];
}

type Cell = string | number | boolean | null | [string, string, string][];

/**
 * SELECT list that gives times as milliseconds, in the order `reportFromRow` reads.
 * Aliased away from the column names, so that filters still see the columns.
 */
export const REPORT_SELECT = REPORT_COLUMNS.map((column) =>
  column.endsWith('_at') ? `toUnixTimestamp64Milli(${column})` : column,
).join(', ');

/** A stored row back in the form the rules read. */
export function reportFromRow(row: readonly Cell[]): Report {
  const text = (index: number) => row[index] as string;
  const ms = (index: number) => row[index] as number | null;
  const inner = row[19] as [string, string, string][];
  const objectType = text(21);
  return {
    bank: text(0),
    kbKey: text(1),
    deviceKey: text(2),
    eventId: text(3),
    copyHash: text(4),
    receivedAtMs: row[5] as number,
    parserVersion: text(6),
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
    hresult: text(17),
    reportedHresult: text(18),
    innerErrors: inner.map(([code, kind, origin]) => ({
      code,
      kind: kind as Report['innerErrors'][number]['kind'],
      origin: origin === '' ? undefined : origin,
    })),
    failureSource: text(20),
    failingObject:
      objectType === ''
        ? null
        : { type: objectType, name: text(22), path: text(23) === '' ? undefined : text(23) },
    osBuild: text(24),
    osBuildAfter: text(25),
    osInstance: text(26),
    channel: text(27),
    branch: text(28),
    upgradedFrom: text(29),
    updateId: text(30),
    updateRevision: row[31] as number,
    packageIdentity: text(32),
    deliveryMode: text(33),
  };
}
