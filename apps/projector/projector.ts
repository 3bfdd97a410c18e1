import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { CommandBus } from '@nestjs/cqrs';
import { setTimeout as sleep } from 'node:timers/promises';
import { GENERATIONS } from '#domain/generation.js';
import type { Generation } from '#domain/generation.js';
import { DEAD_LETTER_RETENTION_MS } from '#domain/topics.js';
import type { FailureQuestions } from '#attempt-store/failure-questions.js';
import { OtherRulesError } from '#attempt-store/store-writers.js';
import type { StoreWriters } from '#attempt-store/store-writers.js';
import type { AdminReader } from '#event-log/admin-reader.js';
import type { EventLog } from '#event-log/event-log.js';
import { logAddressOf } from '#event-log/log-address.js';
import type { LogAddress } from '#event-log/log-address.js';
import type { Logger } from '#runtime/logger.js';
import type { Metrics } from '#runtime/metrics.js';
import { groupOf, PROJECTED_TOPICS } from './projected-topics.js';
import { ProjectionLoop } from './projection-loop.js';
import { fillAndTakeOver } from './rebuild/fill-idle.js';
import { isRebuilding, lockKeepUp } from './rebuild/idle-locks.js';
import type { ProjectorConfig } from './projector.config.js';
import { retryForever } from './retry-forever.js';
import { ActiveWatch } from './watch/active-watch.js';
import { startSpikeWatch } from './watch/start-spike-watch.js';

/** The generation that lost a swap is filled for so long after, so that a swap can be taken back. */
const FILL_OLD_FOR_MS = 3_600_000;
const LOOK_FOR_SWAP_MS = 2_000;
const DROP_DEAD_LETTERS_EVERY_MS = 6 * 3_600_000;

export interface ProjectorParts {
  readonly commands: CommandBus;
  readonly log: EventLog;
  readonly writers: StoreWriters;
  readonly admin: AdminReader;
  readonly failures: Pick<FailureQuestions, 'remedyTrials'>;
  readonly config: ProjectorConfig;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Keeps the generations filled that should be: the live one with the spike watch, and for an hour the one before. */
export class Projector implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();

  private readonly address: LogAddress;

  constructor(readonly parts: ProjectorParts) {
    this.address = logAddressOf(parts.config);
  }

  /** False until the first generation is ready to be filled. */
  ready = false;

