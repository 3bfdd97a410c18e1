import { SCHEMA_VERSION } from './attempt-event.js';
import type { AttemptReport, InventoryReport, PatchEvent } from './attempt-event.js';
import { attemptEventId, inventoryEventId } from './event-id.js';
import type { AnyReport } from './normalise-report.js';
import { resolveDevice } from './pseudonym.js';
import type { Pseudonyms } from './pseudonym.js';
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
}

/** Fields of a report that the event says in another way, or not at all: names end here. */
const SENDER_ONLY: ReadonlySet<string> = new Set([
  'eventType',
  'bank',
  'deviceKey',
  'deviceName',
  'deviceAliases',
  'receivedAt',
]);

/**
 * A normalised report → the event that goes into the log: id computed, names replaced by pseudonyms.
 * @param extra what `normaliseReport` set aside; values that look like names are withheld
 */
export function buildEvent(
  report: AnyReport,
  extra: Readonly<Record<string, unknown>> | undefined,
  arrival: Arrival,
): PatchEvent {
  const { deviceKey, deviceAliases } = resolveDevice(report, arrival.pseudonyms);
  const kept = extra && withholdNames(extra);
  const event: Record<string, unknown> = {
    eventType: report.eventType ?? 'patch.update_attempt',
    eventId: isInventory(report)
      ? inventoryEventId(arrival.bank, deviceKey, report, kept)
      : attemptEventId(arrival.bank, deviceKey, report, kept),
    schemaVersion: SCHEMA_VERSION,
    bank: arrival.bank,
    deviceKey,
    receivedAt: (arrival.honourReceivedAt ? report.receivedAt : undefined) ?? arrival.receivedAt,
    collector: arrival.collector,
  };
  if (deviceAliases.length > 0) event['deviceAliases'] = deviceAliases;
  const facts = report as Readonly<Record<string, unknown>>;
  for (const field in facts) if (!SENDER_ONLY.has(field)) event[field] = facts[field];
  if (kept) event['extra'] = kept;
  return event as unknown as PatchEvent;
}

const isInventory = (report: AttemptReport | InventoryReport): report is InventoryReport =>
  report.eventType === 'patch.device_inventory';
