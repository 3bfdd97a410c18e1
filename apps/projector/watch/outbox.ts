import type { RemedyTrial } from '#domain/remedies/remedy-trials.js';
import type { AlertLog } from '#event-log/alert-log.js';
import { deliverPending, owedTo } from './deliver-pending.js';
import type { DeliveryParts } from './deliver-pending.js';
import { SingleFlight } from './single-flight.js';
import { standingFor } from './standing-notifications.js';
import type { Notifier } from '#notify/notifier.js';
import type { Logger } from '#runtime/logger.js';
import type { Metrics } from '#runtime/metrics.js';

export interface OutboxParts extends Pick<DeliveryParts, 'context' | 'watchTimeMs'> {
  readonly alertLog: AlertLog;
  readonly notifiers: readonly Notifier[];
  readonly logger: Pick<Logger, 'warn'>;
  readonly metrics: Pick<Metrics, 'deliveries'>;
  /** What came of remedies; absent = alerts go out without a record. */
  readonly remedyTrials?: (() => Promise<readonly RemedyTrial[]>) | undefined;
  /** Runs after something was delivered. */
  readonly onDelivered: () => Promise<void>;
  /** The wall clock. */
  readonly now?: () => number;
}

/** Alertmanager forgets an alert that it is not told again; a silence or snooze may have ended meanwhile. */
const REPEAT_EVERY_MS = 60_000;

/** How one channel stands. Times are of the wall clock. */
export interface ChannelHealth {
  readonly channel: string;
  /** When it last owed nothing. */
  readonly lastWellMs: number;
}

interface Lane {
  readonly notifier: Notifier;
  readonly flight: SingleFlight;
  lastWellMs: number;
}

/**
 * Delivers what the alerts owe: each channel at its own pace with its own retries, so that a receiver that hangs holds
 * up nobody but itself. What is owed stands in the log; nothing is kept here.
 */
export class Outbox {
  private readonly lanes: readonly Lane[];
  private readonly timer: NodeJS.Timeout;
  private knownTrials: readonly RemedyTrial[] = [];
  private trialsAskedMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly parts: OutboxParts) {
    const startedAtMs = this.now();
    this.lanes = parts.notifiers.map((notifier) => {
      const lane: Lane = {
        notifier,
        flight: new SingleFlight(
          (signal) => this.run(lane, signal),
          (error, retryMs) => {
            const { channel } = notifier;
            parts.logger.warn(
              { err: error, retryMs, channel },
              'a notification was not taken and is tried again',
            );
          },
        ),
        lastWellMs: startedAtMs,
      };
      return lane;
    });
    this.timer = setInterval(() => {
      this.request();
    }, REPEAT_EVERY_MS).unref();
  }

  get channels(): string[] {
    return this.lanes.map(({ notifier }) => notifier.channel);
  }

  /** Something may be owed. Returns at once. */
  request(): void {
    for (const { flight } of this.lanes) void flight.request();
  }

  /** Resolves when what is owed now is delivered, or has failed for now. */
  async settled(): Promise<void> {
    await Promise.all(this.lanes.map(({ flight }) => flight.request()));
  }

  health(): ChannelHealth[] {
    return this.lanes.map(({ notifier, lastWellMs }) => ({ channel: notifier.channel, lastWellMs }));
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.lanes.map(({ flight }) => flight.stop()));
  }

  private now(): number {
    return (this.parts.now ?? Date.now)();
  }

  /** A store that does not answer takes the record out of an alert, and does not hold it back. */
  private async trials(): Promise<readonly RemedyTrial[]> {
    const { alertLog, remedyTrials, logger } = this.parts;
    if (!remedyTrials || (await alertLog.refresh()).alerts.size === 0) return [];
    if (this.now() - this.trialsAskedMs < REPEAT_EVERY_MS) return this.knownTrials;
    this.trialsAskedMs = this.now();
    this.knownTrials = await remedyTrials().catch((error: unknown) => {
      logger.warn({ err: error }, 'what came of remedies cannot be asked for now');
      return this.knownTrials;
    });
    return this.knownTrials;
  }

  private async run(lane: Lane, signal: AbortSignal): Promise<void> {
    const { alertLog, watchTimeMs, metrics, onDelivered } = this.parts;
    const context = { ...this.parts.context, trials: await this.trials() };
    const { notifier } = lane;
    let delivered = 0;
    const onResult = (channel: string, error: unknown): void => {
      metrics.deliveries.inc({ channel, result: error === null ? 'taken' : 'failed' });
      if (error === null) delivered += 1;
    };
    try {
      await deliverPending(notifier, { alertLog, context, watchTimeMs, onResult }, signal);
      const standing = standingFor(notifier.channel, alertLog.state, watchTimeMs(), context);
      await notifier.repeat?.(standing, signal);
    } finally {
      if (delivered > 0) await onDelivered();
      if (owedTo(notifier.channel, alertLog.state, watchTimeMs()).length === 0) lane.lastWellMs = this.now();
    }
  }
}
