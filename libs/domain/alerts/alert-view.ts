import { deliveryIdOf } from './alert-id.js';
import { alertText } from './alert-text.js';
import type { AlertLanguage, SymbolOf } from './alert-text.js';
import type { Alert } from './alert.js';

/** What every answer about an alert tells of it. */
export function alertFactsOf({ openedAtMs, resolvedAtMs, ...alert }: Alert) {
  const { alertId, bank, build, kb, signature, tier, state, failed, installs, expected, lnP } = alert;
  return {
    ...{ alertId, bank, build, kb, signature, tier, state, failed, installs, expected, lnP },
    openedAt: new Date(openedAtMs).toISOString(),
    resolvedAt: resolvedAtMs === null ? null : new Date(resolvedAtMs).toISOString(),
  };
}

/** One alert for questions and dashboards; the shape of `AlertView` of the attempt store, with the version that orders its rows. */
export function alertViewOf(alert: Alert, language: AlertLanguage, symbolOf: SymbolOf) {
  return {
    ...alertFactsOf(alert),
    text: alertText(alert, 'raised', language, { symbolOf, otherBanks: 0, consoleUrl: null }).text,
    deliveries: alert.notifications.flatMap((owed) =>
      owed.delivered.map((channel) => deliveryIdOf(alert.alertId, owed.eventNo, channel)),
    ),
    eventNo: alert.changes,
  };
}
