import type { INestApplicationContext } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { StoreUnavailableError } from '#attempt-store/attempt-store.js';
import { StoreWriters } from '#attempt-store/store-writers.js';
import { EventLog } from '#event-log/event-log.js';
import type { LogAddress } from '#event-log/log-address.js';
import { createLogger } from '#runtime/logger.js';
import { createMetrics } from '#runtime/metrics.js';
import { retryForever } from '../retry-forever.js';
import { openIdle } from './fill-idle.js';
import type { IdleGeneration } from './fill-idle.js';
import type { RebuildOptions } from './rebuild-options.js';

/** While live traffic runs, rows may differ because one side is ahead: those are looked at again so many times. */
const VERIFY_ROUNDS = 20;
const DIFFERENCES_SHOWN = 100;
const STORE_AWAY_MS = 60_000;

/**
 * Fills the idle generation from the beginning of the log, beside the live one. Then takes over from it – or, to
 * verify, compares both cell by cell. Progress goes to stderr, one JSON line with the result to stdout.
 * @returns exit code: 0 done or equal, 2 the generations differ
 */
export async function rebuild(
  context: INestApplicationContext,
  address: LogAddress,
  options: RebuildOptions,
): Promise<number> {
  const log = context.get(EventLog, { strict: false });
  const writers = context.get(StoreWriters, { strict: false });
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      stopping.abort();
    });
  }
  const idle: IdleGeneration = await whenTheStoreIsThere(stopping.signal, () =>
    openIdle({
      log,
      address,
      writers,
      commands: context.get(CommandBus, { strict: false }),
      metrics: createMetrics('rebuild'),
      logger: createLogger('rebuild', 'warn'),
      signal: stopping.signal,
      onWait(waitMs) {
        tell(
          `waiting ${Math.ceil(waitMs / 1_000)} s until nobody asks the views before the last swap, which are to be emptied`,
        );
      },
      onProgress(messages) {
        const rate = messages / Math.max(1, Date.now() - begunMs);
        const left = Math.max(0, idle.toFill - messages);
        tell(
          `${messages} of ${messages + left} events, ${Math.round(rate * 1_000)} a second, about ${Math.ceil(left / rate / 1_000)} s left`,
        );
      },
    }),
  );
  const begunMs = Date.now();
  if (idle.filledBefore > 0) tell(`going on with an unfinished rebuild after ${idle.filledBefore} events`);
  try {
    const events = await idle.catchUp();
    const seconds = (Date.now() - begunMs) / 1_000;
    const eventsPerSecond = Math.round(events / Math.max(seconds, 0.001));
    const result = { generation: idle.generation, events, seconds, eventsPerSecond };
    if (!options.verify) {
      await idle.takeOver();
      process.stdout.write(`${JSON.stringify({ ...result, swapped: true })}\n`);
      return 0;
    }
    const differences = await lastingDifferences(writers, idle);
    await writers.markRebuild(idle.generation, 'done');
    const equal = differences.length === 0;
    process.stdout.write(`${JSON.stringify({ ...result, equal, differences })}\n`);
    return equal ? 0 : 2;
  } finally {
    await idle.close();
  }
}

/** Somebody waits for this command: a store that restarts is waited for, one that stays away is told. */
async function whenTheStoreIsThere<T>(signal: AbortSignal, open: () => Promise<T>): Promise<T> {
  const deadlineMs = Date.now() + STORE_AWAY_MS;
  const opened = await retryForever(
    'beginning the rebuild',
    open,
    {
      noteRetry(what, error, waitMs) {
        tell(`${what} failed, again in ${Math.ceil(waitMs / 1_000)} s: ${(error as Error).message}`);
      },
    },
    signal,
    (error) => !(error instanceof StoreUnavailableError) || Date.now() > deadlineMs,
  );
  if (opened === undefined) throw new Error('stopped before it began; nothing was changed');
  return opened;
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Keys that differ in every round: the others were in flight. */
async function lastingDifferences(writers: StoreWriters, idle: IdleGeneration): Promise<readonly string[]> {
  let lasting = await writers.differences(DIFFERENCES_SHOWN);
  for (let round = 1; lasting.length > 0 && round < VERIFY_ROUNDS; round += 1) {
    await idle.catchUp();
    const now = await writers.differences(DIFFERENCES_SHOWN);
    const both = lasting.filter((key) => now.includes(key));
    lasting = both.length > 0 ? both : now;
  }
  return lasting;
}
