import { deliveryIdOf } from './alert-id.js';
import { alertText } from './alert-text.js';
import type { AlertLanguage, SymbolOf } from './alert-text.js';
import type { Alert } from './alert.js';

/** One alert for questions and dashboards; the shape of `AlertView` of the attempt store, with the version that orders its rows. */
export function alertViewOf(alert: Alert, language: AlertLanguage, symbolOf: SymbolOf) {
  const { alertId, bank, build, kb, signature, tier, state, failed, installs, expected, lnP } = alert;
  return {
    alertId,
    bank,
    build,
    kb,
    signature,
    tier,
    state,
    openedAt: new Date(alert.openedAtMs).toISOString(),
    resolvedAt: alert.resolvedAtMs === null ? null : new Date(alert.resolvedAtMs).toISOString(),
    failed,
    installs,
    expected,
    lnP,
    text: alertText(alert, 'raised', language, { symbolOf, otherBanks: 0, consoleUrl: null }).text,
    deliveries: alert.notifications.flatMap((owed) =>
      owed.delivered.map((channel) => deliveryIdOf(alertId, owed.eventNo, channel)),
    ),
    eventNo: alert.changes,
  };
}
