import { z } from 'zod';
import { isInstant } from './instant.js';
import { missingFacts } from './required-facts.js';
import {
  ALIAS_KINDS,
  CHANNELS,
  CODE_KINDS,
  DELIVERY_MODES,
  OBJECT_TYPES,
  OPERATIONS,
  OUTCOMES,
  ROLLBACKS,
  SOURCES,
  STAGES,
  TIME_SOURCES,
} from './words.js';

/** Version written into new events; older ones are lifted by `upcast-event.ts`. */
export const SCHEMA_VERSION = 1;

const text = (maxLength: number) => z.string().min(1).max(maxLength);
/** ISO 8601 with a zone; stored as UTC with milliseconds. Years 1601 and 9999 pass: plausibility is judged later. */
export const instantSchema = z.iso
  .datetime({ offset: true, error: 'expected ISO 8601 with seconds and a zone, as 2024-09-10T06:15:00.000Z' })
  .refine(isInstant, { error: 'the UTC year must have four digits' });
const instant = instantSchema;
/** An HRESULT, Win32 or NTSTATUS code. Other spellings of hexadecimal digits are put right by `normalise-report.ts`. */
export const codeSchema = z.string().regex(/^0x[0-9a-f]{8}$/, 'expected 0x and eight hexadecimal digits');
const code = codeSchema;

export const BANK_PATTERN = /^[a-z0-9-]{1,32}$/;
export const DEVICE_KEY_PATTERN = /^[a-z0-9][a-z0-9._-]{2,63}$/;
export const bankSchema = z.string().regex(BANK_PATTERN, 'expected 1 to 32 of a-z, 0-9, -');
export const deviceKeySchema = z
  .string()
  .regex(DEVICE_KEY_PATTERN, 'expected 3 to 64 of a-z, 0-9, . _ -, a letter or digit first');
export const kbSchema = z.string().regex(/^KB\d{6,8}$/, 'expected KB and 6 to 8 digits');

const innerError = z.strictObject({
  code,
  kind: z.enum(CODE_KINDS),
  origin: text(256).optional(),
});

const failingObject = z.strictObject({
  type: z.enum(OBJECT_TYPES),
  name: text(512),
  path: text(1024).optional(),
});

/**
 * What makes one source record unique, whoever carries it here: the input of the event id.
 * `times` are kept as the source wrote them, because a copy by another shipper carries the same text.
 */
export const naturalKeySchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('event_log'),
    channel: text(256),
    recordId: z.number().int().nonnegative(),
    timeCreated: instant,
  }),
  z.strictObject({ kind: z.literal('report_event'), eventInstanceId: text(64) }),
  z.strictObject({
    kind: z.literal('log_history'),
    updateId: text(64),
    revision: z.number().int().nonnegative(),
    timeText: text(64),
    codes: z.array(text(32)).max(4),
  }),
  z.strictObject({
    kind: z.literal('cbs'),
    session: z.string().max(128),
    package: z.string().max(512),
    timeText: text(64),
  }),
]);
export type NaturalKey = z.infer<typeof naturalKeySchema>;

/** The facts of one observation: everything but who is concerned and how it travelled. */
const factFields = {
  source: z.enum(SOURCES).optional(),
  sourceEventId: text(256).optional(),
  naturalKey: naturalKeySchema.optional(),
  operation: z.enum(OPERATIONS).optional(),
  targetKb: kbSchema.optional(),
  updateId: text(64).optional(),
  updateRevision: z.number().int().min(0).max(4294967295).optional(),
  updateTitle: text(1024).optional(),
  packageIdentity: text(512).optional(),
  classification: text(64).optional(),
  occurredAt: instant.nullable().optional(),
  occurredAtText: text(64).optional(),
  utcOffset: z
    .string()
    .regex(/^[+-]\d{2}:\d{2}$/)
    .nullable()
    .optional(),
  timeSource: z.enum(TIME_SOURCES).optional(),
  startedAt: instant.nullable().optional(),
  endedAt: instant.nullable().optional(),
  outcome: z.enum(OUTCOMES),
  stage: z.enum(STAGES).optional(),
  rollback: z.enum(ROLLBACKS).optional(),
  hresult: code.optional(),
  reportedHresult: code.optional(),
  innerErrors: z.array(innerError).max(16).optional(),
  failureSource: text(128).optional(),
  originalFailureStatus: code.optional(),
  lastForwardExecuteState: text(128).optional(),
  executeStateFlags: z.array(text(128)).max(32).optional(),
  failingObject: failingObject.optional(),
  packageStartState: text(64).optional(),
  packageTargetState: text(64).optional(),
  osBuild: z
    .string()
    .regex(/^\d{4,6}(\.\d{1,6})?$/)
    .optional(),
  osBuildAfter: z
    .string()
    .regex(/^\d{4,6}(\.\d{1,6})?$/)
    .optional(),
  osInstance: text(64).optional(),
  channel: z.enum(CHANNELS).optional(),
  upgradedFrom: text(64).optional(),
  branch: text(128).optional(),
  model: text(128).optional(),
  tags: z.record(z.string().min(1).max(64), z.string().max(256)).optional(),
  /** Decisive lines. What is beyond 4 KB in all is not refused but dropped by `scrub-report.ts`. */
  excerpt: z.array(z.string()).optional(),
  parser: z.strictObject({ name: text(64), version: text(32) }).optional(),
  deliveryMode: z.enum(DELIVERY_MODES).optional(),
} as const;

