import type { ToldSpan } from '../spikes/scan/told-span.js';
import type { AlertEvidence, AlertRaised } from './alert-events.js';

/** Everything but what it owes to whom. */
export interface AlertFacts extends AlertEvidence {
  readonly alertId: string;
  /** `*` = several banks. */
  readonly bank: string;
  readonly signature: AlertRaised['signature'];
  readonly tier: AlertRaised['tier'];
  readonly basis: AlertRaised['basis'];
  /** When the first and the third device were heard of, ISO UTC; null = there is no third yet. */
  readonly firstArrival: string;
  readonly thirdArrival: string | null;
  readonly state: 'open' | 'resolved';
  readonly openedAtMs: number;
  readonly resolvedAtMs: number | null;
  readonly resolvedBecause: 'recovered' | 'stale' | 'merged' | null;
  /** False = raised for a missed look, and nobody was told yet. */
  readonly isAnnounced: boolean;
  readonly rate: number;
  /** Share of installs that failed when it was raised: what a recovery is measured by. */
  readonly shareAtRaise: number;
  readonly quietSinceMs: number | null;
  readonly lastEventNo: number;
  /** Accepted messages that touched it; grows with deliveries too, so a view can tell newer from older. */
  readonly changes: number;
}

/** worsened: it reaches further than told before, or it had been snoozed until it gets worse, and it did. */
export type NotificationKind = 'raised' | 'worsened' | 'resolved';

/** A notification that an alert owes, and the channels it went to so far. */
export interface OwedNotification {
  readonly eventNo: number;
  readonly kind: NotificationKind;
  readonly atMs: number;
  readonly channels: readonly string[];
  readonly delivered: readonly string[];
  /** The alert as it was decided, so that a repetition after a restart says the very same. */
  readonly told: AlertFacts;
}

export interface Alert extends AlertFacts {
  /** What it tells and told, in order: a new one with each widening. The last is what it covers while open. */
  readonly spans: readonly ToldSpan[];
  /** Watch time of its last opening or reopening. */
  readonly activeSinceMs: number;
  readonly notifications: readonly OwedNotification[];
}
