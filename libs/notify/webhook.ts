import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Notification } from '#domain/alerts/alert-notification.js';
import { DeliveryError } from './notifier.js';
import type { Notifier } from './notifier.js';

export interface WebhookOptions {
  readonly url: string;
  /** Shared with the receiver, who checks the signature header with it. */
  readonly secret: string;
  readonly channel?: string;
  /** How long one request may take, until the answer's head. */
  readonly timeoutMs?: number;
  readonly tries?: number;
  /** Wait before the second try; doubled for each further one. */
  readonly backoffMs?: number;
  /** A `Retry-After` is honoured up to this. */
  readonly maxWaitMs?: number;
}

/** HMAC-SHA256 of the body's bytes, as `sha256=<hex>`. */
export const SIGNATURE_HEADER = 'x-rollcall-signature';
/** Same for every repetition of a notification. */
export const DELIVERY_HEADER = 'x-rollcall-delivery';

export const signatureOf = (body: string, secret: string): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

/**
 * POSTs the notification as JSON (schema: `notificationJsonSchema`) and takes any 2xx as taken. Timeouts, broken
 * connections, 408, 429 and 5xx are tried again; every other answer is a refusal that waiting does not mend.
 * Redirects are refused: a signed body goes where it was meant to go or nowhere.
 */
export function webhookNotifier(options: WebhookOptions): Notifier {
  const {
    url,
    secret,
    channel = 'webhook',
    timeoutMs = 10_000,
    tries = 4,
    backoffMs = 1_000,
    maxWaitMs = 60_000,
  } = options;

  const post = async (body: string, deliveryId: string, signal: AbortSignal | undefined): Promise<Answer> => {
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          'content-type': 'application/json',
          [DELIVERY_HEADER]: deliveryId,
          [SIGNATURE_HEADER]: signatureOf(body, secret),
        },
        body,
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      await response.body?.cancel();
      return answerOf(response);
    } catch (error) {
      if (signal?.aborted) throw new DeliveryError('stopped while delivering', { cause: error });
      return {
        taken: false,
        again: true,
        waitMs: null,
        said: timeout.aborted ? `no answer in ${timeoutMs} ms` : reasonOf(error),
      };
    }
  };

  return {
    channel,
    deliver: async (notification: Notification, signal) => {
      const body = JSON.stringify(notification);
      for (let tried = 1; ; tried++) {
        const answer = await post(body, notification.deliveryId, signal);
        if (answer.taken) return;
        if (!answer.again || tried >= tries)
          throw new DeliveryError(
            `webhook ${new URL(url).host} did not take it after ${tried} tries: ${answer.said}`,
          );
        const waitMs = Math.min(answer.waitMs ?? backoffMs * 2 ** (tried - 1), maxWaitMs);
        await sleep(waitMs, undefined, signal ? { signal } : {}).catch((error: unknown) => {
          throw new DeliveryError('stopped while waiting to deliver again', { cause: error });
        });
      }
    },
  };
}

interface Answer {
  readonly taken: boolean;
  readonly again: boolean;
  /** What `Retry-After` asks for; null = it does not. */
  readonly waitMs: number | null;
  readonly said: string;
}

function answerOf(response: Response): Answer {
  const { status } = response;
  return {
    taken: response.ok,
    again: status === 408 || status === 429 || status >= 500,
    waitMs: retryAfterMs(response.headers.get('retry-after'), Date.now()),
    said: `HTTP ${status}`,
  };
}

/** `Retry-After` in both its forms (RFC 9110): seconds, or an HTTP date. null = absent or unreadable. */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1_000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}

/** The system's word for what broke, without the address: its path may be a secret. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return error instanceof Error ? error.name : 'connection failed';
}
