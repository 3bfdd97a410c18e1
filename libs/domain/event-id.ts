import { hash } from 'node:crypto';
import type { AttemptReport, InventoryReport, NaturalKey } from './attempt-event.js';
import { canonicalJson } from './canonical-json.js';
import { toUtcInstant } from './instant.js';

const ID_LENGTH = 32;

/**
 * How an observation travelled and who it is about: no part of what was observed, so no part of the id (contract §2).
 * The device is in the id as its pseudonym. What else a report holds, unknown fields included, is a fact.
 */
const NOT_FACTS: ReadonlySet<string> = new Set([
  'eventType',
  'bank',
  'deviceKey',
  'deviceName',
  'deviceAliases',
  'receivedAt',
  'collector',
  'parser',
  'deliveryMode',
  'excerpt',
  'tags',
  'schemaVersion',
]);

/**
 * The id of one observation, the same from whoever carries it here and however often: 128 bits (32 hex characters)
 * of SHA-256 over RFC 8785 JSON of `[bank, deviceKey, source, kind, …natural key]` (contract §2).
 * @param report normalised: times in UTC, closed words known
 */
export function attemptEventId(
  bank: string,
  deviceKey: string,
  report: AttemptReport,
  extra?: Readonly<Record<string, unknown>>,
): string {
  const source = report.source ?? 'unknown';
  if (report.naturalKey) return idOf([bank, deviceKey, source, ...naturalKeyParts(report.naturalKey)]);
  if (report.sourceEventId !== undefined) {
    return idOf([bank, deviceKey, source, 'source_event_id', report.sourceEventId]);
  }
  return idOfFacts(bank, deviceKey, source, report, extra);
}

/** The id of one inventory snapshot: its `sourceEventId`, else its facts. */
export function inventoryEventId(
  bank: string,
  deviceKey: string,
  report: InventoryReport,
  extra?: Readonly<Record<string, unknown>>,
): string {
  const source = report.source ?? 'unknown';
  if (report.sourceEventId !== undefined) {
    return idOf([bank, deviceKey, source, 'source_event_id', report.sourceEventId]);
  }
  return idOfFacts(bank, deviceKey, source, report, extra);
}

function naturalKeyParts(key: NaturalKey): readonly (string | number | readonly string[])[] {
  switch (key.kind) {
    case 'event_log':
      return [key.kind, key.channel.toLowerCase(), key.recordId, toUtcInstant(key.timeCreated)];
    case 'report_event':
      return [key.kind, key.eventInstanceId];
    case 'log_history':
      return [key.kind, plainGuid(key.updateId), key.revision, key.timeText, key.codes];
    case 'cbs':
      return [key.kind, key.session, key.package, key.timeText];
  }
}

const plainGuid = (text: string): string => text.toLowerCase().replace(/[{}]/g, '');

/** An array of strings and safe integers is in RFC 8785 form as JSON.stringify writes it. */
const idOf = (parts: readonly (string | number | readonly string[])[]): string =>
  digest(JSON.stringify(parts));

function idOfFacts(
  bank: string,
  deviceKey: string,
  source: string,
  report: Readonly<Record<string, unknown>>,
  extra: Readonly<Record<string, unknown>> | undefined,
): string {
  const facts: Record<string, unknown> = {};
  for (const field in report) if (!NOT_FACTS.has(field)) facts[field] = report[field];
  if (extra) facts['extra'] = extra;
  return digest(canonicalJson([bank, deviceKey, source, 'facts', facts]));
}

const digest = (text: string): string => hash('sha256', text, 'hex').slice(0, ID_LENGTH);
