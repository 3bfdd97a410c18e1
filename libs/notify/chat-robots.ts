import { createHmac } from 'node:crypto';
import type { Notification } from '#domain/alerts/alert-notification.js';
import type { AlertLanguage } from '#domain/alerts/alert-text.js';
import { alertLines, alertSubject } from './alert-lines.js';
import type { Notifier } from './notifier.js';
import { judgeByStatus, postUntilTaken } from './post-until-taken.js';
import type { Answer, Patience } from './post-until-taken.js';
import { sendPace } from './send-pace.js';

export interface RobotOptions extends Patience {
  /** The robot's webhook address; its key or access token stands in it. */
  readonly url: string;
  readonly language: AlertLanguage;
  /** Messages a minute; both robots allow 20 and lock out whoever sends more. */
  readonly mostPerMinute?: number;
}

export interface DingTalkOptions extends RobotOptions {
  /** Of the robot's security setting "sign"; null = it is protected by keyword or address. */
  readonly secret: string | null;
  readonly now?: () => number;
}

const MINUTE_MS = 60_000;
const MOST_PER_MINUTE = 20;
/** Both take Markdown; WeCom cuts it off here (bytes of UTF-8), DingTalk's limit is larger. */
const WECOM_MOST_BYTES = 4_096;
const DINGTALK_MOST_BYTES = 16_000;
/** Answers with HTTP 200 that mean "too fast". */
const WECOM_TOO_FAST = 45_009;
const DINGTALK_TOO_FAST = 130_101;

/** A WeCom group robot: one Markdown message a notification. */
export function weComNotifier({ url, language, mostPerMinute, ...patience }: RobotOptions): Notifier {
  const pace = sendPace(mostPerMinute ?? MOST_PER_MINUTE, MINUTE_MS);
  return {
    channel: 'wecom',
    deliver: async (notification, signal) => {
      await pace(signal);
      const content = cut(markdown(notification, language), WECOM_MOST_BYTES);
      await postUntilTaken(
        {
          receiver: `WeCom robot at ${new URL(url).host}`,
          request: () => ({ url, headers: {} }),
          body: JSON.stringify({ msgtype: 'markdown', markdown: { content } }),
          judge: (response) => judgeRobot(response, WECOM_TOO_FAST),
        },
        patience,
        signal,
      );
    },
  };
}

/** A DingTalk group robot: one Markdown message a notification, its address signed with the time. */
export function dingTalkNotifier(options: DingTalkOptions): Notifier {
  const { url, secret, language, mostPerMinute, now = Date.now, ...patience } = options;
  const pace = sendPace(mostPerMinute ?? MOST_PER_MINUTE, MINUTE_MS);
  return {
    channel: 'dingtalk',
    deliver: async (notification, signal) => {
      await pace(signal);
      const title = alertSubject(notification);
      const text = cut(markdown(notification, language), DINGTALK_MOST_BYTES);
      await postUntilTaken(
        {
          receiver: `DingTalk robot at ${new URL(url).host}`,
          request: () => ({ url: secret === null ? url : signedAddress(url, secret, now()), headers: {} }),
          body: JSON.stringify({ msgtype: 'markdown', markdown: { title, text } }),
          judge: (response) => judgeRobot(response, DINGTALK_TOO_FAST),
        },
        patience,
        signal,
      );
    },
  };
}

/** DingTalk's "sign": Base64 of HMAC-SHA256 over time, line feed and secret, with the secret as key. */
export function signedAddress(url: string, secret: string, atMs: number): string {
  const signature = createHmac('sha256', secret).update(`${atMs}\n${secret}`).digest('base64');
  const address = new URL(url);
  address.searchParams.set('timestamp', String(atMs));
  address.searchParams.set('sign', signature);
  return address.href;
}

const markdown = (notification: Notification, language: AlertLanguage): string =>
  [`### ${alertSubject(notification)}`, ...alertLines(notification, language)].join('\n\n');

/** As many whole characters as fit; the beginning says what matters. */
function cut(text: string, mostBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= mostBytes) return text;
  return `${bytes
    .subarray(0, mostBytes - 6)
    .toString('utf8')
    .replace(/\uFFFD$/, '')}…`;
}

/** Robots answer 200 whatever happened; `errcode` tells. */
async function judgeRobot(response: Response, tooFast: number): Promise<Answer> {
  if (!response.ok) return judgeByStatus(response);
  const answer = (await response.json()) as { readonly errcode?: unknown };
  const code = answer.errcode;
  return {
    taken: code === 0,
    again: code === tooFast || code === -1,
    waitMs: code === tooFast ? MINUTE_MS : null,
    said: `errcode ${String(code)}`,
  };
}
