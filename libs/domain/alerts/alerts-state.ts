import type { Alert, AlertFacts, OwedNotification } from './alert.js';
import type { ToldSpan } from '../spikes/scan/told-span.js';
import { evidenceIn } from './alert-events.js';
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
  for (const event of message.events) applyAlertEvent(alerts, event, message.atMs);
  const atMs = Math.max(state.atMs ?? message.atMs, message.atMs);
  const health = evolveHealth(state.health, message);
  return withHandling(state, { ...state, version: state.version + 1, atMs, alerts, health }, message);
}

/** Folds one event about an alert into the alerts; those about silences and the dead-man's switch change none. */
export function applyAlertEvent(alerts: Map<string, Alert>, event: AlertEvent, atMs: number): void {
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
  const { alertId, bank, signature, tier, basis, rate, firstArrival, thirdArrival } = event;
  const facts: AlertFacts = {
    ...evidenceIn(event),
    alertId,
    bank,
    signature,
    tier,
    basis,
    firstArrival,
    thirdArrival,
    rate,
    state: 'open',
    openedAtMs: atMs,
    resolvedAtMs: null,
    resolvedBecause: null,
    isAnnounced: !event.isPast,
    shareAtRaise: shareOf(event),
    quietSinceMs: null,
    lastEventNo: event.eventNo,
    changes: 1,
  };
  return {
    ...facts,
    spans: [spanOf(facts, atMs)],
    activeSinceMs: atMs,
    notifications: event.isPast ? [] : [owe(facts, event, 'raised', atMs)],
  };
}

type LaterEvent = Exclude<
  AlertEvent,
  {
    type: 'AlertRaised' | 'SilenceSet' | 'SilenceLifted' | 'HealthAlertRaised' | 'HealthAlertResolved';
  }
>;

function changedAlert(alert: Alert, event: LaterEvent, atMs: number): Alert {
  switch (event.type) {
    case 'AlertUpdated': {
      const { signature, quietSinceMs } = event;
      const updated = { ...alert, ...evidenceIn(event), signature, quietSinceMs };
      const hasMoved = spanKey(updated) !== spanKey(alert);
      const spans = hasMoved ? [...endedSpans(alert, atMs), spanOf(updated, atMs)] : alert.spans;
      if (!event.isAnnounced) return { ...updated, spans };
      return withNews({ ...updated, spans, isAnnounced: true }, event, 'raised', atMs);
    }
    case 'AlertWidened': {
      const { bank, signature } = event;
      const widened = {
        ...alert,
        ...evidenceIn(event),
        bank,
        signature,
        shareAtRaise: shareOf(event),
        quietSinceMs: null,
        activeSinceMs: atMs,
      };
      const spans = [...endedSpans(alert, atMs), spanOf(widened, atMs)];
      return alert.isAnnounced
        ? withNews({ ...widened, spans }, event, 'worsened', atMs)
        : { ...widened, spans };
    }
    case 'AlertMerged':
      return { ...ended(alert, 'merged', atMs), isAnnounced: true };
    case 'AlertResolved': {
      const resolved = ended(alert, event.reason, atMs);
      return alert.isAnnounced ? withNews(resolved, event, 'resolved', atMs) : resolved;
    }
    case 'AlertReopened': {
      const { signature } = event;
      const reopened = {
        ...alert,
        ...evidenceIn(event),
        signature,
        state: 'open' as const,
        resolvedAtMs: null,
        resolvedBecause: null,
        quietSinceMs: null,
        activeSinceMs: atMs,
      };
      // The span of this scope goes on; what was told in between counts as told.
      const known = alert.spans.findLast((span) => spanKey(span) === spanKey(reopened));
      const others = alert.spans.filter((span) => span !== known);
      return { ...reopened, spans: [...others, { ...(known ?? spanOf(reopened, atMs)), closedMs: null }] };
    }
    case 'DeliveryDone':
      return { ...alert, notifications: alert.notifications.map((owed) => withDelivery(owed, event)) };
    // alert-handling.ts gives them their effect.
    case 'AlertAcknowledged':
    case 'AlertSnoozed':
      return alert;
  }
}

type Covering = Pick<AlertFacts, 'bank' | 'build' | 'kb' | 'covers'>;

const spanOf = ({ bank, build, kb, covers }: Covering, openedMs: number): ToldSpan => ({
  bank,
  build,
  kb,
  levels: covers,
  openedMs,
  closedMs: null,
});
const spanKey = ({ bank, build, kb, ...of }: Covering | ToldSpan): string =>
  JSON.stringify([bank, build, kb, 'covers' in of ? of.covers : of.levels]);
const endedSpans = ({ spans }: Alert, atMs: number): ToldSpan[] =>
  spans.map((span) => (span.closedMs === null ? { ...span, closedMs: atMs } : span));
const shareOf = ({ failed, installs }: AlertEvidence): number =>
  Math.max(1, failed) / Math.max(1, failed, installs);

const ended = (alert: Alert, resolvedBecause: AlertFacts['resolvedBecause'], atMs: number): Alert => ({
  ...alert,
  state: 'resolved',
  resolvedAtMs: atMs,
  resolvedBecause,
  spans: endedSpans(alert, atMs),
});

const NO_FACTS: ReadonlySet<string> = new Set(['notifications', 'spans', 'activeSinceMs']);

const factsOf = (alert: Alert): AlertFacts =>
  Object.fromEntries(Object.entries(alert).filter(([name]) => !NO_FACTS.has(name))) as unknown as AlertFacts;

function withNews(
  alert: Alert,
  event: Parameters<typeof owe>[1],
  kind: OwedNotification['kind'],
  atMs: number,
): Alert {
  return { ...alert, notifications: [...alert.notifications, owe(factsOf(alert), event, kind, atMs)] };
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
