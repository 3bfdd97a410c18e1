import { BANK_PATTERN, DEVICE_KEY_PATTERN } from './attempt-event.js';
import {
  CHANNELS,
  DELIVERY_MODES,
  OPERATIONS,
  OUTCOMES,
  ROLLBACKS,
  SOURCES,
  STAGES,
  TIME_SOURCES,
} from './words.js';
import { isInstant } from './instant.js';

type Check = (value: unknown) => boolean;

const isString: Check = (value) => typeof value === 'string';
const isTime: Check = (value) => value === null || (typeof value === 'string' && isInstant(value));
const isCode: Check = (value) => typeof value === 'string' && value.length === 10;
const isObject: Check = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isListOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const isWordOf = (words: readonly string[]): Check => {
  const set: ReadonlySet<unknown> = new Set(words);
  return (value) => set.has(value);
};
const hasStrings =
  (...names: readonly string[]): Check =>
  (value) =>
    isObject(value) &&
    names.every((name) => typeof (value as Readonly<Record<string, unknown>>)[name] === 'string');

const required: Readonly<Record<string, Check>> = {
  eventId: (value) => typeof value === 'string' && value.length === 32,
  bank: (value) => typeof value === 'string' && BANK_PATTERN.test(value),
  deviceKey: (value) => typeof value === 'string' && DEVICE_KEY_PATTERN.test(value),
  receivedAt: (value) => typeof value === 'string' && isInstant(value),
};

const optional: Readonly<Record<string, Check>> = {
  source: isWordOf(SOURCES),
  operation: isWordOf(OPERATIONS),
  stage: isWordOf(STAGES),
  rollback: isWordOf(ROLLBACKS),
  channel: isWordOf(CHANNELS),
  timeSource: isWordOf(TIME_SOURCES),
  deliveryMode: isWordOf(DELIVERY_MODES),
  occurredAt: isTime,
  startedAt: isTime,
  endedAt: isTime,
  lastScanAt: isTime,
  upgradedAt: isTime,
  hresult: isCode,
  reportedHresult: isCode,
  originalFailureStatus: isCode,
  innerErrors: isListOf(hasStrings('code', 'kind')),
  failingObject: hasStrings('type', 'name'),
  deviceAliases: isListOf(hasStrings('kind', 'key')),
  executeStateFlags: isListOf(isString),
  excerpt: isListOf(isString),
  packages: isListOf(hasStrings('identity', 'state')),
  services: isListOf(isObject),
  drivers: isListOf(isObject),
  parser: hasStrings('name', 'version'),
  collector: hasStrings('id', 'version'),
  naturalKey: hasStrings('kind'),
  tags: isObject,
  extra: isObject,
  updateRevision: isCount,
  systemVolumeFreeMb: isCount,
  pendingReboot: (value) => typeof value === 'boolean',
  utcOffset: (value) => value === null || typeof value === 'string',
  sourceEventId: isString,
  targetKb: isString,
  updateId: isString,
  updateTitle: isString,
  packageIdentity: isString,
  classification: isString,
  occurredAtText: isString,
  failureSource: isString,
  lastForwardExecuteState: isString,
  packageStartState: isString,
  packageTargetState: isString,
  osBuild: isString,
  osBuildAfter: isString,
  osInstance: isString,
  osName: isString,
  osEdition: isString,
  osVersion: isString,
  osArchitecture: isString,
  editionClaimed: isString,
  manufacturer: isString,
  model: isString,
  branch: isString,
  upgradedFrom: isString,
  timeZone: isString,
  agentVersion: isString,
};

const REQUIRED = Object.entries(required);
const OPTIONAL: ReadonlyMap<string, Check> = new Map(Object.entries(optional));
const isOutcome = isWordOf(OUTCOMES);

/**
 * The first field of a stored event that has not the form its readers rely on, or null. Cheaper than the zod schema
 * and laxer: it looks at types and closed words of every field that a projection reads, not at lengths and
 * patterns, because what wrote the event has checked those. Unknown fields pass.
 */
export function findMalformedField(event: Readonly<Record<string, unknown>>): string | null {
  for (const [field, check] of REQUIRED) if (!check(event[field])) return field;
  if (event['eventType'] === 'patch.update_attempt') {
    if (!isOutcome(event['outcome'])) return 'outcome';
  } else if (typeof event['takenAt'] !== 'string' || !isTime(event['takenAt'])) return 'takenAt';
  for (const field in event) {
    const check = OPTIONAL.get(field);
    if (check && event[field] !== undefined && !check(event[field])) return field;
  }
  return null;
}
