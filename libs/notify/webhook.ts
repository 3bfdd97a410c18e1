import { createHmac } from 'node:crypto';
import type { Notification } from '#domain/alerts/alert-notification.js';
import type { Notifier } from './notifier.js';
import { postUntilTaken } from './post-until-taken.js';
import type { Patience } from './post-until-taken.js';

export interface WebhookOptions extends Patience {
  readonly url: string;
  /** Shared with the receiver, who checks the signature header with it. */
  readonly secret: string;
}

/** HMAC-SHA256 of the body's bytes, as `sha256=<hex>`. */
export const SIGNATURE_HEADER = 'x-rollcall-signature';
/** Same for every repetition of a notification. */
export const DELIVERY_HEADER = 'x-rollcall-delivery';

export const signatureOf = (body: string, secret: string): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

/** POSTs the notification as JSON (schema: `notificationJsonSchema`), signed; any 2xx is taken as taken. */
export function webhookNotifier({ url, secret, ...patience }: WebhookOptions): Notifier {
  return {
    channel: 'webhook',
    deliver: async (notification: Notification, signal) => {
      const body = JSON.stringify(notification);
      const headers = {
        [DELIVERY_HEADER]: notification.deliveryId,
        [SIGNATURE_HEADER]: signatureOf(body, secret),
      };
      const receiver = `webhook ${new URL(url).host}`;
      await postUntilTaken({ receiver, request: () => ({ url, headers }), body }, patience, signal);
    },
  };
}
