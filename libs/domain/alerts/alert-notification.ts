import { z } from 'zod';
import { bankSchema } from '../attempt-event.js';
import { deliveryIdOf } from './alert-id.js';
import { alertText, oneIn } from './alert-text.js';
import type { SymbolOf } from './alert-text.js';
import type { PendingDelivery } from './alerts-state.js';

const words = z.strictObject({ text: z.string(), nextStep: z.string() });

/**
 * What a channel is handed, and the body of the webhook. Delivery is at least once: a receiver that has seen a
 * `deliveryId` may drop the repetition.
 */
export const notificationSchema = z.strictObject({
  deliveryId: z.string().describe('Same for every repetition of this notification'),
  alertId: z.string(),
  eventNo: z.number().int().positive(),
  channel: z.string(),
  kind: z.enum(['raised', 'worsened', 'resolved']),
  tier: z.enum(['page', 'ticket']),
  at: z.iso.datetime().describe('Watch time of the decision, UTC'),
  openedAt: z.iso.datetime(),
  bank: bankSchema,
  build: z.string(),
  kb: z.string(),
  signature: z.strictObject({ id: z.string(), l1: z.string(), l2: z.string(), l3: z.string() }),
  failed: z.number().int().describe('Distinct devices × KB failing in 24 h'),
  installs: z.number().int().describe('Distinct devices × KB that tried in 24 h'),
  expected: z.number().describe('Failures expected from the last 28 days'),
  lnP: z.number().describe('Natural logarithm of the probability by chance'),
  oneIn: z.string().describe('The same for people: by chance 1 in …'),
  zh: words,
  en: words,
});
export type Notification = z.infer<typeof notificationSchema>;

/** Published for those who build receivers. */
export const notificationJsonSchema = z.toJSONSchema(notificationSchema);

/** The notification a pending delivery stands for. Equal input gives equal output: a repetition is byte-identical. */
export function notificationOf({ owed, channel }: PendingDelivery, symbolOf: SymbolOf): Notification {
  const alert = owed.told;
  const { id, l1, l2, l3 } = alert.signature;
  return {
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
    signature: { id, l1, l2, l3 },
    failed: alert.failed,
    installs: alert.installs,
    expected: alert.expected,
    lnP: alert.lnP,
    oneIn: oneIn(alert.lnP),
    zh: alertText(alert, owed.kind, 'zh', symbolOf),
    en: alertText(alert, owed.kind, 'en', symbolOf),
  };
}
