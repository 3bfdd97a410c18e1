import { decideHealth } from '#domain/alerts/health-alerts.js';
import type { Heartbeat } from '#domain/alerts/health-alerts.js';
import type { AttemptStoreWriter } from '#attempt-store/attempt-store.js';
import type { AlertLog } from '#event-log/alert-log.js';
import type { EventLog } from '#event-log/event-log.js';
import type { Logger } from '#runtime/logger.js';
import { KNOWN_FOR_MS, projectorHeartbeat, sourceHeartbeats } from './dead-man-heartbeats.js';
import type { Outbox } from './outbox.js';
import { SingleFlight } from './single-flight.js';

export interface DeadManParts {
  readonly log: EventLog;
  readonly alertLog: AlertLog;
  readonly outbox: Pick<Outbox, 'channels' | 'health' | 'request'>;
  readonly store: Pick<AttemptStoreWriter, 'lastArrivalMs' | 'reportingSources'>;
  /** The projector's own consumer group. */
  readonly group: string;
  /** How far the spike watch has looked; null = not yet. */
  readonly watchTimeMs: () => number | null;
  readonly logger: Pick<Logger, 'warn'>;
  /** The wall clock, and one that never jumps. */
  readonly now?: () => number;
  readonly monotonicNow?: () => number;
}

const MINUTE_MS = 60_000;
const CHECK_EVERY_MS = MINUTE_MS;
/** Who waited for us to come back is heard within the hour: before that nobody is called silent. */
const GRACE_MS = 60 * MINUTE_MS;
/** The banks' question reads 28 days; silence is counted in hours. */
const ASK_SOURCES_EVERY_MS = 10 * MINUTE_MS;
/** Looks lie ten minutes apart, so the watch is always a little behind. */
const WATCH_LAG_MS = 30 * MINUTE_MS;
const ALLOWED_MS = 15 * MINUTE_MS;
const CLOCK_JUMP_MS = 5 * MINUTE_MS;

/**
 * Notices what is *not* heard: a bank or its WSUS servers that used to report, a projector or watch that falls behind, a
 * channel that takes no alert. It alone goes by the wall clock; a clock that jumps starts its grace anew. That it
 * itself has stopped is for Alertmanager's watchdog alert to tell.
 */
export class DeadManSwitch {
  private readonly checking: SingleFlight;
  private readonly timer: NodeJS.Timeout;
  private graceFromMs: number;
  private watchWellMs: number;
  private sourcesAskedMs = Number.NEGATIVE_INFINITY;
  private clockAheadMs: number;

  constructor(private readonly parts: DeadManParts) {
    this.graceFromMs = this.watchWellMs = this.now();
    this.clockAheadMs = this.now() - this.monotonicNow();
    this.checking = new SingleFlight(
      () => this.check(),
      (error, retryMs) => {
        parts.logger.warn({ err: error, retryMs }, "the dead-man's switch could not look and tries again");
      },
    );
    this.timer = setInterval(() => void this.checking.request(), CHECK_EVERY_MS).unref();
  }

  /** Looks now; resolves when that is over or has failed for now. */
  settled(): Promise<void> {
    return this.checking.request();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.checking.stop();
  }

  private async check(): Promise<void> {
    const { log, alertLog, outbox, group } = this.parts;
    const nowMs = this.now();
    const aheadMs = nowMs - this.monotonicNow();
    if (Math.abs(aheadMs - this.clockAheadMs) > CLOCK_JUMP_MS) this.graceFromMs = this.watchWellMs = nowMs;
    this.clockAheadMs = aheadMs;
    const heartbeats: Heartbeat[] = [
      await projectorHeartbeat(log, group, nowMs),
      await this.watchHeartbeat(nowMs),
      ...outbox.health().map(({ channel, lastWellMs }): Heartbeat => ({
        condition: 'delivery_failing',
        subject: channel,
        bank: null,
        lastWellMs: Math.max(lastWellMs, this.graceFromMs),
        allowedMs: ALLOWED_MS,
        mayRaise: true,
      })),
      ...(await this.sources(nowMs)),
    ];
    const accepted = await alertLog.decide((state) => {
      const events = decideHealth(heartbeats, state.health, nowMs, outbox.channels);
      // Watch time is not moved by a clock.
      return events.length === 0 ? null : { atMs: state.atMs ?? 0, events };
    });
    if (accepted) outbox.request();
  }

  /** A store that does not answer keeps the watch from looking, too. */
  private async watchHeartbeat(nowMs: number): Promise<Heartbeat> {
    const lookedUpToMs = this.parts.watchTimeMs();
    const lastArrivalMs = await this.parts.store.lastArrivalMs(nowMs).catch(() => undefined);
    const isWell =
      lastArrivalMs === null ||
      (lastArrivalMs !== undefined && lookedUpToMs !== null && lastArrivalMs - lookedUpToMs <= WATCH_LAG_MS);
    if (isWell) this.watchWellMs = nowMs;
    return {
      condition: 'watch_behind',
      subject: 'watch',
      bank: null,
      lastWellMs: this.watchWellMs,
      allowedMs: ALLOWED_MS,
      mayRaise: true,
    };
  }

  private async sources(nowMs: number): Promise<Heartbeat[]> {
    if (nowMs - this.sourcesAskedMs < ASK_SOURCES_EVERY_MS && nowMs >= this.sourcesAskedMs) return [];
    const sources = await this.parts.store
      .reportingSources(nowMs - KNOWN_FOR_MS, nowMs)
      .catch((error: unknown) => {
        this.parts.logger.warn({ err: error }, 'who reports cannot be asked for now');
        return null;
      });
    if (sources === null) return [];
    this.sourcesAskedMs = nowMs;
    return sourceHeartbeats(sources, nowMs - this.graceFromMs >= GRACE_MS);
  }

  private readonly now = (): number => (this.parts.now ?? Date.now)();
  private readonly monotonicNow = (): number => (this.parts.monotonicNow ?? (() => performance.now()))();
}
