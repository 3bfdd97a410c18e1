import { isHeldBack } from '#domain/alerts/alert-handling.js';
import { healthNotificationOf } from '#domain/alerts/alert-notification.js';
import type { AlertsState } from '#domain/alerts/alerts-state.js';
import type { StandingNotification } from '#notify/notifier.js';
import { tell } from './deliver-pending.js';
import type { DeliveryParts } from './deliver-pending.js';

/** The end of an alert is told again for so long: a receiver that was started anew meanwhile still hears of it. */
const TELL_END_AGAIN_MS = 15 * 60_000;

/** What a channel was told of alerts that are open, or were until a moment ago: the last word on each. */
export function standingFor(
  channel: string,
  state: AlertsState,
  watchTimeMs: number | null,
  context: DeliveryParts['context'],
): StandingNotification[] {
  const atMs = watchTimeMs ?? state.atMs ?? 0;
  const incidents = [...state.alerts.values()]
    .filter(
      ({ resolvedAtMs, resolvedBecause }) => resolvedBecause !== 'merged' && isFresh(resolvedAtMs, atMs),
    )
    .flatMap((alert): StandingNotification[] => {
      // A reopened alert owes nothing new: what was told before its end is so again.
      const told = alert.notifications.findLast(
        ({ kind, delivered }) =>
          delivered.includes(channel) && (alert.state !== 'open' || kind !== 'resolved'),
      );
      if (!told) return [];
      const heldBack = isHeldBack(state.handling, alert, atMs);
      return [{ notification: tell({ owed: told, channel }, state, context), heldBack }];
    });
  const health = [...state.health.values()].flatMap(
    ({ notifications, resolvedAtMs }): StandingNotification[] => {
      const last = notifications.findLast(({ delivered }) => delivered.includes(channel));
      return last && resolvedAtMs === null
        ? [{ notification: healthNotificationOf(last, channel), heldBack: false }]
        : [];
    },
  );
  return [...incidents, ...health];
}

const isFresh = (resolvedAtMs: number | null, atMs: number): boolean =>
  resolvedAtMs === null || atMs - resolvedAtMs <= TELL_END_AGAIN_MS;
