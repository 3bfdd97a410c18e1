import type { AlertEvent, AlertEvidence, AlertMessage, AlertRaised } from './alert-events.js';

/** Everything but what it owes to whom. */
export interface AlertFacts extends AlertEvidence {
  readonly alertId: string;
  readonly bank: string;
  readonly signature: AlertRaised['signature'];
  readonly tier: AlertRaised['tier'];
  readonly state: 'open' | 'resolved';
  readonly openedAtMs: number;
  readonly resolvedAtMs: number | null;
  readonly resolvedBecause: 'recovered' | 'stale' | null;
  readonly rate: number;
  /** Share of installs that failed when it was raised: what a recovery is measured by. */
  readonly shareAtRaise: number;
  readonly quietSinceMs: number | null;
  readonly lastEventNo: number;
  /** Accepted messages that touched it; grows with deliveries too, so a view can tell newer from older. */
  readonly changes: number;
}

/** A notification that an alert owes, and the channels it went to so far. */
export interface OwedNotification {
  readonly eventNo: number;
  readonly kind: 'raised' | 'resolved';
  readonly atMs: number;
  readonly channels: readonly string[];
  readonly delivered: readonly string[];
  /** The alert as it was decided, so that a repetition after a restart says the very same. */
  readonly told: AlertFacts;
}

export interface Alert extends AlertFacts {
  readonly notifications: readonly OwedNotification[];
}

export interface AlertsState {
  /** Number of accepted messages. */
  readonly version: number;
  /** Watch time of the newest accepted message; null before the first. */
  readonly atMs: number | null;
  readonly alerts: ReadonlyMap<string, Alert>;
}

export const initialAlertsState: AlertsState = { version: 0, atMs: null, alerts: new Map() };

/**
 * Folds one message of `patch.alerts`. A message that was based on another version is not accepted: the very same
 * state is returned, so `next !== state` tells a writer whether its own message counts.
 */
export function evolveAlerts(state: AlertsState, message: AlertMessage): AlertsState {
  if (message.basedOn !== state.version) return state;
  const alerts = new Map(state.alerts);
  for (const event of message.events) apply(alerts, event, message.atMs);
  return { version: state.version + 1, atMs: Math.max(state.atMs ?? message.atMs, message.atMs), alerts };
}

function apply(alerts: Map<string, Alert>, event: AlertEvent, atMs: number): void {
  if (event.type === 'SilenceSet' || event.type === 'SilenceLifted') return;
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

type LaterEvent = Exclude<AlertEvent, { type: 'AlertRaised' | 'SilenceSet' | 'SilenceLifted' }>;

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

/** In the order they were decided. */
export function pendingDeliveries(state: AlertsState): PendingDelivery[] {
  const pending = [...state.alerts.values()].flatMap((alert) =>
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
