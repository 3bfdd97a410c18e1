import { createHash } from 'node:crypto';
import type { AttemptEvent, InventoryEvent } from '#domain/attempt-event.js';
import { copyHashOf } from '#domain/copy-hash.js';
import type { Report } from '#domain/report.js';
import { toReport } from '#domain/to-report.js';

const HOUR_MS = 3_600_000;
/** An ordinary moment: the sample's hour 0. */
export const SAMPLE_START_MS = Date.UTC(2026, 8, 8, 2);
export const sampleTime = (hours: number): string =>
  new Date(SAMPLE_START_MS + hours * HOUR_MS).toISOString();

const idOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** Optional fields of an event may be taken away by giving `undefined`. */
type Overrides<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** An attempt event as the collector would store it; a failed one unless told otherwise. */
export function sampleAttempt(name: string, overrides: Overrides<AttemptEvent> = {}): AttemptEvent {
  const event = {
    eventType: 'patch.update_attempt',
    eventId: idOf(name),
    schemaVersion: 1,
    bank: 'bank-a',
    deviceKey: `d-${name}`,
    receivedAt: sampleTime(1),
    collector: { id: 'sample', version: '1' },
    source: 'windows_update_client',
    operation: 'install',
    targetKb: 'KB5041578',
    outcome: 'failed',
    occurredAt: sampleTime(0.5),
    timeSource: 'utc',
    hresult: '0x80071ab1',
    osBuild: '17763.6054',
    channel: 'wsus',
    branch: 'branch-1',
    deliveryMode: 'live',
    ...overrides,
  };
  return Object.fromEntries(
    Object.entries(event).filter(([, value]) => value !== undefined),
  ) as unknown as AttemptEvent;
}

/** The event as the projector reads it from the log. */
export const reportOf = (event: AttemptEvent): Report =>
  toReport(event, copyHashOf(Buffer.from(JSON.stringify(event))));

/** The same device's attempt, succeeded. */
export const sampleSuccess = (name: string, overrides: Overrides<AttemptEvent> = {}): AttemptEvent =>
  sampleAttempt(name, { outcome: 'succeeded', hresult: undefined, ...overrides });

export function sampleInventory(name: string, overrides: Overrides<InventoryEvent> = {}): InventoryEvent {
  const event = {
    eventType: 'patch.device_inventory',
    eventId: idOf(`inventory ${name}`),
    schemaVersion: 1,
    bank: 'bank-a',
    deviceKey: `d-${name}`,
    receivedAt: sampleTime(0),
    collector: { id: 'sample', version: '1' },
    takenAt: sampleTime(-24),
    osBuild: '17763.6054',
    model: 'Model 7',
    branch: 'branch-1',
    ...overrides,
  };
  return Object.fromEntries(
    Object.entries(event).filter(([, value]) => value !== undefined),
  ) as unknown as InventoryEvent;
}
