import type { AlertEvent, AlertMessage, HealthCondition } from './alert-events.js';
import { alertIdOf } from './alert-id.js';

/** What the dead-man's switch noticed about one subject. Its times are of the wall clock. */
export interface HealthFacts {
  readonly alertId: string;
  readonly condition: HealthCondition;
  readonly subject: string;
  readonly bank: string | null;
  /** When it was last well. */
  readonly sinceMs: number;
  readonly raisedAtMs: number;
  readonly resolvedAtMs: number | null;
  readonly lastEventNo: number;
}

export interface OwedHealthNotification {
  readonly eventNo: number;
  readonly kind: 'raised' | 'resolved';
  readonly atMs: number;
  readonly channels: readonly string[];
  readonly delivered: readonly string[];
  readonly told: HealthFacts;
}

export interface HealthAlert extends HealthFacts {
  readonly notifications: readonly OwedHealthNotification[];
}

/** By alert id. */
export type HealthState = ReadonlyMap<string, HealthAlert>;
export const initialHealth: HealthState = new Map();

/** Folds the events of one message that are about the dead-man's switch. */
export function evolveHealth(state: HealthState, message: AlertMessage): HealthState {
  const changed = new Map(state);
  for (const event of message.events) evolve(changed, event);
  return changed;
}

function evolve(state: Map<string, HealthAlert>, event: AlertEvent): void {
  if (event.type === 'HealthAlertRaised') {
    const { alertId, condition, subject, bank, sinceMs, clockMs: raisedAtMs, eventNo: lastEventNo } = event;
    const told = { alertId, condition, subject, bank, sinceMs, raisedAtMs, resolvedAtMs: null, lastEventNo };
    state.set(alertId, { ...told, notifications: [owe(told, event, 'raised')] });
  } else if (event.type === 'HealthAlertResolved') {
    const alert = state.get(event.alertId);
    if (!alert) return;
    const { notifications, ...facts } = alert;
    const told = { ...facts, resolvedAtMs: event.clockMs, lastEventNo: event.eventNo };
    state.set(alert.alertId, { ...told, notifications: [...notifications, owe(told, event, 'resolved')] });
  } else if (event.type === 'DeliveryDone') {
    const alert = state.get(event.alertId);
    if (!alert) return;
    const notifications = alert.notifications.map((owed) =>
      owed.eventNo !== event.eventNo || owed.delivered.includes(event.channel)
        ? owed
        : { ...owed, delivered: [...owed.delivered, event.channel] },
    );
    state.set(alert.alertId, { ...alert, notifications });
  }
}

const owe = (
  told: HealthFacts,
  event: { readonly eventNo: number; readonly clockMs: number; readonly channels: readonly string[] },
  kind: OwedHealthNotification['kind'],
): OwedHealthNotification => ({
  eventNo: event.eventNo,
  kind,
  atMs: event.clockMs,
  channels: event.channels,
  delivered: [],
  told,
});

/** When a subject was last well, and for how long it may be silent. */
export interface Heartbeat {
  readonly condition: HealthCondition;
  readonly subject: string;
  readonly bank: string | null;
  readonly lastWellMs: number;
  readonly allowedMs: number;
  /** False: it may be found well, but not missing, such as in the first hour after a start. */
  readonly mayRaise: boolean;
}

/**
 * What the heartbeats lead to: one alert a subject while it is missing, its end when it is heard again. A subject that
 * is not among them was not looked at: nothing changes.
 */
export function decideHealth(
  heartbeats: readonly Heartbeat[],
  state: HealthState,
  clockMs: number,
  channels: readonly string[],
): AlertEvent[] {
  const open = new Map(
    [...state.values()]
      .filter(({ resolvedAtMs }) => resolvedAtMs === null)
      .map((alert) => [`${alert.condition}/${alert.subject}`, alert]),
  );
  return heartbeats.flatMap((heartbeat): AlertEvent[] => {
    const { condition, subject, bank, lastWellMs, allowedMs, mayRaise } = heartbeat;
    const alert = open.get(`${condition}/${subject}`);
    const missing = clockMs - lastWellMs > allowedMs;
    // What fails to be delivered cannot be told by the very channel that fails.
    const told =
      condition === 'delivery_failing' ? channels.filter((name) => name !== subject) : [...channels];
    if (missing && !alert && mayRaise) {
      const signatureId = `${condition}/${subject}`;
      const alertId = alertIdOf({ bank: bank ?? '*', build: '', kb: '', signatureId, openedAtMs: clockMs });
      return [
        {
          type: 'HealthAlertRaised',
          alertId,
          eventNo: 1,
          condition,
          subject,
          bank,
          sinceMs: lastWellMs,
          clockMs,
          channels: told,
        },
      ];
    }
    if (missing || !alert) return [];
    const eventNo = alert.lastEventNo + 1;
    return [{ type: 'HealthAlertResolved', alertId: alert.alertId, eventNo, clockMs, channels: told }];
  });
}
