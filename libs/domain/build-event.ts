import { SCHEMA_VERSION } from './attempt-event.js';
import type { AttemptReport, InventoryReport, PatchEvent } from './attempt-event.js';
import { timeInZone } from './bank-zone.js';
import { attemptEventId, inventoryEventId } from './event-id.js';
import type { AnyReport } from './normalise-report.js';
import { resolveDevice } from './pseudonym.js';
import type { Pseudonyms } from './pseudonym.js';
import { scrubReport } from './scrub-report.js';
import { withholdNames } from './withhold-names.js';

/** What the edge knows that a sender may not say for itself. */
export interface Arrival {
  /** From the credential. */
  readonly bank: string;
  readonly pseudonyms: Pseudonyms;
  /** UTC with milliseconds, stamped once a request. */
  readonly receivedAt: string;
  /** The credential has scope `simulate`: a report's own `receivedAt` counts. */
  readonly honourReceivedAt: boolean;
  readonly collector: { readonly id: string; readonly version: string };
  /** IANA zone of the bank's sources that write local time; null = not configured. */
  readonly timeZone?: string | null;
}

/**
 * A normalised report → the event that goes into the log: id computed, names replaced by pseudonyms
 * or taken out of free texts.
 * It takes the report over: the very object becomes the event, with `undefined` where a name was, because copying
 * thirty fields for each report costs as much as parsing them. Serialise it; do not use the report again.
 * @param extra what `normaliseReport` set aside; values that look like names are withheld
 */
export function buildEvent(
  report: AnyReport,
  extra: Readonly<Record<string, unknown>> | undefined,
  arrival: Arrival,
): PatchEvent {
  const { deviceKey, deviceAliases } = resolveDevice(report, arrival.pseudonyms);
  const kept = scrubReport(report, extra && withholdNames(extra));
  const eventId = isInventory(report)
    ? inventoryEventId(arrival.bank, deviceKey, report, kept)
    : attemptEventId(arrival.bank, deviceKey, report, kept);
  // After the id: the same line of a log stays the same event whatever a bank configures.
  if (arrival.timeZone && !isInventory(report)) Object.assign(report, timeInZone(report, arrival.timeZone));
  const event = report as unknown as Writable;
  event.eventType = report.eventType ?? 'patch.update_attempt';
  event.eventId = eventId;
  event.schemaVersion = SCHEMA_VERSION;
  event.bank = arrival.bank;
  event.deviceKey = deviceKey;
  event.receivedAt = (arrival.honourReceivedAt ? report.receivedAt : undefined) ?? arrival.receivedAt;
  event.collector = arrival.collector;
  if (event.deviceName !== undefined) event.deviceName = undefined;
  if (event.deviceAliases) event.deviceAliases = deviceAliases.length > 0 ? deviceAliases : undefined;
  if (kept) event.extra = kept;
  return event as unknown as PatchEvent;
}

/** What is written over a report. */
interface Writable {
  eventType: string;
  eventId: string;
  schemaVersion: number;
  bank: string;
  deviceKey: string;
  deviceName: string | undefined;
  deviceAliases: unknown;
  receivedAt: string;
  collector: Arrival['collector'];
  extra: unknown;
}

const isInventory = (report: AttemptReport | InventoryReport): report is InventoryReport =>
  report.eventType === 'patch.device_inventory';
