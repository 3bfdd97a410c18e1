import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog, LogConsumer } from '#event-log/event-log.js';
import type { Logger } from '#runtime/logger.js';
import { retryForever } from '../retry-forever.js';
import { ProjectedTimeReader } from './projected-time.js';
import type { ProjectedTime } from './projected-time.js';
import type { SpikeWatch } from './spike-watch.js';

/** Who has the one partition of the alerts is the one who watches. */
export const WATCH_GROUP = 'projector-watch';
const POLL_MS = 2_000;
const READ = { maxRecords: 1_000, maxBytes: 16 * 1024 * 1024, maxWaitMs: POLL_MS };

export type RunningWatch = Pick<SpikeWatch, 'onProjected' | 'stop'>;

export interface ActiveWatchParts {
  readonly log: EventLog;
  /** The consumer group that fills the live generation. */
  readonly group: string;
  /** More than so many messages that wait: what is looked at may be over already. */
  readonly batchMessages: number;
  readonly start: () => RunningWatch;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

/**
 * Of all projectors, one watches: the member of a group to which the one partition of `patch.alerts` is assigned. When it is gone
 * another takes over within the group's session. One that hangs and goes on may believe for a moment that it still watches:
 * then the order of the alerts in the log decides (see `AlertLog`), so there is one alert and one delivery id.
 */
export class ActiveWatch {
  private readonly stopping = new AbortController();
  private readonly running: Promise<void>;
  private readonly projected: ProjectedTimeReader;
  private watch: RunningWatch | null = null;
  private toldOf: ProjectedTime | null = null;

  constructor(private readonly parts: ActiveWatchParts) {
    this.projected = new ProjectedTimeReader(parts.log, parts.group);
    this.running = this.run(this.stopping.signal);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  noteRetry(what: string, error: unknown, waitMs: number): void {
    this.parts.logger.warn({ err: error, waitMs }, `${what} failed; trying again`);
  }

  private async run(signal: AbortSignal): Promise<void> {
    const join = () => this.parts.log.consume(WATCH_GROUP, ['patch.alerts']);
    const consumer = await retryForever('joining the group of the watch', join, this, signal);
    if (!consumer) return;
    try {
      while (!signal.aborted) {
        const startedMs = performance.now();
        await retryForever('watching', () => this.step(consumer, signal), this, signal);
        const leftMs = POLL_MS - (performance.now() - startedMs);
        if (leftMs > 0) await sleep(leftMs, undefined, { signal }).catch(() => undefined);
      }
    } finally {
      await this.watch?.stop();
      await consumer.close();
    }
  }

  private async step(consumer: LogConsumer, signal: AbortSignal): Promise<void> {
    const slices = await consumer.read(READ, signal);
    await this.follow(consumer.assignment.partitions.length > 0);
    if (slices.length > 0) await consumer.commit(slices);
    if (!this.watch) return;
    const projected = await this.projected.read();
    if (projected.projected === this.toldOf?.projected && projected.upToMs === this.toldOf.upToMs) return;
    this.toldOf = projected;
    await this.watch.onProjected(projected.upToMs, projected.waiting > this.parts.batchMessages);
  }

  private async follow(isActive: boolean): Promise<void> {
    const { logger, start } = this.parts;
    if (isActive && !this.watch) {
      this.watch = start();
      this.toldOf = null;
      logger.info('this projector watches for spikes');
    } else if (!isActive && this.watch) {
      const { watch } = this;
      this.watch = null;
      await watch.stop();
      logger.info('another projector watches for spikes');
    }
  }
}
