import { z } from 'zod';
import { bankSchema, deviceKeySchema, instantSchema, kbSchema, SCHEMA_VERSION } from '../attempt-event.js';

/** Of the catalogue, or a bank's own; own ones begin with `own_`, so that the catalogue may grow beside them. */
export const remedyIdSchema = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]{1,63}$/,
    'expected a remedy such as reset_transaction_log, or own_… for one of your own',
  );

const text = (maxLength: number) => z.string().min(1).max(maxLength);

/** Which remedy, against the failures of which update. The failure itself is concluded: from the device's attempts before. */
const treatment = { remedyId: remedyIdSchema, targetKb: kbSchema } as const;
const appliedFields = { ...treatment, appliedAt: instantSchema } as const;
const outcomeFields = { ...treatment, fixed: z.boolean(), observedAt: instantSchema } as const;

const sender = {
  bank: bankSchema.optional(),
  deviceKey: deviceKeySchema.optional(),
  deviceName: text(255).optional(),
  receivedAt: instantSchema.optional(),
} as const;

/** Somebody used a remedy on a device, as a sender says it. */
const appliedReportSchema = z.strictObject({
  eventType: z.literal('RemediationApplied'),
  ...sender,
  ...appliedFields,
});
/** Somebody says what came of the remedy used last before. Without it the attempts afterwards decide. */
const outcomeReportSchema = z.strictObject({
  eventType: z.literal('RemediationOutcome'),
  ...sender,
  ...outcomeFields,
});
export const remedyReportSchemas = {
  RemediationApplied: appliedReportSchema,
  RemediationOutcome: outcomeReportSchema,
} as const;
export type RemedyReport = z.infer<typeof appliedReportSchema> | z.infer<typeof outcomeReportSchema>;

/** JSON Schemas of what senders may post, generated from the zod schemas. */
export const remedyJsonSchemas = [appliedReportSchema, outcomeReportSchema].map((schema) =>
  z.toJSONSchema(schema, { io: 'input' }),
);

const envelope = {
  eventId: z.string().regex(/^[0-9a-f]{32}$/),
  schemaVersion: z.number().int().positive().max(SCHEMA_VERSION),
  bank: bankSchema,
  deviceKey: deviceKeySchema,
  receivedAt: instantSchema,
  collector: z.strictObject({ id: text(64), version: text(32) }),
  extra: z.record(z.string(), z.unknown()).optional(),
} as const;

/** As they stand in topic `patch.remedies`. */
export const remedyEventSchema = z.discriminatedUnion('eventType', [
  z.strictObject({ eventType: z.literal('RemediationApplied'), ...envelope, ...appliedFields }),
  z.strictObject({ eventType: z.literal('RemediationOutcome'), ...envelope, ...outcomeFields }),
]);
export type RemedyEvent = z.infer<typeof remedyEventSchema>;
