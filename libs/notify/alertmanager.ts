import type { Notification } from '#domain/alerts/alert-notification.js';
import { judgeByStatus, postUntilTaken } from './post-until-taken.js';
import type { Answer, Patience } from './post-until-taken.js';
import type { Notifier, StandingNotification } from './notifier.js';

export interface AlertmanagerOptions extends Patience {
  /** Its address without `/api/v2`; a user and password in it become basic authentication. */
  readonly url: string;
  readonly now?: () => number;
}

/** One alert of `POST /api/v2/alerts`. */
interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  /** Given when it is over; without it Alertmanager takes the alert as open for its `resolve_timeout`. */
  readonly endsAt?: string;
  readonly generatorURL?: string;
}

/** A silence of ours runs out by itself when nobody renews it any more. */
const SILENCE_MS = 5 * 60_000;

/**
 * Alertmanager's v2 API: grouping, routing, repetition and paging are its job. Open alerts are posted again every
 * minute, as it expects; with them goes `RollcallWatchdog`, which always fires, so that its absence can be noticed.
 * An alert that is snoozed or silenced here stays posted and is silenced there.
 */
export function alertmanagerNotifier({
  url,
  now = Date.now,
  ...patience
}: AlertmanagerOptions): Notifier & Required<Pick<Notifier, 'repeat'>> {
  const { base, headers, host } = readAddress(url);
  const silenceIds = new Map<string, string>();

  const post = (
    path: string,
    body: unknown,
    signal?: AbortSignal,
    judge?: (r: Response) => Promise<Answer>,
  ) =>
    postUntilTaken(
      {
        receiver: `Alertmanager ${host}`,
        request: () => ({ url: `${base}/api/v2/${path}`, headers }),
        body: JSON.stringify(body),
        ...(judge && { judge }),
      },
      patience,
      signal,
    );

  const silence = async (alertId: string, signal?: AbortSignal): Promise<void> => {
    const body = {
      ...(silenceIds.has(alertId) && { id: silenceIds.get(alertId) }),
      matchers: [{ name: 'alert_id', value: alertId, isRegex: false, isEqual: true }],
      startsAt: new Date(now()).toISOString(),
      endsAt: new Date(now() + SILENCE_MS).toISOString(),
      createdBy: 'rollcall',
      comment: 'snoozed or silenced in Rollcall',
    };
    await post('silences', body, signal, async (response) => {
      if (!response.ok) {
        silenceIds.delete(alertId); // It may have forgotten ours: the next one is new.
        return judgeByStatus(response);
      }
      const { silenceID } = (await response.json()) as { readonly silenceID: string };
      silenceIds.set(alertId, silenceID);
      return { taken: true, again: false, waitMs: null, said: '' };
    });
  };

  const lift = async (alertId: string, silenceId: string, signal?: AbortSignal): Promise<void> => {
    silenceIds.delete(alertId);
    // When it fails the silence runs out by itself.
    await fetch(`${base}/api/v2/silence/${silenceId}`, {
      method: 'DELETE',
      headers,
      ...(signal && { signal }),
    }).catch(() => undefined);
  };

  return {
    channel: 'alertmanager',
    deliver: async (notification, signal) => {
      const silenceId = silenceIds.get(notification.alertId);
      if (silenceId !== undefined) await lift(notification.alertId, silenceId, signal);
      await post('alerts', [postedAlert(notification)], signal);
    },
    repeat: async (standing, signal) => {
      for (const alertId of heldBack(standing)) await silence(alertId, signal);
      for (const [alertId, silenceId] of [...silenceIds])
        if (!heldBack(standing).includes(alertId)) await lift(alertId, silenceId, signal);
      const alerts = standing.map(({ notification }) => postedAlert(notification));
      await post('alerts', [...alerts, watchdog(new Date(now()).toISOString())], signal);
    },
  };
}

const heldBack = (standing: readonly StandingNotification[]): string[] =>
  standing.filter((one) => one.heldBack).map(({ notification }) => notification.alertId);

/** Labels make the alert's identity there; what may change while it is open stands in the annotations. */
function postedAlert(notification: Notification): PostedAlert {
  const { alertId, tier, kind, openedAt, at, zh, en } = notification;
  const link = notification.about === 'incident' ? notification.link : null;
  return {
    labels: {
      alertname: ALERT_NAMES[notification.about],
      alert_id: alertId,
      bank: notification.bank ?? '*',
      tier,
      severity: tier === 'page' ? 'critical' : 'warning',
      ...subjectLabels(notification),
    },
    annotations: {
      summary: en.text,
      description: en.details.join('\n'),
      next_step: en.nextStep,
      summary_zh: zh.text,
      description_zh: zh.details.join('\n'),
      next_step_zh: zh.nextStep,
    },
    startsAt: openedAt,
    ...(kind === 'resolved' && { endsAt: at }),
    ...(link !== null && { generatorURL: link }),
  };
}

const ALERT_NAMES = {
  incident: 'RollcallSpike',
  health: 'RollcallHealth',
  test: 'RollcallTest',
} as const;

function subjectLabels(notification: Notification): Readonly<Record<string, string>> {
  switch (notification.about) {
    case 'incident':
      return { signature: notification.signature.l1 };
    case 'health':
      return { condition: notification.condition, subject: notification.subject };
    case 'test':
      return {};
  }
}

const watchdog = (startsAt: string): PostedAlert => ({
  labels: { alertname: 'RollcallWatchdog', severity: 'none', tier: 'none' },
  annotations: { summary: 'Rollcall is alive. This alert always fires: be warned when it stops.' },
  startsAt,
});

function readAddress(url: string) {
  const address = new URL(url);
  const { username, password, host } = address;
  address.username = address.password = '';
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString(
    'base64',
  );
  const headers: Record<string, string> = username === '' ? {} : { authorization: `Basic ${login}` };
  return { base: address.href.replace(/\/$/, ''), headers, host };
}
