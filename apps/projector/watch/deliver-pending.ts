import type { AlertEvent } from '#domain/alerts/alert-events.js';
import { notificationOf } from '#domain/alerts/alert-notification.js';
import type { SymbolOf } from '#domain/alerts/alert-text.js';
import { pendingDeliveries } from '#domain/alerts/alerts-state.js';
import type { PendingDelivery } from '#domain/alerts/alerts-state.js';
import type { Notifier } from '#notify/notifier.js';
import type { AlertLog } from './alert-log.js';

/** What became of one attempt to deliver; `error` null = taken. */
export type DeliveryResult = (channel: string, error: unknown) => void;

/**
 * Hands every accepted notification without `DeliveryDone` to its channel, in order, and records what was taken. After
 * a crash between the two it is sent again under the same delivery id. A channel that is not set up (any more) owes on.
 * @throws the first failure, after every other channel had its turn
 */
export async function deliverPending(
  alertLog: AlertLog,
  notifiers: readonly Notifier[],
  symbolOf: SymbolOf,
  onResult: DeliveryResult,
  signal: AbortSignal,
): Promise<void> {
  const pending = pendingDeliveries(await alertLog.refresh());
  const results = await Promise.allSettled(
    notifiers.map(async (notifier) => {
      for (const delivery of pending.filter(({ channel }) => channel === notifier.channel)) {
        await deliverOne(delivery, notifier, alertLog, symbolOf, onResult, signal);
      }
    }),
  );
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

async function deliverOne(
  delivery: PendingDelivery,
  notifier: Notifier,
  alertLog: AlertLog,
  symbolOf: SymbolOf,
  onResult: DeliveryResult,
  signal: AbortSignal,
): Promise<void> {
  const { channel, owed } = delivery;
  try {
    await notifier.deliver(notificationOf(delivery, symbolOf), signal);
    onResult(channel, null);
  } catch (error) {
    onResult(channel, error);
    throw error;
  }
  const done: AlertEvent = {
    type: 'DeliveryDone',
    alertId: owed.told.alertId,
    eventNo: owed.eventNo,
    channel,
  };
  await alertLog.decide((state) => ({ atMs: state.atMs ?? owed.atMs, events: [done] }));
}
