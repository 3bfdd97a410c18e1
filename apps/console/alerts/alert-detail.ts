import type { Alert } from '#domain/alerts/alert.js';
import { silenceOf, snoozeOf } from '#domain/alerts/alert-handling.js';
import type { Acknowledgement, Silence } from '#domain/alerts/alert-handling.js';
import { otherBanksOf } from '#domain/alerts/alert-notification.js';
import { alertCohortId, alertText } from '#domain/alerts/alert-text.js';
import type { AlertsState } from '#domain/alerts/alerts-state.js';
import { symbolOf } from '#domain/codes/code-symbols.js';
import type { AlertDetailAnswer, SilenceAnswer } from './alert-answers.js';

const iso = (ms: number): string => new Date(ms).toISOString();
const deed = ({ by, note, atMs }: Acknowledgement) => ({ by, note, at: iso(atMs) });

export const silenceView = (silence: Silence): SilenceAnswer => ({
  silenceId: silence.silenceId,
  bank: silence.bank,
  signature: silence.signature,
  from: iso(silence.fromMs),
  until: iso(silence.untilMs),
  lifted: silence.lifted,
  ...deed(silence),
});

/** One alert as the log tells it: its words, what people did about it, who was told. */
export function alertDetail(state: AlertsState, alert: Alert, showOtherBanks: boolean): AlertDetailAnswer {
  const atMs = state.atMs ?? 0;
  const { alertId, bank, build, kb, signature, tier, failed, installs, expected, lnP } = alert;
  const acknowledged = state.handling.care.get(alertId)?.acknowledged ?? null;
  const snooze = snoozeOf(state.handling, alertId, atMs);
  const silence = silenceOf(state.handling, alert, atMs);
  const kind = alert.state === 'open' ? 'raised' : 'resolved';
  const otherBanks = showOtherBanks ? otherBanksOf(state, alert, atMs) : 0;
  const context = { symbolOf, otherBanks, consoleUrl: null };
  return {
    alertId,
    bank,
    build,
    kb,
    signature,
    tier,
    state: alert.state,
    openedAt: iso(alert.openedAtMs),
    resolvedAt: alert.resolvedAtMs === null ? null : iso(alert.resolvedAtMs),
    failed,
    installs,
    expected,
    lnP,
    firstArrival: alert.firstArrival,
    thirdArrival: alert.thirdArrival,
    cohortId: alertCohortId(alert),
    zh: alertText(alert, kind, 'zh', context),
    en: alertText(alert, kind, 'en', context),
    acknowledged: acknowledged && deed(acknowledged),
    snoozed: snooze && {
      ...deed(snooze),
      untilFailed: snooze.untilFailed,
      until: snooze.untilMs === null ? null : iso(snooze.untilMs),
    },
    silencedBy: silence && silenceView(silence),
    notifications: alert.notifications.map(
      ({ eventNo: no, kind: told, atMs: toldAtMs, channels, delivered }) => ({
        eventNo: no,
        kind: told,
        at: iso(toldAtMs),
        owedTo: [...channels],
        delivered: [...delivered],
      }),
    ),
  };
}
