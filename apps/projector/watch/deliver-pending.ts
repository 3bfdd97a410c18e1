import type { AlertEvent } from '#domain/alerts/alert-events.js';
import { deliveryIdOf } from '#domain/alerts/alert-id.js';
import { healthNotificationOf, notificationOf, otherBanksOf } from '#domain/alerts/alert-notification.js';
import type { Notification } from '#domain/alerts/alert-notification.js';
import type { AlertContext } from '#domain/alerts/alert-text.js';
import { pendingDeliveries } from '#domain/alerts/alerts-state.js';
import type { AlertsState, PendingDelivery } from '#domain/alerts/alerts-state.js';
import { DeliveryError } from '#notify/notifier.js';
import type { Notifier } from '#notify/notifier.js';
import type { AlertLog } from '#event-log/alert-log.js';

export interface DeliveryParts {
  readonly alertLog: AlertLog;
  readonly context: Omit<AlertContext, 'otherBanks'>;
  /** Silences and snoozes end on it; null = not known yet. */
  readonly watchTimeMs: () => number | null;
  /** What became of one attempt to deliver; `error` null = taken. */
  readonly onResult: (channel: string, error: unknown) => void;
}

/**
 * Hands every accepted notification without `DeliveryDone` to one channel, in order, and records what was taken. After
 * a crash between the two it is sent again under the same delivery id. One that the receiver refuses does not hold up
 * those after it; a receiver that is away ends the round.
 * @throws the first failure
 */
export async function deliverPending(
  notifier: Notifier,
  parts: DeliveryParts,
  signal: AbortSignal,
): Promise<void> {
  const tried = new Set<string>();
  const refusals: unknown[] = [];
  for (;;) {
    // Another process may have delivered meanwhile: read to the log's end before each.
    const state = await parts.alertLog.refresh();
    const next = owedTo(notifier.channel, state, parts.watchTimeMs()).find(({ key }) => !tried.has(key));
    if (!next || signal.aborted) break;
    tried.add(next.key);
    try {
      await notifier.deliver(next.notification(parts.context), signal);
      parts.onResult(notifier.channel, null);
    } catch (error) {
      parts.onResult(notifier.channel, error);
      if (!(error instanceof DeliveryError && error.refused)) throw error;
      refusals.push(error);
      continue;
    }
    await recordDelivery(parts.alertLog, next.done);
  }
  if (refusals.length > 0) throw refusals[0];
}

interface Owed {
  readonly key: string;
  readonly notification: (context: DeliveryParts['context']) => Notification;
  readonly done: Extract<AlertEvent, { type: 'DeliveryDone' }>;
}

/** What a channel is owed now, incidents first. */
export function owedTo(channel: string, state: AlertsState, watchTimeMs: number | null): Owed[] {
  const incidents = pendingDeliveries(state, watchTimeMs ?? undefined)
    .filter((pending) => pending.channel === channel)
    .map((pending) => owed(pending.owed, channel, (context) => tell(pending, state, context)));
  const health = [...state.health.values()]
    .flatMap(({ notifications }) => notifications)
    .filter(({ channels, delivered }) => channels.includes(channel) && !delivered.includes(channel))
    .map((own) => owed(own, channel, () => healthNotificationOf(own, channel)));
  return [...incidents, ...health];
}

function owed(
  { eventNo, told: { alertId } }: { readonly eventNo: number; readonly told: { readonly alertId: string } },
  channel: string,
  notification: Owed['notification'],
): Owed {
  const done = { type: 'DeliveryDone' as const, alertId, eventNo, channel };
  return { key: deliveryIdOf(alertId, eventNo, channel), notification, done };
}

/** The notification of an incident, with what else was known when it was decided. */
export function tell(
  pending: PendingDelivery,
  state: AlertsState,
  context: DeliveryParts['context'],
): Notification {
  const { told, atMs } = pending.owed;
  return notificationOf(pending, { ...context, otherBanks: otherBanksOf(state, told, atMs) });
}

/** Nothing when another process has recorded it already. */
async function recordDelivery(alertLog: AlertLog, done: Owed['done']): Promise<void> {
  const { alertId, eventNo, channel } = done;
  await alertLog.decide((state) => {
    const alert = state.alerts.get(alertId) ?? state.health.get(alertId);
    const known = alert?.notifications.find((one) => one.eventNo === eventNo);
    return known?.delivered.includes(channel) ? null : { atMs: state.atMs ?? 0, events: [done] };
  });
}
