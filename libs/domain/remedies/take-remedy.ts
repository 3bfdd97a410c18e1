import { hash } from 'node:crypto';
import { SCHEMA_VERSION } from '../attempt-event.js';
import type { Arrival } from '../build-event.js';
import { canonicalJson } from '../canonical-json.js';
import { toReportIssue } from '../normalise-report.js';
import type { ReportIssue } from '../normalise-report.js';
import { namesDevice, resolveDevice } from '../pseudonym.js';
import { setAsideUnknown } from '../set-aside.js';
import { withholdNames } from '../withhold-names.js';
import { remedyReportSchemas } from './remedy-event.js';
import type { RemedyEvent, RemedyReport } from './remedy-event.js';

export type TakenRemedy =
  | { readonly ok: true; readonly event: RemedyEvent; readonly unknownFields: number }
  | { readonly ok: false; readonly issues: readonly ReportIssue[] };

type RemedyEventType = keyof typeof remedyReportSchemas;

/** Whether a JSON value says that it tells of a remedy. */
export const isRemedyRow = (raw: unknown): raw is { readonly eventType: RemedyEventType } =>
  raw !== null &&
  typeof raw === 'object' &&
  Object.hasOwn(remedyReportSchemas, String((raw as { readonly eventType?: unknown }).eventType));

/** What a sender tells of a remedy → the event for the log, or every reason why not. */
export function takeRemedy(raw: { readonly eventType: RemedyEventType }, arrival: Arrival): TakenRemedy {
  const schema = remedyReportSchemas[raw.eventType];
  const { value, extra } = setAsideUnknown(schema, raw);
  const parsed = schema.safeParse(value, { reportInput: true });
  if (!parsed.success) return { ok: false, issues: parsed.error.issues.map(toReportIssue) };
  const report: RemedyReport = parsed.data;
  if (!namesDevice(report)) return { ok: false, issues: [NO_DEVICE] };
  const { deviceKey } = resolveDevice(report, arrival.pseudonyms);
  const unknownFields = Object.keys(extra).length;
  const envelope = {
    eventId: remedyEventId(arrival.bank, deviceKey, report),
    schemaVersion: SCHEMA_VERSION,
    bank: arrival.bank,
    deviceKey,
    receivedAt: (arrival.honourReceivedAt ? report.receivedAt : undefined) ?? arrival.receivedAt,
    collector: arrival.collector,
    ...(unknownFields === 0 ? {} : { extra: withholdNames(extra) }),
  };
  return { ok: true, unknownFields, event: toEvent(report, envelope) };
}

const NO_DEVICE: ReportIssue = {
  path: 'deviceKey',
  code: 'missing_field',
  message: 'no device: give deviceKey or deviceName',
};

type Envelope = Pick<
  RemedyEvent,
  'eventId' | 'schemaVersion' | 'bank' | 'deviceKey' | 'receivedAt' | 'collector'
>;

function toEvent(report: RemedyReport, envelope: Envelope): RemedyEvent {
  const { remedyId, targetKb } = report;
  if (report.eventType === 'RemediationApplied')
    return { eventType: report.eventType, ...envelope, remedyId, targetKb, appliedAt: report.appliedAt };
  const { fixed, observedAt } = report;
  return { eventType: report.eventType, ...envelope, remedyId, targetKb, fixed, observedAt };
}

/** Made from the facts, so that telling it twice adds nothing: 128 bits of SHA-256 in hexadecimal, as of reports. */
function remedyEventId(bank: string, deviceKey: string, report: RemedyReport): string {
  const { eventType, remedyId, targetKb } = report;
  const facts =
    report.eventType === 'RemediationApplied' ? [report.appliedAt] : [report.observedAt, report.fixed];
  return hash(
    'sha256',
    canonicalJson([bank, deviceKey, eventType, remedyId, targetKb, ...facts]),
    'hex',
  ).slice(0, 32);
}
