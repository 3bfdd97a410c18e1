import type { INestApplicationContext } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { otherGeneration } from '#domain/generation.js';
import type { Generation } from '#domain/generation.js';
import { rulesHash } from '#domain/rules-hash.js';
import { StoreWriters } from '#attempt-store/store-writers.js';
import { AdminReader, appendAdminEvent } from '#event-log/admin-reader.js';
import { EventLog } from '#event-log/event-log.js';
import type { LogConsumer } from '#event-log/event-log.js';
import { createLogger } from '#runtime/logger.js';
import { createMetrics } from '#runtime/metrics.js';
import { ProjectionLoop } from '../projection-loop.js';
import { groupOf, PROJECTED_TOPICS } from '../projector.js';
import { projectAlerts } from '../watch/project-alerts.js';
import type { RebuildOptions } from './rebuild-options.js';

const LIMITS = { maxRecords: 40_000, maxBytes: 48 * 1024 * 1024, maxWaitMs: 200 } as const;
/** While live traffic runs, rows may differ because one side is ahead: those are looked at again so many times. */
const VERIFY_ROUNDS = 20;
const DIFFERENCES_SHOWN = 100;

interface Rebuilding {
  readonly log: EventLog;
  readonly writers: StoreWriters;
  readonly loop: ProjectionLoop;
  readonly live: Generation;
  readonly idle: Generation;
  readonly signal: AbortSignal;
}

/**
 * Fills the idle generation from the beginning of the log, beside the live one. Then takes over from it – or, to
 * verify, compares both cell by cell. Progress goes to stderr, one JSON line with the result to stdout.
 * @returns exit code: 0 done or equal, 2 the generations differ
 */
export async function rebuild(context: INestApplicationContext, options: RebuildOptions): Promise<number> {
  const log = context.get(EventLog, { strict: false });
  const writers = context.get(StoreWriters, { strict: false });
  const { generation: live } = await new AdminReader(log, 0).refresh();
  const idle = otherGeneration(live);
  const logger = createLogger('rebuild', 'warn');
  const stopping = new AbortController();
  process.once('SIGTERM', () => stopping.abort());
  process.once('SIGINT', () => stopping.abort());

  const consumer = await log.consume(groupOf(idle), PROJECTED_TOPICS);
  try {
    await beginAnew(consumer, writers, idle);
    const loop = new ProjectionLoop(
      context.get(CommandBus, { strict: false }),
      consumer,
      { generation: idle, limits: LIMITS },
      createMetrics('rebuild'),
      logger,
    );
    const work: Rebuilding = { log, writers, loop, live, idle, signal: stopping.signal };
    const begunMs = Date.now();
    const events = await catchUp(work);
    await projectAlerts(log, writers.of(idle));
    const seconds = (Date.now() - begunMs) / 1_000;
    const result = {
      generation: idle,
      events,
      seconds,
      eventsPerSecond: Math.round(events / Math.max(seconds, 0.001)),
    };
    if (options.verify) return await verify(work, result);
    await takeOver(work);
    process.stdout.write(`${JSON.stringify({ ...result, swapped: true })}\n`);
    return 0;
  } finally {
    await consumer.close();
  }
}

/** Offsets first: a crash in between leaves an idle database that the next rebuild empties anyway. */
async function beginAnew(consumer: LogConsumer, writers: StoreWriters, idle: Generation): Promise<void> {
  const positions = await consumer.committed();
  for (const { topic, partition } of positions) await consumer.seek({ topic, partition, offset: 0 });
  await consumer.commit(positions.map(({ topic, partition }) => ({ topic, partition, nextOffset: 0 })));
  await writers.drop(idle);
  await writers.prepare(idle);
}

/** Projects until the idle generation is at or past the live one on every partition. Returns how many messages that took. */
async function catchUp(work: Rebuilding): Promise<number> {
  let done = 0;
  const begunMs = Date.now();
  while (!work.signal.aborted) {
    const messages = await work.loop.step(work.signal);
    done += messages;
    if (messages > 0) {
      const rate = Math.round((done / (Date.now() - begunMs)) * 1_000);
      process.stderr.write(`${done} events, ${rate} a second\n`);
    } else if (await isCaughtUp(work)) return done;
  }
  throw new Error('stopped before the rebuild was done; nothing was swapped. Run it again: it begins anew');
}

async function isCaughtUp({ log, live, idle }: Rebuilding): Promise<boolean> {
  for (const topic of PROJECTED_TOPICS) {
    const [ahead, behind] = await Promise.all([
      log.committedOffsets(groupOf(live), topic),
      log.committedOffsets(groupOf(idle), topic),
    ]);
    if (ahead.some((offset, partition) => offset > (behind[partition] ?? 0))) return false;
  }
  return true;
}

/** The event decides; the views follow it at once, and the projector within seconds. */
async function takeOver({ log, writers, idle }: Rebuilding): Promise<void> {
  await appendAdminEvent(log, {
    type: 'ProjectionSwapped',
    at: new Date().toISOString(),
    generation: idle,
    rulesHash,
  });
  await writers.publish(idle);
}

async function verify(work: Rebuilding, result: object): Promise<number> {
  let differences = await work.writers.differences(DIFFERENCES_SHOWN);
  for (let round = 1; differences.length > 0 && round < VERIFY_ROUNDS && !work.signal.aborted; round += 1) {
    // Only what differs in every round differs: the rest was in flight.
    await catchUp(work);
    await projectAlerts(work.log, work.writers.of(work.idle));
    const again = new Set(await work.writers.differences(DIFFERENCES_SHOWN));
    const remaining = differences.filter((key) => again.has(key));
    if (remaining.length === 0 && again.size > 0) differences = [...again];
    else differences = remaining;
  }
  process.stdout.write(`${JSON.stringify({ ...result, equal: differences.length === 0, differences })}\n`);
  return differences.length === 0 ? 0 : 2;
}
