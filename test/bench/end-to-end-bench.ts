import { openDataDirectory } from '#runtime/data-directory.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';
import type { EventLog } from '#event-log/event-log.js';
import { secondsSince, waitMs } from './bench-run.js';
import type { BenchResult, BenchRun } from './bench-run.js';
import { connectCollector } from './collector-client.js';
import { figure, round } from './figure.js';
import type { Installation, Product } from './installation.js';
import { logProgress } from './log-progress.js';
import { loadNow } from './machine.js';
import { sampleMemory } from './memory-sampler.js';
import { cpuByRole, cpuSecondsPerThousand } from './product-roles.js';
import { ROWS_PER_REQUEST } from './request-bodies.js';

const FLOOR_PER_SECOND = 20_000;
const RSS_CEILING_MIB = 2_048;
const CONNECTIONS = 8;
/** Senders wait while the projector is further behind than this: sustained means that the backlog does not grow. */
const BACKLOG_MAX = 120_000;
const LOOK_EVERY_MS = 100;

/** What the benchmark sent, so that later ones go on from there. */
export interface Filled {
  readonly result: BenchResult;
  readonly events: number;
  readonly requests: number;
}

/**
 * HTTP → queryable in all views: sends as fast as it is accepted with a bounded backlog, then waits until the
 * projector has committed everything. Rate = events through the whole time. Checks that every event is counted once.
 */
export async function benchEndToEnd(
  { quick, note }: BenchRun,
  installation: Installation,
  product: Product,
  bodies: readonly Buffer[],
): Promise<Filled> {
  const sendSeconds = quick ? 30 : 300;
  const log = await openLmdbEventLog({ directory: openDataDirectory(installation.data).log });
  const memory = sampleMemory(product.pid);
  try {
    const load = loadNow();
    const cpuBefore = cpuByRole(product.pid);
    const startMs = performance.now();
    const sent = await sendAll(installation, product, bodies, log, sendSeconds, note);
    const acceptedSeconds = secondsSince(startMs);
    while ((await logProgress(log)).committed < sent.accepted) await waitMs(20);
    const seconds = secondsSince(startMs);
    const cpu = cpuSecondsPerThousand(cpuBefore, cpuByRole(product.pid), sent.accepted);
    const peak = memory.stop();
    const status = await product.status();
    if (status.reports !== sent.accepted) {
      throw new Error(
        `${sent.accepted} events were accepted, ${status.reports} are counted: the figure is void`,
      );
    }
    note(`end-to-end: ${Math.round(sent.accepted / seconds)}/s, CPU s for 1,000: ${JSON.stringify(cpu)}`);
    const result: BenchResult = {
      figures: {
        eventsPerSecond: figure('attempts/s', [sent.accepted / seconds], { floor: FLOOR_PER_SECOND }),
        rss: figure('MiB, all processes, highest', [peak.rssBytes / 1024 / 1024], {
          ceiling: RSS_CEILING_MIB,
        }),
        cpuSecondsPer1000: figure('CPU s / 1,000 attempts, all processes', [cpu['all'] ?? 0]),
      },
      details: {
        events: sent.accepted,
        seconds: round(seconds),
        acceptedPerSecond: Math.round(sent.accepted / acceptedSeconds),
        committedPerSecondEachTenth: sent.rates,
        cpuSecondsPer1000: cpu,
        attemptsPerCpuSecond: Math.round(1_000 / (cpu['all'] ?? 1)),
        rssMiBByProcess: peak.rssMiBByProcess,
        anonymousMiB: Math.round(peak.anonymousBytes / 1024 / 1024),
        connections: CONNECTIONS,
        rowsPerRequest: ROWS_PER_REQUEST,
        banks: installation.tokens.length,
        backlogMax: BACKLOG_MAX,
        counted: status,
        loadBefore: load,
      },
    };
    return { result, events: sent.accepted, requests: sent.requests };
  } finally {
    memory.stop();
    await log.close();
  }
}

async function sendAll(
  installation: Installation,
  product: Product,
  bodies: readonly Buffer[],
  log: EventLog,
  seconds: number,
  note: BenchRun['note'],
): Promise<{ accepted: number; requests: number; rates: readonly number[] }> {
  const { tokens } = installation;
  const client = connectCollector(product.collectorPort, CONNECTIONS);
  const requestsMax = bodies.length * tokens.length;
  const endMs = performance.now() + seconds * 1_000;
  let isBehind = false;
  let requests = 0;
  let accepted = 0;
  const sendInTurn = async (): Promise<void> => {
    while (performance.now() < endMs && requests < requestsMax) {
      if (isBehind) {
        await waitMs(10);
        continue;
      }
      const number = requests++;
      const body = bodies[Math.floor(number / tokens.length)] ?? Buffer.alloc(0);
      const taken = await client.post(body, tokens[number % tokens.length] ?? '');
      accepted += taken;
    }
  };
  let sending = true;
  const rates: number[] = [];
  const watch = async (): Promise<void> => {
    const windowMs = (seconds / 10) * 1_000;
    let window = { startMs: performance.now(), committed: 0 };
    while (sending) {
      const { committed } = await logProgress(log);
      isBehind = accepted - committed > BACKLOG_MAX;
      const elapsedMs = performance.now() - window.startMs;
      if (elapsedMs >= windowMs) {
        rates.push(Math.round(((committed - window.committed) / elapsedMs) * 1_000));
        note(`end-to-end: ${accepted} accepted, ${committed} committed, ${rates.at(-1) ?? 0}/s`);
        window = { startMs: performance.now(), committed };
      }
      await waitMs(LOOK_EVERY_MS);
    }
  };
  const watching = watch();
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, sendInTurn));
  } finally {
    sending = false;
    await watching;
    client.close();
  }
  return { accepted, requests, rates };
}
