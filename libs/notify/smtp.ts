import { createTransport } from 'nodemailer';
import type { Notification } from '#domain/alerts/alert-notification.js';
import { alertLines, alertSubject } from './alert-lines.js';
import { DeliveryError } from './notifier.js';
import type { Notifier } from './notifier.js';
import { pause } from './post-until-taken.js';
import type { Patience } from './post-until-taken.js';

export interface SmtpOptions extends Patience {
  /** `smtp://user:password@host:587` (STARTTLS when offered) or `smtps://…` (TLS from the start). */
  readonly url: string;
  readonly from: string;
  readonly to: readonly string[];
  /** required = no mail without TLS; none = never STARTTLS, for a relay on the same machine. */
  readonly tls?: 'offered' | 'required' | 'none';
}

/**
 * A mail in both languages. Its Message-ID is made of the delivery id, so a repetition is the same mail to whoever keeps
 * mails by it; all mails of one alert are one thread.
 */
export function smtpNotifier(options: SmtpOptions): Notifier {
  const { url, from, to, tls = 'offered', timeoutMs = 20_000, tries = 3, backoffMs = 2_000 } = options;
  const { hostname, host } = new URL(url);
  const domain = /@([^\s>]+)>?$/.exec(from)?.[1] ?? 'rollcall.invalid';

  const send = async (notification: Notification, signal: AbortSignal | undefined): Promise<void> => {
    const transport = createTransport({
      url,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      ...(tls === 'required' && { requireTLS: true }),
      ...(tls === 'none' && { ignoreTLS: true }),
      tls: { servername: hostname },
      // What is sent is text that we made: no file and no address may be read for it.
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    const stopped = new Promise<never>((_, reject) => {
      signal?.addEventListener('abort', () => {
        reject(new DeliveryError('stopped while delivering'));
      });
    });
    const sending = transport.sendMail({
      from,
      to: [...to],
      subject: `[Rollcall] ${alertSubject(notification)}`,
      text: `${alertLines(notification, 'zh').join('\n\n')}\n\n---\n\n${alertLines(notification, 'en').join('\n\n')}\n`,
      messageId: `<${notification.deliveryId}@${domain}>`,
      references: [`<${notification.alertId}@${domain}>`],
      headers: { 'X-Rollcall-Delivery': notification.deliveryId, 'Auto-Submitted': 'auto-generated' },
    });
    try {
      await Promise.race([sending, stopped]);
    } finally {
      sending.catch(() => undefined);
      transport.close();
    }
  };

  return {
    channel: 'smtp',
    deliver: async (notification, signal) => {
      for (let tried = 1; ; tried++) {
        try {
          await send(notification, signal);
          return;
        } catch (error) {
          if (error instanceof DeliveryError) throw error;
          const { said, refused } = judge(error);
          if (refused || tried >= tries)
            throw new DeliveryError(`mail server ${host} did not take it after ${tried} tries: ${said}`, {
              refused,
            });
          await pause(backoffMs * 2 ** (tried - 1), signal);
        }
      }
    },
  };
}

/** A 5xx answer to the mail itself will not change; what failed before it may. The server's words may hold addresses. */
function judge(error: unknown): { readonly said: string; readonly refused: boolean } {
  const { code = 'failed', responseCode } = error as {
    readonly code?: string;
    readonly responseCode?: number;
  };
  const refused = responseCode !== undefined && responseCode >= 500 && code !== 'EAUTH';
  return { said: responseCode === undefined ? code : `${code} ${responseCode}`, refused };
}