  onApplicationBootstrap(): void {
    this.running = this.run().catch((error: unknown) => {
      this.parts.logger.fatal({ err: error }, `the projector cannot go on: ${(error as Error).message}`);
      process.exitCode = 1;
      process.kill(process.pid, 'SIGTERM');
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await this.parts.log.close();
  }

  noteRetry(what: string, error: unknown, waitMs: number): void {
    this.parts.logger.warn({ err: error, waitMs }, `${what} failed; trying again`);
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    const fillers = new Map<
      Generation,
      { readonly live: boolean; readonly stop: AbortController; readonly done: Promise<void> }
    >();
    const failed = new AbortController();
    let deadLettersDroppedAtMs = 0;
    while (!signal.aborted) {
      if (Date.now() - deadLettersDroppedAtMs > DROP_DEAD_LETTERS_EVERY_MS) {
        deadLettersDroppedAtMs = Date.now();
        await this.dropOldDeadLetters();
      }
      const wanted = await retryForever(
        'reading the live generation',
        () => this.wantedGenerations(),
        this,
        signal,
      );
      if (!wanted) break;
      for (const generation of GENERATIONS) {
        const filler = fillers.get(generation);
        const live = wanted.get(generation);
        if (filler && (filler.live !== live || filler.stop.signal.aborted)) {
          filler.stop.abort();
          await filler.done;
          fillers.delete(generation);
        }
        if (live !== undefined && !fillers.has(generation)) {
          const lock = live ? null : await lockKeepUp(this.address);
          if (!live && lock === null) continue;
          const stop = new AbortController();
          lock?.lost.addEventListener('abort', () => {
            stop.abort();
          });
          const done = this.fill(generation, live, AbortSignal.any([stop.signal, signal])).finally(() =>
            lock?.release(),
          );
          done.catch((error: unknown) => {
            failed.abort(error);
          });
          fillers.set(generation, { live, stop, done });
        }
      }
      await sleep(LOOK_FOR_SWAP_MS, undefined, { signal: AbortSignal.any([signal, failed.signal]) }).catch(
        () => undefined,
      );
      if (failed.signal.aborted) break;
    }
    this.stopping.abort();
    await Promise.all([...fillers.values()].map((filler) => filler.done));
  }

  /** Facts stay for ever; dead letters do not. A failure here costs disk space only. */
  private async dropOldDeadLetters(): Promise<void> {
    const { log, logger } = this.parts;
    await log
      .deleteBefore('patch.dead-letters', Date.now() - DEAD_LETTER_RETENTION_MS)
      .catch((error: unknown) => {
        logger.warn({ err: error }, 'old dead letters could not be dropped; trying again in some hours');
      });
  }

  /** Generation → whether it is the live one. */
  private async wantedGenerations(): Promise<Map<Generation, boolean>> {
    const { generation, swappedAt } = await this.parts.admin.current();
    const wanted = new Map<Generation, boolean>([[generation, true]]);
    const isSwapNew = swappedAt !== null && Date.now() - Date.parse(swappedAt) < FILL_OLD_FOR_MS;
    if (isSwapNew && !(await isRebuilding(this.address))) {
      for (const other of GENERATIONS) if (other !== generation) wanted.set(other, false);
    }
    return wanted;
  }

  private async fill(generation: Generation, live: boolean, signal: AbortSignal): Promise<void> {
    const { commands, log, writers, failures, config, metrics, logger } = this.parts;
    const store = writers.of(generation);
    if (!(await this.prepare(generation, live, signal))) return;
    const group = groupOf(generation);
    const remedyTrials = () => failures.remedyTrials({ bank: null });
    const watch = live
      ? new ActiveWatch({
          log,
          group,
          batchMessages: config.ROLLCALL_BATCH_MESSAGES,
          start: () => startSpikeWatch({ log, store, config, group, remedyTrials, metrics, logger }),
          logger,
        })
      : null;
    const join = () => log.consume(group, PROJECTED_TOPICS);
    const consumer = await retryForever('joining the group', join, this, signal);
    if (!consumer) {
      await watch?.stop();
      return;
    }
    this.ready = true;
    logger.info({ generation, live }, `filling generation ${generation}`);
    const limits = {
      maxRecords: config.ROLLCALL_BATCH_MESSAGES,
      maxBytes: config.ROLLCALL_BATCH_BYTES,
      maxWaitMs: config.ROLLCALL_BATCH_LINGER_MS,
    };
    const loop = new ProjectionLoop(commands, consumer, { generation, limits }, metrics, logger);
    try {
      await loop.run(signal);
    } finally {
      await watch?.stop();
      await consumer.close();
    }
  }

  /**
   * Makes a generation ready, waiting for a store that is away. When other rules filled it (an upgrade), it is left as
   * it is to answer, and the other generation is filled by today's rules until it can take over. False = not this one.
   */
  private async prepare(generation: Generation, live: boolean, signal: AbortSignal): Promise<boolean> {
    const { writers, logger } = this.parts;
    const isRefused = (error: unknown) => error instanceof OtherRulesError;
    try {
      const work = async () => {
        await writers.prepare(generation);
        if (live) await writers.publish(generation);
      };
      await retryForever('preparing the store', work, this, signal, isRefused);
      return !signal.aborted;
    } catch (error) {
      if (!isRefused(error)) throw error;
      // The old filling of an upgrade only waits to be dropped by the next rebuild.
      if (!live) return false;
      logger.warn(
        { err: error },
        'the views were made by other rules: making them anew; the old ones answer until then',
      );
      this.ready = true;
      await retryForever(
        'rebuilding',
        () => fillAndTakeOver({ ...this.parts, address: this.address, live: generation, signal }),
        this,
        signal,
      );
      return false;
    }
  }
}
