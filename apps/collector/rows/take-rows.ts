import { buildEvent } from '#domain/build-event.js';
import type { Arrival } from '#domain/build-event.js';
import { normaliseReport } from '#domain/normalise-report.js';
import type { NormalisedReport, ReportIssue, ReportValidators } from '#domain/normalise-report.js';
import { isRemedyRow, takeRemedy } from '#domain/remedies/take-remedy.js';
import { deviceMessageKey } from '#domain/topics.js';
import type { LogMessage } from '#event-log/event-log.js';
import { parseRow } from './parse-row.js';
import type { ParsedRow, RowLimits } from './parse-row.js';
import type { ReportBody } from './read-report-body.js';
import type { RowSpan } from './split-rows.js';

export interface RejectedRow extends ReportIssue {
  readonly index: number;
  /** The row as it came. */
  readonly text: string;
}

/** A sender chooses field names; an answer must not grow with them. */
const MOST_PATH_CHARACTERS = 256;

export type TakenRows =
  | {
      readonly kind: 'taken';
      /** For topic `patch.attempts`, in the order of the rows. */
      readonly attempts: readonly LogMessage[];
      /** For topic `patch.inventory`. */
      readonly inventories: readonly LogMessage[];
      /** For topic `patch.remedies`. */
      readonly remedies: readonly LogMessage[];
      readonly rejected: readonly RejectedRow[];
      readonly unknownFields: number;
    }
  /** A row names another bank than the credential: nothing of the request may be taken. */
  | { readonly kind: 'foreign_bank'; readonly index: number };

/**
 * Rows of one request → messages ready to append, and the rows that cannot be taken with the first reason each.
 * Pure and never throws: one bad row costs nothing but itself.
 */
export function takeRows(
  body: ReportBody,
  arrival: Arrival,
  validators: ReportValidators,
  limits: RowLimits,
): TakenRows {
  const attempts: LogMessage[] = [];
  const inventories: LogMessage[] = [];
  const remedies: LogMessage[] = [];
  const rejected: RejectedRow[] = [];
  let unknownFields = 0;
  for (const span of body.rows) {
    const parsed = body.notUtf8.has(span.index) ? NOT_UTF8 : parseRow(body.text, span, limits);
    if (parsed.ok && namesOtherBank(parsed.value, arrival.bank)) {
      return { kind: 'foreign_bank', index: span.index };
    }
    if (parsed.ok && isRemedyRow(parsed.value)) {
      const remedy = takeRemedy(parsed.value, arrival);
      if (remedy.ok) {
        unknownFields += remedy.unknownFields;
        remedies.push(toMessage(remedy.event));
      } else rejected.push(rejectRow(body.text, span, remedy.issues));
      continue;
    }
    const report: NormalisedReport = parsed.ok
      ? normaliseReport(parsed.value, validators)
      : { ok: false, issues: [parsed.issue] };
    if (!report.ok) {
      rejected.push(rejectRow(body.text, span, report.issues));
      continue;
    }
    unknownFields += report.unknownFields;
    const event = buildEvent(report.report, report.extra, arrival);
    const message = toMessage(event);
    if (event.eventType === 'patch.update_attempt') attempts.push(message);
    else inventories.push(message);
  }
  return { kind: 'taken', attempts, inventories, remedies, rejected, unknownFields };
}

const toMessage = (event: { readonly bank: string; readonly deviceKey: string }): LogMessage => ({
  key: deviceMessageKey(event.bank, event.deviceKey),
  value: Buffer.from(JSON.stringify(event)),
});

const NOT_UTF8: ParsedRow = {
  ok: false,
  issue: { path: '', code: 'not_utf8', message: 'the line is not UTF-8' },
};

const namesOtherBank = (row: unknown, bank: string): boolean => {
  if (row === null || typeof row !== 'object') return false;
  const named = (row as { readonly bank?: unknown }).bank;
  return typeof named === 'string' && named !== '' && named !== bank;
};

function rejectRow(text: string, span: RowSpan, issues: readonly ReportIssue[]): RejectedRow {
  const first = issues[0] ?? { path: '', code: 'invalid_value' as const, message: 'refused' };
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return {
    index: span.index,
    path: first.path.slice(0, MOST_PATH_CHARACTERS),
    code: first.code,
    message: `${first.message}${more}`,
    text: text.slice(span.start, span.end),
  };
}