const alias = z.strictObject({ kind: z.enum(ALIAS_KINDS), value: text(128) });

/** Says what no single field can say; `required-facts.ts` has the rules, because JSON Schema cannot carry them. */
function nameMissingFacts(report: Parameters<typeof missingFacts>[0], context: z.RefinementCtx): void {
  for (const { path, message } of missingFacts(report)) {
    context.addIssue({ code: 'custom', path: [path], message, params: { missing: true } });
  }
}

/**
 * A report as a sender gives it (contract of `POST /v1/attempts`), after unknown fields were set aside by
 * `normalise-report.ts`. `eventType` may name it; absent = an update attempt.
 */
export const attemptReportSchema = z
  .strictObject({
    eventType: z.literal('patch.update_attempt').optional(),
    bank: bankSchema.optional(),
    deviceKey: deviceKeySchema.optional(),
    deviceName: text(255).optional(),
    deviceAliases: z.array(alias).max(8).optional(),
    receivedAt: instant.optional(),
    ...factFields,
  })
  .superRefine(nameMissingFacts)
  .readonly();
export type AttemptReport = z.infer<typeof attemptReportSchema>;

const packageState = z.strictObject({
  identity: text(512),
  kb: kbSchema.optional(),
  state: text(64),
  releaseType: text(64).optional(),
  installedAt: instant.optional(),
});

/** A snapshot of one device: facts only, no verdicts. */
const inventoryFields = {
  takenAt: instant,
  source: z.enum(SOURCES).optional(),
  sourceEventId: text(256).optional(),
  osInstance: text(64).optional(),
  osBuild: z
    .string()
    .regex(/^\d{4,6}(\.\d{1,6})?$/)
    .optional(),
  osName: text(128).optional(),
  osEdition: text(64).optional(),
  osVersion: text(32).optional(),
  osArchitecture: text(32).optional(),
  editionClaimed: text(64).optional(),
  manufacturer: text(128).optional(),
  model: text(128).optional(),
  branch: text(128).optional(),
  packages: z.array(packageState).max(2000).optional(),
  pendingReboot: z.boolean().optional(),
  services: z
    .array(z.strictObject({ name: text(128), startType: text(32).optional(), status: text(32).optional() }))
    .max(500)
    .optional(),
  drivers: z
    .array(
      z.strictObject({
        inf: text(128),
        version: text(64).optional(),
        class: text(64).optional(),
        provider: text(128).optional(),
      }),
    )
    .max(2000)
    .optional(),
  systemVolumeFreeMb: z.number().int().nonnegative().optional(),
  lastScanAt: instant.optional(),
  timeZone: text(64).optional(),
  upgradedFrom: text(64).optional(),
  upgradedAt: instant.optional(),
  agentVersion: text(64).optional(),
  tags: z.record(z.string().min(1).max(64), z.string().max(256)).optional(),
} as const;

export const inventoryReportSchema = z
  .strictObject({
    eventType: z.literal('patch.device_inventory'),
    bank: bankSchema.optional(),
    deviceKey: deviceKeySchema.optional(),
    deviceName: text(255).optional(),
    deviceAliases: z.array(alias).max(8).optional(),
    receivedAt: instant.optional(),
    ...inventoryFields,
  })
  .superRefine(nameMissingFacts)
  .readonly();
export type InventoryReport = z.infer<typeof inventoryReportSchema>;

/** What the collector adds to either kind of event. Aliases are keyed hashes here: no name enters the log. */
const envelope = {
  eventId: z.string().regex(/^[0-9a-f]{32}$/),
  schemaVersion: z.number().int().positive(),
  bank: bankSchema,
  deviceKey: deviceKeySchema,
  deviceAliases: z.array(z.strictObject({ kind: z.enum(ALIAS_KINDS), key: text(64) })).optional(),
  receivedAt: instant,
  collector: z.strictObject({ id: text(64), version: text(32) }),
  /** Fields this version does not know and words outside a closed list, kept as sent. */
  extra: z.record(z.string(), z.unknown()).optional(),
} as const;

/** One source's observation of one attempt, as it stands in topic `patch.attempts`. */
export const attemptEventSchema = z
  .strictObject({ eventType: z.literal('patch.update_attempt'), ...envelope, ...factFields })
  .readonly();
export type AttemptEvent = z.infer<typeof attemptEventSchema>;

/** One snapshot of a device, as it stands in topic `patch.inventory`. */
export const inventoryEventSchema = z
  .strictObject({ eventType: z.literal('patch.device_inventory'), ...envelope, ...inventoryFields })
  .readonly();
export type InventoryEvent = z.infer<typeof inventoryEventSchema>;

export type PatchEvent = AttemptEvent | InventoryEvent;

/** JSON Schemas of what senders may post, generated from the zod schemas; served and compiled by the collector. */
export const reportJsonSchemas = {
  'patch.update_attempt': z.toJSONSchema(attemptReportSchema, { io: 'input' }),
  'patch.device_inventory': z.toJSONSchema(inventoryReportSchema, { io: 'input' }),
};
