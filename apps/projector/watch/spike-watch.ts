import { alertViewOf } from '#domain/alerts/alert-view.js';
import type { SymbolOf } from '#domain/alerts/alert-text.js';
import type { Alert } from '#domain/alerts/alert.js';
import { decideAlerts } from '#domain/alerts/decide-alerts.js';
import { looksAWeek } from '#domain/spikes/alarm-budget.js';
import { DAY_MS, LOOK_EVERY_MS } from '#domain/spikes/constants.js';
import type { AttemptStoreWriter } from '#attempt-store/attempt-store.js';
import type { RemedyTrial } from '#domain/remedies/remedy-trials.js';
import type { EventLog } from '#event-log/event-log.js';
import type { Notifier } from '#notify/notifier.js';
import type { Logger } from '#runtime/logger.js';
import type { Metrics } from '#runtime/metrics.js';
import { AlertLog } from '#event-log/alert-log.js';
import { countingKey, LookCounting } from './look-counting.js';
import { boundaryAt, lookTimes } from './look-times.js';
import type { LookTime } from './look-times.js';
import { Outbox } from './outbox.js';
import { SingleFlight } from './single-flight.js';

export interface SpikeWatchParts {
  readonly log: EventLog;
  readonly store: Pick<AttemptStoreWriter, 'lastArrivalMs' | 'firstArrivals' | 'watchCounts' | 'writeAlerts'>;
  readonly notifiers: readonly Notifier[];
  readonly symbolOf: SymbolOf;
  /** Where people reach the console; null = alerts name commands only. */
  readonly consoleUrl?: string | null;
  /** What came of remedies, for the record of the best one. */
  readonly remedyTrials?: () => Promise<readonly RemedyTrial[]>;
  /** Every boundary of so long of watch time is looked at; ten minutes unless said otherwise. */
  readonly lookEveryMs?: number;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly metrics: Pick<
    Metrics,
    'watchLooks' | 'watchFailures' | 'watchFailuresInRow' | 'alertsRaised' | 'deliveries'
  >;
}

/**
 * Looks for spikes on the log's own time T (the largest receivedAt stored, never the wall clock), tells topic
 * `patch.alerts` what it concludes, and delivers what was accepted. It works beside the projection loop and does not
 * hold it up: one look at a time; what fails is tried again by itself.
 *
 * A restart looks once more at the newest boundary; what lies before the newest message of the topic is never looked at
 * again, so a replay or rebuild raises nothing anew. Once a day of watch time a decision without events says how far
 * the watch has come.
 */
export class SpikeWatch {
  readonly alertLog: AlertLog;
  readonly outbox: Outbox;
  private readonly looking: SingleFlight;
  private readonly writtenViews = new Map<string, Alert>();
  private readonly counting: LookCounting;
  private readonly lookEveryMs: number;
  private lookedUpToMs: number | null = null;
  private projectedUpToMs: number | null = null;
  private isBehind = false;

  constructor(private readonly parts: SpikeWatchParts) {
    const { log, logger, metrics } = parts;
    this.lookEveryMs = parts.lookEveryMs ?? LOOK_EVERY_MS;
    this.counting = new LookCounting(parts.store);
    this.alertLog = new AlertLog(log, (offset) => {
      logger.error(
        { topic: 'patch.alerts', offset },
        'a message of the alerts topic cannot be read and does not count',
      );
    });
    this.looking = new SingleFlight(
      (signal) => this.look(signal),
      (error, retryMs) => {
        metrics.watchFailures.inc();
        metrics.watchFailuresInRow.inc();
        logger.warn({ err: error, retryMs }, 'the spike watch could not look and tries again');
      },
    );
    this.outbox = new Outbox({
      alertLog: this.alertLog,
      notifiers: parts.notifiers,
      context: { symbolOf: parts.symbolOf, consoleUrl: parts.consoleUrl ?? null },
      remedyTrials: parts.remedyTrials,
      watchTimeMs: () => this.lookedUpToMs,
      onDelivered: () => this.writeViews(),
      logger,
      metrics,
    });
  }

