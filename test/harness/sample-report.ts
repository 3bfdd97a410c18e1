import type { AttemptEvent } from '#domain/attempt-event.js';
import type { Report } from '#domain/report.js';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** A patch Tuesday, 10:00 UTC. */
export const TUESDAY_MS = Date.UTC(2024, 7, 13, 10);

const sample: Report = {
  eventId: 'e1',
  bank: 'bank-a',
  deviceKey: 'dev-1',
  kbKey: 'KB5041578',
  receivedAtMs: TUESDAY_MS + 90 * DAY_MS,
  copyHash: 'c0',
  parserVersion: '1.0.0',
  evidenceCount: 0,
  source: 'windows_update_client',
  operation: 'unknown',
  outcome: 'failed',
  occurredAtMs: TUESDAY_MS,
  startedAtMs: null,
  endedAtMs: null,
  timeImplausible: false,
  stage: 'unknown',
  rollback: 'unknown',
  hresult: '',
  reportedHresult: '',
  innerErrors: [],
  failureSource: '',
  failingObject: null,
  osBuild: '17763.2114',
  osBuildAfter: '',
  osInstance: '',
  channel: 'wsus',
  branch: '',
  upgradedFrom: '',
  updateId: '',
  updateRevision: 0,
  packageIdentity: '',
  deliveryMode: 'live',
};

/** A report `hours` after the sample Tuesday (null = time not known): a bare failure unless told otherwise. */
export function reportAt(eventId: string, hours: number | null, told: Partial<Report> = {}): Report {
  const occurredAtMs = hours === null ? null : TUESDAY_MS + hours * HOUR_MS;
  return { ...sample, eventId, copyHash: `copy of ${eventId}`, occurredAtMs, ...told };
}

/** A pure start event (43, 44). */
export function startAt(eventId: string, hours: number): Report {
  return reportAt(eventId, hours, { outcome: 'unknown', startedAtMs: TUESDAY_MS + hours * HOUR_MS });
}

/** The smallest stored event, of 2024-08-13 10:00 UTC, received an hour later. */
export function attemptEvent(told: Partial<AttemptEvent> = {}): AttemptEvent {
  return {
    eventType: 'patch.update_attempt',
    eventId: '0123456789abcdef0123456789abcdef',
    schemaVersion: 1,
    bank: 'bank-a',
    deviceKey: 'dev-1',
    receivedAt: '2024-08-13T11:00:00.000Z',
    collector: { id: 'collector-1', version: '0.1.0' },
    targetKb: 'KB5041578',
    outcome: 'failed',
    occurredAt: '2024-08-13T10:00:00.000Z',
    ...told,
  };
}
