import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandBus } from '@nestjs/cqrs';
import { otherGeneration } from '#domain/generation.js';
import type { Generation } from '#domain/generation.js';
import { rulesHash } from '#domain/rules-hash.js';
import { StoreUnavailableError } from '#attempt-store/attempt-store.js';
import type { StoreWriters } from '#attempt-store/store-writers.js';
import { AdminReader, appendAdminEvent, MOST_AGE_MS } from '#event-log/admin-reader.js';
import type { EventLog, LogConsumer } from '#event-log/event-log.js';
import type { LogAddress } from '#event-log/log-address.js';
import type { Logger } from '#runtime/logger.js';
import type { Metrics } from '#runtime/metrics.js';
import { groupOf, PROJECTED_TOPICS } from '../projected-topics.js';
import { ProjectionLoop } from '../projection-loop.js';
import { projectAlerts } from '../watch/project-alerts.js';
import { lockRebuild } from './idle-locks.js';
import { rememberRenamed } from './remember-renamed.js';

const BATCH_MESSAGES = 40_000;
const BATCH_BYTES = 48 * 1024 * 1024;
const LINGER_MS = 100;

export interface IdleFilling {
  readonly log: EventLog;
  /** Where that log is. */
  readonly address: LogAddress;
  readonly writers: StoreWriters;
  readonly commands: CommandBus;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** The generation that answered when this was decided; absent = whichever answers when it begins. */
  readonly live?: Generation;
  readonly signal: AbortSignal;
  /** Told after each batch: messages so far. */
  readonly onProgress?: (messages: number) => void;
  /** Told once, when the tables that are to be emptied may still be asked for so long. */
  readonly onWait?: (waitMs: number) => void;
  /** Messages of a batch at most; default 40,000: larger than live batches, because nobody waits for a single one. */
  readonly batchMessages?: number;
}

