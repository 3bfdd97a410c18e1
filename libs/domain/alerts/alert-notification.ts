import { z } from 'zod';
import { bankSchema } from '../attempt-event.js';
import type { AlertFacts } from './alert.js';
import { HEALTH_CONDITIONS } from './alert-events.js';
import { deliveryIdOf } from './alert-id.js';
import {
  alertCohortId,
  alertText,
  bestRemedyOf,
  cohortLinkOf,
  healthText,
  oneIn,
  testText,
} from './alert-text.js';
import type { AlertContext } from './alert-text.js';
import type { AlertsState, PendingDelivery } from './alerts-state.js';
import type { OwedHealthNotification } from './health-alerts.js';

const words = z.strictObject({
  text: z.string().describe('What happened, in one sentence'),
  details: z.array(z.string()).describe('One sentence each'),
  nextStep: z.string(),
});

const every = {
  deliveryId: z.string().describe('Same for every repetition of this notification'),
  alertId: z.string(),
  eventNo: z.number().int().positive(),
  channel: z.string(),
  kind: z
    .enum(['raised', 'worsened', 'resolved'])
    .describe('worsened = it reaches further, or it had been snoozed until it gets worse, and it did'),
  tier: z.enum(['page', 'ticket']),
  at: z.iso.datetime().describe('When it was decided, UTC: watch time, of health alerts wall clock'),
  openedAt: z.iso.datetime(),
  zh: words,
  en: words,
} as const;

const incident = z.strictObject({
  about: z.literal('incident'),
  ...every,
  bank: z.union([z.literal('*'), bankSchema]).describe('* = several banks; likewise build and KB'),
  build: z.string(),
  kb: z.string(),
  basis: z.enum(['usual', 'provisional', 'earlier', 'any']),
  signature: z.strictObject({ id: z.string(), l1: z.string(), l2: z.string(), l3: z.string() }),
  failed: z.number().int().describe('Distinct devices × KB failing in the window'),
  installs: z.number().int().describe('Distinct devices × KB that tried in the window'),
  expected: z.number().describe('Failures expected from the last 28 days'),
  lnP: z.number().describe('Natural logarithm of the probability by chance'),
  oneIn: z.string().describe('The same for people: by chance 1 in …'),
  firstArrival: z.string().describe('When the first device was heard of, UTC'),
  thirdArrival: z.string().nullable(),
  windowHours: z.number(),
  reach: z.strictObject({ banks: z.number().int(), builds: z.number().int(), kbs: z.number().int() }),
  branches: z.number().int().describe('How many branches; their names stay here'),
  otherBanks: z.number().int().describe('Other banks with an alert of the same code in the last seven days'),
  cohortId: z.string(),
  link: z.url().nullable().describe('The cohort on the console; null = its address is not configured'),
  remedy: z
    .strictObject({
      id: z.string(),
      risk: z.enum(['low', 'medium', 'high']),
      tried: z.number().int(),
      fixed: z.number().int(),
    })
    .nullable()
    .describe('What is advised first, and its record'),
});

const health = z.strictObject({
  about: z.literal('health'),
  ...every,
  bank: bankSchema.nullable(),
  condition: z.enum(HEALTH_CONDITIONS),
  subject: z.string().describe('A bank, BANK/WSUS-SERVER, a channel, or a part of Rollcall'),
  since: z.iso.datetime().describe('When it was last well'),
});

const trial = z.strictObject({ about: z.literal('test'), ...every, bank: z.null() });

/**
 * What a channel is handed, and the body of the webhook. Delivery is at least once: a receiver that has seen a
 * `deliveryId` may drop the repetition.
 */
export const notificationSchema = z.discriminatedUnion('about', [incident, health, trial]);
export type Notification = z.infer<typeof notificationSchema>;

/** Published for those who build receivers. */
export const notificationJsonSchema = z.toJSONSchema(notificationSchema);

/** The notification a pending delivery stands for. A repetition differs at most in the record of the remedy. */
export function notificationOf({ owed, channel }: PendingDelivery, context: AlertContext): Notification {
  const alert = owed.told;
  const { id, l1, l2, l3 } = alert.signature;
  const remedy = bestRemedyOf(alert, context.trials);
  const record = remedy?.counted ?? remedy?.seen;
  return {
    about: 'incident',
    deliveryId: deliveryIdOf(alert.alertId, owed.eventNo, channel),
    alertId: alert.alertId,
    eventNo: owed.eventNo,
    channel,
    kind: owed.kind,
    tier: alert.tier,
    at: new Date(owed.atMs).toISOString(),
    openedAt: new Date(alert.openedAtMs).toISOString(),
    bank: alert.bank,
    build: alert.build,
    kb: alert.kb,
    basis: alert.basis,
    signature: { id, l1, l2, l3 },
    failed: alert.failed,
    installs: alert.installs,
    expected: alert.expected,
    lnP: alert.lnP,
    oneIn: oneIn(alert.lnP),
    firstArrival: alert.firstArrival,
    thirdArrival: alert.thirdArrival,
    windowHours: alert.windowMs / 3_600_000,
    reach: { ...alert.reach },
    branches: alert.branches.length,
    otherBanks: context.otherBanks,
    cohortId: alertCohortId(alert),
    link: cohortLinkOf(alert, context.consoleUrl),
    remedy: remedy && {
      id: remedy.id,
      risk: remedy.risk,
      tried: record?.tried ?? 0,
      fixed: record?.fixed ?? 0,
    },
    zh: alertText(alert, owed.kind, 'zh', context),
    en: alertText(alert, owed.kind, 'en', context),
  };
}

const SPREAD_MS = 7 * 86_400_000;

/** Other banks with an alert of the same code opened in the seven days up to `atMs`. Later news does not change it. */
export function otherBanksOf(state: AlertsState, told: AlertFacts, atMs: number): number {
  const others = [...state.alerts.values()].filter(
    ({ bank, signature, openedAtMs }) =>
      bank !== told.bank &&
      signature.l1 === told.signature.l1 &&
      openedAtMs <= atMs &&
      openedAtMs > atMs - SPREAD_MS,
  );
  return new Set(others.map(({ bank }) => bank)).size;
}

/** The same for what the dead-man's switch noticed: a page when nobody would be told of an incident, else a ticket. */
export function healthNotificationOf(owed: OwedHealthNotification, channel: string): Notification {
  const { alertId, condition, subject, bank, sinceMs, raisedAtMs } = owed.told;
  return {
    about: 'health',
    deliveryId: deliveryIdOf(alertId, owed.eventNo, channel),
    alertId,
    eventNo: owed.eventNo,
    channel,
    kind: owed.kind,
    tier: condition === 'watch_behind' || condition === 'delivery_failing' ? 'page' : 'ticket',
    at: new Date(owed.atMs).toISOString(),
    openedAt: new Date(raisedAtMs).toISOString(),
    bank,
    condition,
    subject,
    since: new Date(sinceMs).toISOString(),
    zh: healthText(owed.told, owed.kind, 'zh'),
    en: healthText(owed.told, owed.kind, 'en'),
  };
}

/** A notification that tries a channel and says so. It belongs to no alert and is not kept. */
export function testNotification(channel: string, nowMs: number): Notification {
  const at = new Date(nowMs).toISOString();
  const alertId = `test-${nowMs}`;
  return {
    about: 'test',
    deliveryId: deliveryIdOf(alertId, 1, channel),
    alertId,
    eventNo: 1,
    channel,
    kind: 'raised',
    tier: 'ticket',
    at,
    openedAt: at,
    bank: null,
    zh: testText(channel, 'zh'),
    en: testText(channel, 'en'),
  };
}
