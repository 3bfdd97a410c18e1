import type { CommandBus } from '@nestjs/cqrs';
import type { Generation } from '#domain/generation.js';
import type { LogConsumer, LogSlice, ReadLimits } from '#event-log/event-log.js';
import type { Logger } from '#runtime/logger.js';
import type { Metrics } from '#runtime/metrics.js';
import { retryForever } from './retry-forever.js';
import { FloodGuard } from './flood-guard.js';
import { decodeSlicesMeanwhile } from './project-batch/decode-slices.js';
import { ProjectBatch } from './project-batch/project-batch.js';
import type { ProjectedBatch } from './project-batch/project-batch.js';

export interface ProjectionLoopOptions {
  readonly generation: Generation;
  readonly limits: ReadLimits;
  /**
   * While a batch is being stored the next is read and decoded, so that this process has work while it waits for the
   * store; for twice the memory. Default: no.
   */
  readonly readsAhead?: boolean;
}

/** The path of a batch, and the only place where an offset is committed: read → project → commit. */
export class ProjectionLoop {
  private readonly floods = new FloodGuard();
  /** Largest arrival projected, ms. */
  private newestArrivalMs = Number.NEGATIVE_INFINITY;
  private lastReadMs = performance.now();
  private ahead: ProjectBatch | null = null;

  constructor(
    private readonly commands: CommandBus,
    private readonly consumer: LogConsumer,
    private readonly options: ProjectionLoopOptions,
    private readonly metrics: Metrics,
    private readonly logger: Logger,
  ) {}

  /** Runs until the signal, then ends with the batch at hand stored and committed. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) await this.step(signal);
  }

  /** One batch. Returns how many messages it held (0 = nothing new within the linger). */
  async step(signal: AbortSignal): Promise<number> {
    const command = this.ahead ?? (await this.readNext(signal));
    this.ahead = null;
    if (command === null) return 0;
    const { slices } = command;
    const endTimer = this.metrics.batchSeconds.startTimer();
    const projecting = retryForever('project', () => this.commands.execute(command), this, signal);
    if (this.options.readsAhead === true) this.ahead = await this.readAhead(signal);
    const projected = await projecting;
    if (!projected) return 0; // Stopped while the store was away: nothing committed, nothing lost.
    const committed = await retryForever(
      'commit',
      () => this.consumer.commit(slices).then(() => true),
      this,
      signal,
    );
    if (!committed) return 0;
    endTimer();
    this.account(slices, projected);
    return projected.messages;
  }

  private async readNext(signal: AbortSignal): Promise<ProjectBatch | null> {
    const slices = await retryForever(
      'read',
      () => this.consumer.read(this.limitsNow(), signal),
      this,
      signal,
    );
    this.lastReadMs = performance.now();
    return slices === undefined || slices.length === 0
      ? null
      : new ProjectBatch(this.options.generation, slices);
  }

  /** What is there already; null when nothing is, or when it could not be read: the next step tries again. */
  private async readAhead(signal: AbortSignal): Promise<ProjectBatch | null> {
    const { generation, limits } = this.options;
    const slices = await this.consumer.read({ ...limits, maxWaitMs: 0 }, signal).catch(() => []);
    this.lastReadMs = performance.now();
    return slices.length === 0
      ? null
      : new ProjectBatch(generation, slices, await decodeSlicesMeanwhile(slices));
  }

  /** What came while the last batch was projected has waited already: the linger counts from the last read. */
  private limitsNow(): ReadLimits {
    const { limits } = this.options;
    const waitedMs = performance.now() - this.lastReadMs;
    return { ...limits, maxWaitMs: Math.max(0, limits.maxWaitMs - waitedMs) };
  }

  /** Told by `retryForever` before each further try. */
  noteRetry(what: string, error: unknown, waitMs: number): void {
    this.metrics.storeRetries.inc();
    this.logger.warn(
      { err: error, what, waitMs, generation: this.options.generation },
      `${what} failed; trying again`,
    );
  }

  private account(slices: readonly LogSlice[], projected: ProjectedBatch): void {
    this.metrics.messagesProjected.inc({ result: 'event', reason: '' }, projected.events);
    for (const [reason, count] of projected.unreadable) {
      this.metrics.messagesProjected.inc({ result: 'unreadable', reason }, count);
    }
    let lag = 0;
    slices.forEach((slice, index) => {
      this.newestArrivalMs = Math.max(
        this.newestArrivalMs,
        projected.largestArrivalMs[index] ?? this.newestArrivalMs,
      );
      lag += slice.endOffset - slice.nextOffset;
      if (this.floods.note(slice.topic, slice.partition, projected.readable[index] ?? [])) this.pause(slice);
    });
    this.metrics.lagMessages.set(lag);
    if (this.newestArrivalMs > 0)
      this.metrics.freshnessSeconds.set(Math.max(0, (Date.now() - this.newestArrivalMs) / 1_000));
  }

  private pause({ topic, partition }: LogSlice): void {
    this.consumer.pause(topic, partition);
    this.logger.error(
      { topic, partition },
      `partition ${topic}/${partition} is paused: too many messages in a row cannot be read, so this is a defect of ours or a wrong topic; nothing is lost. Look at patch.dead-letters, mend it, restart the projector`,
    );
  }
}
