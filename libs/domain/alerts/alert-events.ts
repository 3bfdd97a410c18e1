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

/** What the look saw of the series, as on-call is told. `expected` and `lnP` as in `spikes/look.ts`. */
const evidence = {
  failed: count,
  installs: count,
  expected: z.number().nonnegative(),
  lnP: z.number().max(0),
  /** The (build, KB) with most of the failing devices. */
  build: z.string(),
  kb: z.string(),
  branches: z.array(z.string()),
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
    bank: bankSchema,
    signature,
    ...evidence,
    /** Expected share of failures before it began: the yardstick for "quiet again" as long as it is open. */
    rate: z.number().positive(),
    threshold: z.number(),
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
  z.looseObject({ type: z.literal('AlertWidened'), alertId, eventNo }),
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
export type AlertEvidence = Pick<
  AlertRaised,
  'failed' | 'installs' | 'expected' | 'lnP' | 'build' | 'kb' | 'branches'
>;

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
