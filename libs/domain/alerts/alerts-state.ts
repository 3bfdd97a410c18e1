import type { Alert, AlertFacts, OwedNotification } from './alert.js';
import type { AlertEvent, AlertEvidence, AlertMessage, AlertRaised } from './alert-events.js';
import { initialAlertHandling, isHeldBack, withHandling } from './alert-handling.js';
import type { AlertHandling } from './alert-handling.js';
import { evolveHealth, initialHealth } from './health-alerts.js';
import type { HealthState } from './health-alerts.js';

export interface AlertsState {
  /** Number of accepted messages. */
  readonly version: number;
  /** Watch time of the newest accepted message; null before the first. */
  readonly atMs: number | null;
  readonly alerts: ReadonlyMap<string, Alert>;
  /** Acknowledgements, snoozes, silences. */
  readonly handling: AlertHandling;
  /** Alerts of the dead-man's switch. */
  readonly health: HealthState;
}

export const initialAlertsState: AlertsState = {
  version: 0,
  atMs: null,
  alerts: new Map(),
  handling: initialAlertHandling,
  health: initialHealth,
};

/**
 * Folds one message of `patch.alerts`. A message that was based on another version is not accepted: the very same
 * state is returned, so `next !== state` tells a writer whether its own message counts.
 */
export function evolveAlerts(state: AlertsState, message: AlertMessage): AlertsState {
  if (message.basedOn !== state.version) return state;
  const alerts = new Map(state.alerts);
  for (const event of message.events) apply(alerts, event, message.atMs);
  const atMs = Math.max(state.atMs ?? message.atMs, message.atMs);
  const health = evolveHealth(state.health, message);
  return withHandling(state, { ...state, version: state.version + 1, atMs, alerts, health }, message);
}

function apply(alerts: Map<string, Alert>, event: AlertEvent, atMs: number): void {
  if (event.type === 'SilenceSet' || event.type === 'SilenceLifted') return;
  if (event.type === 'HealthAlertRaised' || event.type === 'HealthAlertResolved') return;
  if (event.type === 'AlertRaised') {
    alerts.set(event.alertId, raisedAlert(event, atMs));
    return;
  }
  const alert = alerts.get(event.alertId);
  if (!alert) return;
  const touched = {
    ...alert,
    changes: alert.changes + 1,
    lastEventNo: Math.max(alert.lastEventNo, event.eventNo),
  };
  alerts.set(event.alertId, changedAlert(touched, event, atMs));
}

function raisedAlert(event: AlertRaised, atMs: number): Alert {
  const { alertId, bank, signature, tier, rate } = event;
  const facts: AlertFacts = {
    ...evidenceOf(event),
    alertId,
    bank,
    signature,
    tier,
    rate,
    state: 'open',
    openedAtMs: atMs,
    resolvedAtMs: null,
    resolvedBecause: null,
    shareAtRaise: event.failed / Math.max(1, event.installs),
    quietSinceMs: null,
    lastEventNo: event.eventNo,
    changes: 1,
  };
  return { ...facts, notifications: [owe(facts, event, 'raised', atMs)] };
}

type LaterEvent = Exclude<
  AlertEvent,
  {
    type: 'AlertRaised' | 'SilenceSet' | 'SilenceLifted' | 'HealthAlertRaised' | 'HealthAlertResolved';
  }
>;

function changedAlert(alert: Alert, event: LaterEvent, atMs: number): Alert {
  switch (event.type) {
    case 'AlertUpdated':
      return { ...alert, ...evidenceOf(event), signature: event.signature, quietSinceMs: event.quietSinceMs };
    case 'AlertResolved': {
      const { notifications, ...facts } = alert;
      const resolved: AlertFacts = {
        ...facts,
        state: 'resolved',
        resolvedAtMs: atMs,
        resolvedBecause: event.reason,
      };
      return { ...resolved, notifications: [...notifications, owe(resolved, event, 'resolved', atMs)] };
    }
    case 'AlertReopened':
      return {
        ...alert,
        ...evidenceOf(event),
        signature: event.signature,
        state: 'open',
        resolvedAtMs: null,
        resolvedBecause: null,
        quietSinceMs: null,
      };
    case 'DeliveryDone':
      return { ...alert, notifications: alert.notifications.map((owed) => withDelivery(owed, event)) };
    // Kept in the log and counted; the whole spike watch gives them their effect.
    case 'AlertWidened':
    case 'AlertMerged':
      return alert;
    // alert-handling.ts gives them their effect.
    case 'AlertAcknowledged':
    case 'AlertSnoozed':
      return alert;
  }
}

const owe = (
  told: AlertFacts,
  event: { readonly eventNo: number; readonly channels: readonly string[] },
  kind: OwedNotification['kind'],
  atMs: number,
): OwedNotification => ({
  eventNo: event.eventNo,
  kind,
  atMs,
  channels: event.channels,
  delivered: [],
  told,
});

const evidenceOf = (event: AlertEvidence): AlertEvidence => {
  const { failed, installs, expected, lnP, build, kb, branches } = event;
  return { failed, installs, expected, lnP, build, kb, branches };
};

function withDelivery(
  owed: OwedNotification,
  done: { readonly eventNo: number; readonly channel: string },
): OwedNotification {
  if (owed.eventNo !== done.eventNo || owed.delivered.includes(done.channel)) return owed;
  return { ...owed, delivered: [...owed.delivered, done.channel] };
}

/** A notification to one channel that has no `DeliveryDone` yet. */
export interface PendingDelivery {
  readonly owed: OwedNotification;
  readonly channel: string;
}

/** In the order they were decided; without those that a snooze or silence holds back at watch time `atMs`. */
export function pendingDeliveries(state: AlertsState, atMs = state.atMs ?? 0): PendingDelivery[] {
  const told = [...state.alerts.values()].filter((alert) => !isHeldBack(state.handling, alert, atMs));
  const pending = told.flatMap((alert) =>
    alert.notifications.flatMap((owed) =>
      owed.channels
        .filter((channel) => !owed.delivered.includes(channel))
        .map((channel) => ({ owed, channel })),
    ),
  );
  return pending.sort(
    (left, right) => left.owed.atMs - right.owed.atMs || left.owed.eventNo - right.owed.eventNo,
  );
}
