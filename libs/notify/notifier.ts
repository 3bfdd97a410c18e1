import type { Notification } from '#domain/alerts/alert-notification.js';

/** The receiver did not take a notification. It stays owed; whoever asked tries again later. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  /** The receiver is there and does not want this one: others may go on. */
  readonly refused: boolean;

  constructor(message: string, options: { readonly cause?: unknown; readonly refused?: boolean } = {}) {
    super(message, options);
    this.refused = options.refused ?? false;
  }
}

/**
 * One way to reach people, such as a webhook, Alertmanager or mail. `deliver` resolves only when the receiver has
 * taken it; the same notification may be handed over twice (`deliveryId` tells), never none.
 */
export interface Notifier {
  /** Short name, `[a-z0-9-]{1,32}`: part of the delivery id and of what an alert owes. */
  readonly channel: string;
  /** @throws DeliveryError when it was not taken, after the notifier's own retries */
  deliver(notification: Notification, signal?: AbortSignal): Promise<void>;
  /**
   * For a receiver that forgets what it is not told again: called every minute with what it was told before and is
   * still so.
   */
  repeat?(standing: readonly StandingNotification[], signal?: AbortSignal): Promise<void>;
}

/** The last notification of an alert that is open, or was until a moment ago. */
export interface StandingNotification {
  readonly notification: Notification;
  /** Somebody snoozed or silenced it: it is so, but nobody wants to hear it. */
  readonly heldBack: boolean;
}
