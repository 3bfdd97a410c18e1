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
/** So many rows until the code is compiled; they are not part of the rate. */
const WARM_UP_ROWS = 100_000;
const LONGEST_WARM_UP_SECONDS = 60;

/** What the benchmark sent, so that later ones go on from there. */
export interface Filled {
  readonly result: BenchResult;
  /** Requests sent so far: a request sent twice would be no new events. */
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
  floorPerSecond = FLOOR_PER_SECOND,
): Promise<Filled> {
  const sendSeconds = quick ? 30 : 300;
  const log = await installation.openLog();
  const memory = sampleMemory(product.pid);
  try {
    const sending = { installation, product, bodies, log, note };
    const untilCommitted = async (accepted: number): Promise<void> => {
      while ((await logProgress(log)).committed < accepted) await waitMs(20);
    };
    const warm = await sendAll(sending, {
      firstRequest: 0,
      rowsMax: WARM_UP_ROWS,
      seconds: LONGEST_WARM_UP_SECONDS,
    });
    await untilCommitted(warm.accepted);
    const load = loadNow();
    const cpuBefore = cpuByRole(product.pid);
    const startMs = performance.now();
    const sent = await sendAll(sending, {
      firstRequest: warm.requests,
      rowsMax: Infinity,
      seconds: sendSeconds,
    });
    const acceptedSeconds = secondsSince(startMs);
    await untilCommitted(warm.accepted + sent.accepted);
    const seconds = secondsSince(startMs);
    const cpu = cpuSecondsPerThousand(cpuBefore, cpuByRole(product.pid), sent.accepted);
    const peak = memory.stop();
    const status = await product.status();
    const events = warm.accepted + sent.accepted;
    if (status.reports !== events) {
      throw new Error(`${events} events were accepted, ${status.reports} are counted: the figure is void`);
    }
    note(`end-to-end: ${Math.round(sent.accepted / seconds)}/s, CPU s for 1,000: ${JSON.stringify(cpu)}`);
    const result: BenchResult = {
      figures: {
        eventsPerSecond: figure('attempts/s', [sent.accepted / seconds], { floor: floorPerSecond }),
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
    return { result, requests: warm.requests + sent.requests };
  } finally {
    memory.stop();
    await log.close();
  }
}

interface Sending {
  readonly installation: Installation;
  readonly product: Product;
  readonly bodies: readonly Buffer[];
  readonly log: EventLog;
  readonly note: BenchRun['note'];
}

/** Sends as fast as it is accepted and projected, until the rows or the seconds are over. */
async function sendAll(
  { installation, product, bodies, log, note }: Sending,
  { firstRequest, rowsMax, seconds }: { firstRequest: number; rowsMax: number; seconds: number },
): Promise<{ accepted: number; requests: number; rates: readonly number[] }> {
  const { tokens } = installation;
  const client = connectCollector(product.collectorPort, CONNECTIONS);
  const requestsMax = Math.min(
    bodies.length * tokens.length - firstRequest,
    Math.ceil(rowsMax / ROWS_PER_REQUEST),
  );
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
      const number = firstRequest + requests++;
      const body = bodies[Math.floor(number / tokens.length)] ?? Buffer.alloc(0);
      const taken = await client.post(body, tokens[number % tokens.length] ?? '');
      accepted += taken;
    }
  };
  let sending = true;
  const rates: number[] = [];
  const watch = async (): Promise<void> => {
    const windowMs = (seconds / 10) * 1_000;
    let window = { startMs: performance.now(), committed: (await logProgress(log)).committed };
    while (sending) {
      const { committed } = await logProgress(log);
      isBehind = firstRequest * ROWS_PER_REQUEST + accepted - committed > BACKLOG_MAX;
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
