import { z } from 'zod';
import { alertmanagerNotifier } from './alertmanager.js';
import { dingTalkNotifier, weComNotifier } from './chat-robots.js';
import type { Notifier } from './notifier.js';
import { smtpNotifier } from './smtp.js';
import { stdoutNotifier } from './stdout.js';
import { webhookNotifier } from './webhook.js';

const httpUrl = z.url({ protocol: /^https?$/, error: 'expected http://… or https://…' });
const mailBox = /^[^<>\r\n,]*<?[^\s<>@,]+@[^\s<>@,]+>?$/;

/** Where alerts go: each channel is on when its address is given. */
export const channelVariables = {
  /** Alertmanager's address without `/api/v2`; may hold `user:password@`. */
  ROLLCALL_ALERTMANAGER_URL: httpUrl.optional(),
  /** Alerts are posted here as JSON, signed with the secret. */
  ROLLCALL_WEBHOOK_URL: httpUrl.optional(),
  ROLLCALL_WEBHOOK_SECRET: z.string().min(16).optional(),
  /** `smtp://user:password@host:587`, or `smtps://…` for TLS from the start. */
  ROLLCALL_SMTP_URL: z.url({ protocol: /^smtps?$/, error: 'expected smtp://… or smtps://…' }).optional(),
  ROLLCALL_SMTP_FROM: z.string().regex(mailBox, 'expected a mail address').optional(),
  /** Addresses with a comma between them. */
  ROLLCALL_SMTP_TO: z
    .string()
    .transform((text) => text.split(',').map((address) => address.trim()))
    .pipe(z.array(z.string().regex(mailBox, 'expected mail addresses with a comma between them')).min(1))
    .optional(),
  /** offered: TLS when the server has it; required: no mail without; none: never STARTTLS. */
  ROLLCALL_SMTP_TLS: z.enum(['offered', 'required', 'none']).default('offered'),
  /** The robot's whole webhook address. */
  ROLLCALL_WECOM_URL: httpUrl.optional(),
  ROLLCALL_DINGTALK_URL: httpUrl.optional(),
  /** Of the robot's security setting "sign"; none = it is protected by keyword or address. */
  ROLLCALL_DINGTALK_SECRET: z.string().min(1).optional(),
  /** One JSON line an alert on standard output. */
  ROLLCALL_ALERTS_STDOUT: z.stringbool().default(false),
  /** What the robots speak; mails hold both. */
  ROLLCALL_ALERT_LANGUAGE: z.enum(['zh', 'en']).default('zh'),
} as const;

const channelSchema = z.object(channelVariables);
export type ChannelVariables = z.output<typeof channelSchema>;

/** What does not fit together; '' paths never name a secret's value. */
export function refuseHalfChannels(variables: ChannelVariables, context: z.core.$RefinementCtx): void {
  const missing = (path: keyof ChannelVariables, message: string): void => {
    if (variables[path] === undefined) context.addIssue({ code: 'custom', path: [path], message });
  };
  if (variables.ROLLCALL_WEBHOOK_URL !== undefined)
    missing('ROLLCALL_WEBHOOK_SECRET', 'ROLLCALL_WEBHOOK_URL needs it: unsigned alerts could be forged');
  if (variables.ROLLCALL_SMTP_URL !== undefined) {
    missing('ROLLCALL_SMTP_FROM', 'ROLLCALL_SMTP_URL needs it');
    missing('ROLLCALL_SMTP_TO', 'ROLLCALL_SMTP_URL needs it');
  }
}

/** The variables on their own, for commands that only send. */
export const channelConfigSchema = channelSchema.superRefine(refuseHalfChannels);

/** The channels that are on. */
export function configuredNotifiers(
  variables: ChannelVariables,
  write: (text: string) => unknown,
): Notifier[] {
  const { ROLLCALL_ALERT_LANGUAGE: language } = variables;
  const notifiers: Notifier[] = [];
  if (variables.ROLLCALL_ALERTMANAGER_URL !== undefined)
    notifiers.push(alertmanagerNotifier({ url: variables.ROLLCALL_ALERTMANAGER_URL }));
  const { ROLLCALL_WEBHOOK_URL, ROLLCALL_WEBHOOK_SECRET } = variables;
  if (ROLLCALL_WEBHOOK_URL !== undefined && ROLLCALL_WEBHOOK_SECRET !== undefined)
    notifiers.push(webhookNotifier({ url: ROLLCALL_WEBHOOK_URL, secret: ROLLCALL_WEBHOOK_SECRET }));
  const { ROLLCALL_SMTP_URL, ROLLCALL_SMTP_FROM: from, ROLLCALL_SMTP_TO: to } = variables;
  if (ROLLCALL_SMTP_URL !== undefined && from !== undefined && to !== undefined)
    notifiers.push(smtpNotifier({ url: ROLLCALL_SMTP_URL, from, to, tls: variables.ROLLCALL_SMTP_TLS }));
  if (variables.ROLLCALL_WECOM_URL !== undefined)
    notifiers.push(weComNotifier({ url: variables.ROLLCALL_WECOM_URL, language }));
  if (variables.ROLLCALL_DINGTALK_URL !== undefined) {
    const secret = variables.ROLLCALL_DINGTALK_SECRET ?? null;
    notifiers.push(dingTalkNotifier({ url: variables.ROLLCALL_DINGTALK_URL, secret, language }));
  }
  if (variables.ROLLCALL_ALERTS_STDOUT) notifiers.push(stdoutNotifier(write));
  return notifiers;
}