/** The idle generation, emptied or half filled, and how to bring it up to the live one. */
export interface IdleGeneration {
  readonly generation: Generation;
  /** Messages that an earlier rebuild, which did not come to its end, filled in already. */
  readonly filledBefore: number;
  /** Messages up to where the live generation is, when this was opened. */
  readonly toFill: number;
  /** Projects until it is at or past the live one on every partition; answers how many messages that took. */
  catchUp(): Promise<number>;
  /** It answers from now on. */
  takeOver(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The idle generation, ready to be filled: emptied, from the beginning of the log; or, when a rebuild of it ended before
 * it was done, as that one left it, from its last commit on.
 * @throws Error when others fill it
 */
export async function openIdle(filling: IdleFilling): Promise<IdleGeneration> {
  const lock = await lockRebuild(filling.address);
  try {
    const idle = await openLocked({ ...filling, signal: AbortSignal.any([filling.signal, lock.lost]) });
    return { ...idle, close: () => idle.close().finally(() => lock.release()) };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function openLocked(filling: IdleFilling): Promise<IdleGeneration> {
  const { log, writers, commands, metrics, logger, signal } = filling;
  const { generation: live } = await new AdminReader(log, 0).refresh();
  const generation = otherGeneration(live);
  if (filling.live !== undefined && live !== filling.live) throw takenOver(live);
  const goesOn = await writers.resumeRebuild(generation);
  const consumer = await log.consume(groupOf(generation), PROJECTED_TOPICS);
  if (!goesOn) {
    try {
      await begin(filling, generation, consumer);
    } catch (error) {
      await consumer.close();
      throw error;
    }
  }
  const limits = {
    maxRecords: filling.batchMessages ?? BATCH_MESSAGES,
    maxBytes: BATCH_BYTES,
    maxWaitMs: LINGER_MS,
  };
  const options = { generation, limits, readsAhead: true };
  const loop = new ProjectionLoop(commands, consumer, options, metrics, logger);
  const filledBefore = await committedMessages(log, generation);
  /** With lmdb a member has all partitions, or none since another one joined; with Kafka several fill it together. */
  const assertOurs = (): void => {
    if (signal.aborted)
      throw new Error(
        'stopped before it was done; nothing was swapped. Run it again: it goes on where it was',
      );
    if (filling.address.kind === 'lmdb' && consumer.assignment.partitions.length === 0)
      throw filledByAnother(generation);
  };
  return {
    generation,
    filledBefore,
    toFill: Math.max(0, (await committedMessages(log, live)) - filledBefore),
    async catchUp() {
      let messages = 0;
      for (;;) {
        assertOurs();
        const step = await loop.step(signal);
        messages += step;
        if (step > 0) filling.onProgress?.(messages);
        // A full batch has more behind it. Else it is asked: where something always comes there is no empty one.
        if (step < limits.maxRecords && (await isCaughtUp(log, live))) {
          assertOurs();
          await projectAlerts(log, writers.of(generation));
          return messages;
        }
      }
    },
    takeOver: () => takeOver(log, writers, generation, assertOurs),
    close: () => consumer.close(),
  };
}

/**
 * The event decides; the views follow it at once, and every projector within seconds.
 * @param assertOurs asked last before it is decided; what it throws, is thrown
 */
export async function takeOver(
  log: EventLog,
  writers: StoreWriters,
  generation: Generation,
  assertOurs: () => void,
): Promise<void> {
  await rememberRenamed(log, writers, generation);
  assertOurs();
  await writers.markRebuild(generation, 'done');
  assertOurs();
  await appendAdminEvent(log, {
    type: 'ProjectionSwapped',
    at: new Date().toISOString(),
    generation,
    rulesHash,
  });
  // Decided: a store that is away now is told of it by the projectors.
  await writers.publish(generation).catch((error: unknown) => {
    if (!(error instanceof StoreUnavailableError)) throw error;
  });
}

/** Fills the idle generation from the log and lets it take over. */
export async function fillAndTakeOver(filling: IdleFilling): Promise<void> {
  const idle = await openIdle(filling);
  try {
    await idle.catchUp();
    await idle.takeOver();
  } finally {
    await idle.close();
  }
}

/**
 * Empties a generation that nobody else fills. Who fills it would go on behind the beginning, with tables that are gone:
 * its partitions would be missing. Afterwards others may join: they begin where the group is.
 * @throws Error when it is filled by others
 */
async function begin(
  { log, address, writers, signal, onWait }: IdleFilling,
  generation: Generation,
  consumer: LogConsumer,
): Promise<void> {
  const ends = await Promise.all(PROJECTED_TOPICS.map((topic) => log.endOffsets(topic)));
  const { number } = consumer.assignment;
  const assertAlone = (): void => {
    const { assignment } = consumer;
    if (assignment.number === number && assignment.partitions.length === ends.flat().length) return;
    if (address.kind === 'lmdb') throw filledByAnother(generation);
    throw new Error(
      `generation ${generation} is being filled by others, so it cannot be emptied: projectors keep the old views up for an hour after a swap. Nothing was changed; try again after that hour`,
    );
  };
  assertAlone();
  const admin = new AdminReader(log, 0);
  const waitMs = leftByReadersInMs((await admin.refresh()).swappedAt);
  if (waitMs > 0) {
    onWait?.(waitMs);
    await sleep(waitMs, undefined, { signal }).catch(() => {
      throw new Error('stopped before it began; nothing was changed');
    });
  }
  if ((await admin.refresh()).generation === generation) throw takenOver(generation);
  // Who slept through the wait may have lost it to others.
  assertAlone();
  await seekToBeginning(consumer);
  await writers.drop(generation);
  await writers.prepare(generation);
  // Who joined meanwhile may have filled tables that were then dropped: without its mark this is begun anew.
  assertAlone();
  await writers.markRebuild(generation, 'begun');
}

const filledByAnother = (generation: Generation): Error =>
  new Error(
    `generation ${generation} is being filled by another process since this one hung or slept; nothing was swapped`,
  );

const takenOver = (generation: Generation): Error =>
  new Error(
    `generation ${generation} has taken over meanwhile: another rebuild ended. Nothing was changed; run it again`,
  );

/** Whoever answers questions may do so from the generation before a swap for as long as its knowledge of it may be old. */
function leftByReadersInMs(swappedAt: string | null): number {
  const agoMs = swappedAt === null ? Infinity : Date.now() - Date.parse(swappedAt);
  return Math.min(MOST_AGE_MS, Math.max(0, MOST_AGE_MS - agoMs));
}

/** Before the tables go: a crash in between leaves an idle database without a mark, which the next rebuild empties. */
async function seekToBeginning(consumer: LogConsumer): Promise<void> {
  const positions = await consumer.committed();
  for (const { topic, partition } of positions) await consumer.seek({ topic, partition, offset: 0 });
  await consumer.commit(positions.map(({ topic, partition }) => ({ topic, partition, nextOffset: 0 })));
}

async function committedMessages(log: EventLog, generation: Generation): Promise<number> {
  const offsets = await Promise.all(
    PROJECTED_TOPICS.map((topic) => log.committedOffsets(groupOf(generation), topic)),
  );
  return offsets.flat().reduce((sum, offset) => sum + offset, 0);
}

async function isCaughtUp(log: EventLog, live: Generation): Promise<boolean> {
  for (const topic of PROJECTED_TOPICS) {
    const [ahead, behind] = await Promise.all([
      log.committedOffsets(groupOf(live), topic),
      log.committedOffsets(groupOf(otherGeneration(live)), topic),
    ]);
    if (ahead.some((offset, partition) => offset > (behind[partition] ?? 0))) return false;
  }
  return true;
}
