import type { AlertEvent, AlertMessage } from './alert-events.js';
import type { Alert, AlertFacts, OwedNotification } from './alert.js';

export interface Acknowledgement {
  /** Id of the credential. */
  readonly by: string;
  readonly note: string;
  /** Watch time. */
  readonly atMs: number;
}

export interface Snooze extends Acknowledgement {
  readonly untilFailed: number;
  readonly untilMs: number | null;
}

export interface Silence extends Acknowledgement {
  readonly silenceId: string;
  readonly bank: string | null;
  readonly signature: string | null;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly lifted: boolean;
}

/** What people did about one alert while it is open. */
export interface AlertCare {
  readonly acknowledged: Acknowledgement | null;
  readonly snooze: Snooze | null;
}
export const NO_CARE: AlertCare = { acknowledged: null, snooze: null };

/** What people did about alerts. Held back is only the telling: every alert is recorded whatever stands here. */
export interface AlertHandling {
  readonly care: ReadonlyMap<string, AlertCare>;
  readonly silences: ReadonlyMap<string, Silence>;
}
export const initialAlertHandling: AlertHandling = { care: new Map(), silences: new Map() };

/** The silence that keeps an alert quiet at a watch time, or null. The bounds of its window are [from, until). */
export function silenceOf(handling: AlertHandling, alert: AlertFacts, atMs: number): Silence | null {
  for (const silence of handling.silences.values()) {
    const { bank, signature, fromMs, untilMs, lifted } = silence;
    if (lifted || atMs < fromMs || atMs >= untilMs) continue;
    if (bank !== null && bank !== alert.bank) continue;
    if (signature === null || signature === alert.signature.id || signature === alert.signature.l1)
      return silence;
  }
  return null;
}

/** The snooze that keeps an alert quiet at a watch time, or null. */
export function snoozeOf(handling: AlertHandling, alertId: string, atMs: number): Snooze | null {
  const snooze = handling.care.get(alertId)?.snooze ?? null;
  return snooze === null || (snooze.untilMs !== null && atMs >= snooze.untilMs) ? null : snooze;
}

/** Whether nothing is told about an alert at a watch time. */
export const isHeldBack = (handling: AlertHandling, alert: AlertFacts, atMs: number): boolean =>
  silenceOf(handling, alert, atMs) !== null || snoozeOf(handling, alert.alertId, atMs) !== null;

/** The part of the alerts' state that is needed here. */
interface HandledAlerts {
  readonly alerts: ReadonlyMap<string, Alert>;
  readonly handling: AlertHandling;
}

/**
 * The state after a message, with what people did taken into account (`next` has everything else of it already):
 * - a snoozed alert that got worse (wider, more devices, a page) is heard again: whoever was owed the first is owed one;
 * - an alert that ends while held back is told only to channels that heard of it; nobody is told of what is over.
 */
export function withHandling<S extends HandledAlerts>(
  before: HandledAlerts,
  next: S,
  message: AlertMessage,
): S {
  const care = new Map(before.handling.care);
  const silences = new Map(before.handling.silences);
  for (const event of message.events) note(care, silences, event, message.atMs);
  const handling = { care, silences };
  const alerts = new Map(next.alerts);
  for (const alertId of new Set(message.events.flatMap(alertIdsOf))) {
    const alert = alerts.get(alertId);
    if (!alert) continue;
    if (alert.state !== 'open') {
      if (before.alerts.get(alertId)?.state === 'open' && isHeldBack(handling, alert, message.atMs))
        alerts.set(alertId, withoutTheUnheard(alert));
      care.delete(alertId);
      continue;
    }
    const snooze = care.get(alertId)?.snooze;
    const known = before.alerts.get(alertId);
    const isWider = (known?.notifications.length ?? 0) < alert.notifications.length;
    if (!snooze || !(isWider || isWorse(snooze, known, alert))) continue;
    care.set(alertId, { ...(care.get(alertId) ?? NO_CARE), snooze: null });
    if (!isWider) alerts.set(alertId, withNews(alert, message.atMs));
  }
  return { ...next, alerts, handling };
}

const alertIdsOf = (event: AlertEvent): string[] => ('alertId' in event ? [event.alertId as string] : []);

function note(
  care: Map<string, AlertCare>,
  silences: Map<string, Silence>,
  event: AlertEvent,
  atMs: number,
): void {
  if (event.type === 'AlertAcknowledged') {
    const { alertId, by, note: words } = event;
    care.set(alertId, { ...(care.get(alertId) ?? NO_CARE), acknowledged: { by, note: words, atMs } });
  } else if (event.type === 'AlertSnoozed') {
    const { alertId, by, note: words, untilFailed, untilMs } = event;
    const snooze = { by, note: words, atMs, untilFailed, untilMs };
    care.set(alertId, { ...(care.get(alertId) ?? NO_CARE), snooze });
  } else if (event.type === 'SilenceSet') {
    const { silenceId, bank, signature, fromMs, untilMs, by, note: words } = event;
    silences.set(silenceId, {
      silenceId,
      bank,
      signature,
      fromMs,
      untilMs,
      by,
      note: words,
      atMs,
      lifted: false,
    });
  } else if (event.type === 'SilenceLifted') {
    const silence = silences.get(event.silenceId);
    if (silence) silences.set(event.silenceId, { ...silence, lifted: true });
  }
}

const isWorse = (snooze: Snooze, before: Alert | undefined, after: Alert): boolean =>
  after.failed >= snooze.untilFailed || (before?.tier === 'ticket' && after.tier === 'page');

function withNews({ notifications, ...told }: Alert, atMs: number): Alert {
  const channels = [...new Set(notifications.flatMap((owed) => owed.channels))];
  const news: OwedNotification = {
    eventNo: told.lastEventNo,
    kind: 'worsened',
    atMs,
    channels,
    delivered: [],
    told,
  };
  return { ...told, notifications: [...notifications, news] };
}

function withoutTheUnheard(alert: Alert): Alert {
  const heard = new Set(alert.notifications.flatMap((owed) => owed.delivered));
  const notifications = alert.notifications.map((owed) => ({
    ...owed,
    channels:
      owed.kind === 'resolved' ? owed.channels.filter((channel) => heard.has(channel)) : owed.delivered,
  }));
  return { ...alert, notifications };
}