  /**
   * Tells the watch that a batch is committed. `projectedUpToMs` = largest arrival up to which every partition is
   * projected; null = not known yet (at the start), then the largest one stored is taken. `isBehind` = more than a batch
   * waits: what looks raise until then may be over already, and is told when it is not. Returns at once: the look runs
   * beside the loop.
   */
  onProjected(projectedUpToMs: number | null, isBehind = false): Promise<void> {
    this.projectedUpToMs = projectedUpToMs;
    this.isBehind = isBehind;
    void this.looking.request();
    return Promise.resolve();
  }

  /** Resolves when the looks and deliveries that are due now are over, or have failed for now. */
  async settled(): Promise<void> {
    await this.looking.request();
    await this.outbox.settled();
  }

  /** How far it has looked; null = not yet. */
  get watchTimeMs(): number | null {
    return this.lookedUpToMs;
  }

  async stop(): Promise<void> {
    await Promise.all([this.looking.stop(), this.outbox.stop()]);
  }

  private async look(signal: AbortSignal): Promise<void> {
    // A `simulate` credential may name any arrival: one yet to come must not end the watch of everybody until then.
    const lastArrivalMs = await this.parts.store.lastArrivalMs(Date.now());
    if (lastArrivalMs === null) return;
    const watchTimeMs = Math.min(lastArrivalMs, this.projectedUpToMs ?? lastArrivalMs);
    if (this.lookedUpToMs === null) {
      await this.alertLog.refresh();
      await this.writeViews();
      this.outbox.request();
      this.lookedUpToMs = boundaryAt(watchTimeMs, this.lookEveryMs) - this.lookEveryMs;
    }
    const decidedUpToMs = this.alertLog.state.atMs ?? Number.NEGATIVE_INFINITY;
    const from = Math.max(this.lookedUpToMs, decidedUpToMs);
    for (const time of lookTimes(from, watchTimeMs, this.lookEveryMs)) {
      if (signal.aborted) return;
      await this.lookOnce(time);
      this.lookedUpToMs = time.atMs;
    }
    this.parts.metrics.watchFailuresInRow.set(0);
  }

  private async lookOnce(time: LookTime): Promise<void> {
    this.parts.metrics.watchLooks.inc();
    while (!(await this.decideLook(time)));
    await this.writeViews();
  }

  /** @returns false when alerts changed meanwhile: they are counted otherwise */
  private async decideLook({ atMs, isPast }: LookTime): Promise<boolean> {
    const { channels } = this.outbox;
    const sinceMs = Math.min(this.lookedUpToMs ?? atMs, atMs - this.lookEveryMs);
    const { counts, rules, key } = await this.counting.at(atMs, sinceMs, this.alertLog.state.alerts);
    const seen = { isOther: false };
    const accepted = await this.alertLog.decide((state) => {
      const decidedUpToMs = state.atMs ?? Number.NEGATIVE_INFINITY;
      if (atMs <= decidedUpToMs) return null; // another watcher has looked as far
      seen.isOther = countingKey(state.alerts) !== key;
      if (seen.isOther) return null;
      const events = decideAlerts(counts, state.alerts, {
        ...rules,
        looksAWeek: looksAWeek(this.lookEveryMs),
        sinceMs,
        isPast: isPast || this.isBehind,
        channels,
      });
      return events.length > 0 || atMs - decidedUpToMs >= DAY_MS ? { atMs, events } : null;
    });
    if (seen.isOther) return false;
    for (const event of accepted ?? [])
      if (event.type === 'AlertRaised') this.parts.metrics.alertsRaised.inc({ bank: event.bank });
    if (accepted && accepted.length > 0) this.outbox.request();
    return true;
  }

  /** Writes the views of the alerts that changed since they were last written. */
  private async writeViews(): Promise<void> {
    const { alerts } = this.alertLog.state;
    const changed = [...alerts.values()].filter((alert) => this.writtenViews.get(alert.alertId) !== alert);
    if (changed.length === 0) return;
    await this.parts.store.writeAlerts(changed.map((alert) => alertViewOf(alert, 'en', this.parts.symbolOf)));
    for (const alert of changed) this.writtenViews.set(alert.alertId, alert);
  }
}
