import type { z } from 'zod';
import { attemptReportSchema, inventoryReportSchema } from './attempt-event.js';
import type { AttemptReport, InventoryReport } from './attempt-event.js';
import { toUtcInstant } from './instant.js';
import type { RowRejectCode } from './reasons.js';
import { setAsideUnknown } from './set-aside.js';

export type AnyReport = AttemptReport | InventoryReport;

export interface ReportIssue {
  /** Dotted path of the field; '' = the whole report. */
  readonly path: string;
  readonly code: RowRejectCode;
  readonly message: string;
}

export type NormalisedReport =
  | {
      readonly ok: true;
      readonly report: AnyReport;
      /** Unknown fields, and words outside a closed list, as sent; absent when there are none. */
      readonly extra?: Readonly<Record<string, unknown>>;
      readonly unknownFields: number;
    }
  | { readonly ok: false; readonly issues: readonly ReportIssue[] };

/** Verdicts on reports already in the schema's words; equal to the zod schemas', perhaps faster. */
export interface ReportValidators {
  attempt(value: unknown): value is AttemptReport;
  inventory(value: unknown): value is InventoryReport;
}

export const zodValidators: ReportValidators = {
  attempt: (value): value is AttemptReport => attemptReportSchema.safeParse(value).success,
  inventory: (value): value is InventoryReport => inventoryReportSchema.safeParse(value).success,
};

/**
 * A JSON value as a sender gave it → a report in the schema's words with times in UTC, or every reason why not.
 * Nothing is guessed: what is not known is set aside, what is wrong is named; null and '' in an optional field count as
 * not given, unless the schema gives null a meaning. Does not change `raw`.
 * @param validators asked first, and again after setting aside; zod is asked only to explain a refusal
 */
export function normaliseReport(
  raw: unknown,
  validators: ReportValidators = zodValidators,
): NormalisedReport {
  if (raw === null || typeof raw !== 'object' || Array.isArray(raw)) {
    return refuse({ path: '', code: 'not_an_object', message: 'a report is a JSON object' });
  }
  const eventType: unknown = (raw as { readonly eventType?: unknown }).eventType;
  switch (eventType) {
    case undefined:
    case null:
    case '':
    case 'patch.update_attempt':
      return normalise(raw, attemptReportSchema, (value) => validators.attempt(value));
    case 'patch.device_inventory':
      return normalise(raw, inventoryReportSchema, (value) => validators.inventory(value));
    default:
      return refuse({
        path: 'eventType',
        code: 'unknown_event_type',
        message:
          'expected patch.update_attempt (or none), patch.device_inventory, RemediationApplied or RemediationOutcome',
      });
  }
}

const refuse = (...issues: readonly ReportIssue[]): NormalisedReport => ({ ok: false, issues });

function normalise(
  raw: object,
  schema: typeof attemptReportSchema | typeof inventoryReportSchema,
  isValid: (value: unknown) => boolean,
): NormalisedReport {
  if (isValid(raw)) return { ok: true, report: inUtc(raw as AnyReport), unknownFields: 0 };
  const { value, extra } = setAsideUnknown(schema.unwrap(), raw);
  if (!isValid(value)) {
    const explained = schema.safeParse(value, { reportInput: true });
    if (!explained.success) return refuse(...explained.error.issues.map(toReportIssue));
  }
  const unknownFields = Object.keys(extra).length;
  const report = inUtc(value as AnyReport);
  return unknownFields === 0
    ? { ok: true, report, unknownFields }
    : { ok: true, report, extra, unknownFields };
}

const INSTANTS = [
  'occurredAt',
  'startedAt',
  'endedAt',
  'receivedAt',
  'takenAt',
  'lastScanAt',
  'upgradedAt',
] as const;

/** `report` itself when all its times are UTC already, as most senders write them. */
function inUtc(report: AnyReport): AnyReport {
  const times = report as Readonly<Partial<Record<(typeof INSTANTS)[number], string | null>>>;
  let changed: Record<string, unknown> | undefined;
  for (const field of INSTANTS) {
    const text = times[field];
    if (typeof text !== 'string') continue;
    const utc = toUtcInstant(text);
    if (utc !== text) (changed ??= { ...report })[field] = utc;
  }
  const packages = report.eventType === 'patch.device_inventory' ? report.packages : undefined;
  if (
    packages?.some(
      ({ installedAt }) => installedAt !== undefined && toUtcInstant(installedAt) !== installedAt,
    )
  ) {
    (changed ??= { ...report })['packages'] = packages.map((item) =>
      item.installedAt === undefined ? item : { ...item, installedAt: toUtcInstant(item.installedAt) },
    );
  }
  return (changed as AnyReport | undefined) ?? report;
}

/** Why a row is refused, in the collector's words. */
export function toReportIssue(issue: z.core.$ZodIssue): ReportIssue {
  return { path: issue.path.map(String).join('.'), code: codeOf(issue), message: issue.message };
}

function codeOf(issue: z.core.$ZodIssue): RowRejectCode {
  if (issue.code === 'custom') return issue.params?.['missing'] === true ? 'missing_field' : 'invalid_value';
  // A closed list answers `invalid_value` whatever it was given.
  if (issue.code !== 'invalid_type' && (issue.code !== 'invalid_value' || typeof issue.input === 'string')) {
    return 'invalid_value';
  }
  return issue.input === undefined ? 'missing_field' : 'invalid_type';
}
