import type { Alert } from '#domain/alerts/alert.js';
import { silenceOf, snoozeOf } from '#domain/alerts/alert-handling.js';
import type { Acknowledgement, Silence } from '#domain/alerts/alert-handling.js';
import { otherBanksOf } from '#domain/alerts/alert-notification.js';
import { alertCohortId, alertText } from '#domain/alerts/alert-text.js';
import { alertFactsOf } from '#domain/alerts/alert-view.js';
import type { AlertsState } from '#domain/alerts/alerts-state.js';
import { symbolOf } from '#domain/codes/code-symbols.js';
import type { RemedyTrial } from '#domain/remedies/remedy-trials.js';
import type { AlertDetailAnswer, AlertHandlingAnswer, SilenceAnswer } from './alert-answers.js';

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

/** What people did about one alert, at the watch's time. */
export function alertHandling({ handling, atMs }: AlertsState, alert: Alert): AlertHandlingAnswer {
  const acknowledged = handling.care.get(alert.alertId)?.acknowledged ?? null;
  const snooze = snoozeOf(handling, alert.alertId, atMs ?? 0);
  const silence = silenceOf(handling, alert, atMs ?? 0);
  return {
    acknowledged: acknowledged && deed(acknowledged),
    snoozed: snooze && {
      ...deed(snooze),
      untilFailed: snooze.untilFailed,
      until: snooze.untilMs === null ? null : iso(snooze.untilMs),
    },
    silencedBy: silence && silenceView(silence),
  };
}

/**
 * One alert as the log tells it: its words, what people did about it, who was told.
 * @param trials what came of remedies in the banks that the reader may see
 */
export function alertDetail(
  state: AlertsState,
  alert: Alert,
  showOtherBanks: boolean,
  trials: readonly RemedyTrial[],
): AlertDetailAnswer {
  const kind = alert.state === 'open' ? 'raised' : 'resolved';
  const otherBanks = showOtherBanks ? otherBanksOf(state, alert, state.atMs ?? 0) : 0;
  const context = { symbolOf, otherBanks, consoleUrl: null, trials };
  return {
    ...alertFactsOf(alert),
    firstArrival: alert.firstArrival,
    thirdArrival: alert.thirdArrival,
    cohortId: alertCohortId(alert),
    zh: alertText(alert, kind, 'zh', context),
    en: alertText(alert, kind, 'en', context),
    ...alertHandling(state, alert),
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
