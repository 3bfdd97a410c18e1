import type { Notification } from '#domain/alerts/alert-notification.js';

/** The receiver did not take a notification. It stays owed; whoever asked tries again later. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
}

/**
 * One way to reach people: webhook, log and, later, Alertmanager and mail. `deliver` resolves only when the receiver has
 * taken it; the same notification may be handed over twice (`deliveryId` tells), never none.
 */
export interface Notifier {
  /** Short name, `[a-z0-9-]{1,32}`: part of the delivery id and of what an alert owes. */
  readonly channel: string;
  /** @throws DeliveryError when it was not taken, after the notifier's own retries */
  deliver(notification: Notification, signal?: AbortSignal): Promise<void>;
}
