import { z } from 'zod';
import { bankSchema } from '../attempt-event.js';

const alertId = z.string().regex(/^[a-z2-7]{16}$/);
const eventNo = z.number().int().positive();
const count = z.number().int().nonnegative();
const channel = z.string().regex(/^[a-z0-9-]{1,32}$/);
/** Channels that were set up when it was decided: only these are owed a notification, not ones added years later. */
const channels = z.array(channel).max(16);

const silenceId = z.string().regex(/^[a-z2-7]{16}$/);
/** Id of the credential that acted; never a person's name. */
const by = z.string().min(1).max(64);
const note = z.string().max(500);

/** What the dead-man's switch watches. */
export const HEALTH_CONDITIONS = [
  'bank_silent',
  'wsus_silent',
  'watch_behind',
  'projector_behind',
  'delivery_failing',
] as const;
export type HealthCondition = (typeof HEALTH_CONDITIONS)[number];

const signature = z.strictObject({
  id: z.string().min(1),
  l1: z.string(),
  l2: z.string(),
  l3: z.string(),
  fineness: z.number().int(),
  reason: z.string(),
});

/** `*` = any: the alert reaches over several. */
const anyOr = <S extends z.ZodType>(schema: S) => z.union([z.literal('*'), schema]);
const series = z.array(z.string().min(1)).max(3);

/** What the look saw, as on-call is told. Fields with a default are newer than the first messages of the topic. */
const evidence = {
  failed: count,
  installs: count,
  expected: z.number().nonnegative(),
  lnP: z.number().max(0),
  /** The scope: `*` = any. */
  build: z.string(),
  kb: z.string(),
  branches: z.array(z.string()),
  /** The window in which it was seen. */
  windowMs: count.default(86_400_000),
  /** Where most of the failing devices are: a bank, build and KB that stand for the scope. */
  top: z.strictObject({ bank: z.string(), build: z.string(), kb: z.string() }).nullable().default(null),
  /** How far it reaches: numbers of banks, builds and KBs with failing devices. */
  reach: z.strictObject({ banks: count, builds: count, kbs: count }).default({ banks: 1, builds: 1, kbs: 1 }),
  /** Series ids from the code down to the signature that is told; empty = any failure. */
  levels: series.default([]),
  /** Down to the series that the alert covers: what fails so in its scope is not told again. */
  covers: series.default([]),
  /** Coarser and finer signatures of the same devices. */
  related: z.array(z.strictObject({ signature, failed: count })).default([]),
} as const;

/**
 * Events of topic `patch.alerts`. `eventNo` counts the events of one alert from 1; with the alert's id and the
 * channel it names a delivery. Words of later versions are kept by the loose ones among them.
 */
export const alertEventSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('AlertRaised'),
    alertId,
    eventNo,
    tier: z.enum(['page', 'ticket']),
    /** usual: against its own 28 days; provisional: in its first month; earlier: told late, happened before; any: every failure. */
    basis: z.enum(['usual', 'provisional', 'earlier', 'any']).default('usual'),
    bank: anyOr(bankSchema),
    signature,
    ...evidence,
    /** Expected share of failures before it began. */
    rate: z.number().positive(),
    threshold: z.number(),
    /** Raised while making up for looks that were missed: told when it is still open at a look of today. */
    isPast: z.boolean().default(false),
    firstArrival: z.string(),
    thirdArrival: z.string().nullable(),
    channels,
  }),
  z.strictObject({
    type: z.literal('AlertUpdated'),
    alertId,
    eventNo,
    signature,
    ...evidence,
    /** Watch time since when it has been quiet, ms; null = loud. */
    quietSinceMs: z.number().int().nullable(),
    /** An alert that was raised for a missed look is told now. */
    isAnnounced: z.boolean().default(false),
    channels: channels.default([]),
  }),
  z.strictObject({
    type: z.literal('AlertResolved'),
    alertId,
    eventNo,
    /** recovered: enough installs went well; stale: a week without news. */
    reason: z.enum(['recovered', 'stale']),
    failed: count,
    installs: count,
    channels,
  }),
  z.strictObject({ type: z.literal('AlertReopened'), alertId, eventNo, signature, ...evidence }),
  z.strictObject({ type: z.literal('DeliveryDone'), alertId, eventNo, channel }),
  /** It reaches further than told before: the new scope holds the old one. */
  z.looseObject({
    type: z.literal('AlertWidened'),
    alertId,
    eventNo,
    bank: anyOr(bankSchema),
    signature,
    ...evidence,
    channels,
  }),
  /** Told by another alert from now on. */
  z.looseObject({ type: z.literal('AlertMerged'), alertId, eventNo, intoAlertId: alertId }),
  z.looseObject({ type: z.literal('AlertAcknowledged'), alertId, eventNo, by, note }),
  z.looseObject({
    type: z.literal('AlertSnoozed'),
    alertId,
    eventNo,
    by,
    note,
    /** It is worse, and heard again, when so many devices fail. */
    untilFailed: count.min(1),
    /** Watch time when it ends in any case; null = only when it is worse or over. */
    untilMs: z.number().int().nullable(),
  }),
  z.looseObject({
    type: z.literal('SilenceSet'),
    silenceId,
    /** null = every bank. */
    bank: bankSchema.nullable(),
    /** A signature's id or its code (level 1); null = every signature. */
    signature: z.string().min(1).max(128).nullable(),
    /** A window of watch time: from inclusive, until exclusive. */
    fromMs: z.number().int(),
    untilMs: z.number().int(),
    by,
    note,
  }),
  z.looseObject({ type: z.literal('SilenceLifted'), silenceId, by }),
  /** The dead-man's switch: something that should be heard is not. The wall clock is allowed here only. */
  z.looseObject({
    type: z.literal('HealthAlertRaised'),
    alertId,
    eventNo,
    condition: z.enum(HEALTH_CONDITIONS),
    /** Whom it is about: a bank, a WSUS server's source id, a channel, or a part of Rollcall. */
    subject: z.string().min(1).max(128),
    bank: bankSchema.nullable(),
    /** Wall clock: when it was last well, and when it was noticed. */
    sinceMs: z.number().int(),
    clockMs: z.number().int(),
    channels,
  }),
  z.looseObject({
    type: z.literal('HealthAlertResolved'),
    alertId,
    eventNo,
    clockMs: z.number().int(),
    channels,
  }),
]);
export type AlertEvent = z.infer<typeof alertEventSchema>;
export type AlertRaised = Extract<AlertEvent, { type: 'AlertRaised' }>;
export type AlertEvidence = Pick<AlertRaised, keyof typeof evidence>;

/** The evidence that an event or an alert carries, without the rest of it. */
export const evidenceIn = (carrier: AlertEvidence): AlertEvidence =>
  Object.fromEntries(
    (Object.keys(evidence) as (keyof AlertEvidence)[]).map((name) => [name, carrier[name]]),
  ) as AlertEvidence;

/**
 * One message of the topic = one decision: everything a look (or a delivery) led to. It is accepted only if `basedOn`
 * equals the number of messages accepted before it, so two writers make one history. `atMs` is watch time, never a clock.
 */
export const alertMessageSchema = z.strictObject({
  basedOn: z.number().int().nonnegative(),
  atMs: z.number().int(),
  events: z.array(alertEventSchema),
});
export type AlertMessage = z.infer<typeof alertMessageSchema>;
