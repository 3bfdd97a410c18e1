import { gzipSync } from 'node:zlib';
import { secondsSince, waitMs } from './bench-run.js';
import type { BenchResult, BenchRun } from './bench-run.js';
import { connectCollector } from './collector-client.js';
import { figure, percentile, round } from './figure.js';
import type { Installation, Product } from './installation.js';
import { loadNow } from './machine.js';
import { mediumAttempt } from './medium-attempt.js';
import { sendPaced } from './paced-load.js';

const CEILING_MS = 3_000;
const ROWS_PER_SECOND = 5_000;
/** Markers on their way at the same time; more would measure the polling. */
const LANES = 2;
const POLL_MS = 100;
const SETTLE_MS = 3_000;
/** A machine that cannot keep up gets ever later: markers end here, and count with so long. */
const GIVE_UP_MS = 60_000;
const LONGEST_SECONDS = 150;

/** Time from the 202 for a failure until its cohort is in the console's answer, while 5,000 attempts a second come in. */
export async function benchFreshness(
  { quick, note }: BenchRun,
  installation: Installation,
  product: Product,
  bodies: readonly Buffer[],
  firstRequest: number,
  { rowsPerSecond, ceilingMs } = { rowsPerSecond: ROWS_PER_SECOND, ceilingMs: CEILING_MS },
): Promise<BenchResult> {
  const markers = quick ? 60 : 200;
  const token = installation.tokens[0] ?? '';
  const load = loadNow();
  const background = sendPaced(product, installation.tokens, bodies, firstRequest, rowsPerSecond);
  const client = connectCollector(product.collectorPort, LANES);
  const delaysMs: number[] = [];
  const startedAtSeconds: number[] = [];
  let polls = 0;
  let next = 0;
  const measureOne = async (number: number): Promise<void> => {
    const kb = `KB59${String(number).padStart(5, '0')}`;
    await client.post(gzipSync(`${JSON.stringify(markerReport(number, kb))}\n`), token);
    const acceptedMs = performance.now();
    for (;;) {
      polls += 1;
      const { items } = (await product.ask(`cohorts?kb=${kb}`, token)) as { items: readonly unknown[] };
      if (items.length > 0 || performance.now() - acceptedMs > GIVE_UP_MS) break;
      await waitMs(POLL_MS);
    }
    delaysMs.push(performance.now() - acceptedMs);
    startedAtSeconds.push(round((acceptedMs - startMs) / 1_000));
  };
  const takeTurns = async (): Promise<void> => {
    while (next < markers && secondsSince(startMs) < LONGEST_SECONDS) {
      await measureOne(next++);
      // Not in step with the batches: each marker meets another moment of them.
      await waitMs((next * 137) % 400);
    }
  };
  await waitMs(SETTLE_MS);
  const startMs = performance.now();
  let sent: Awaited<ReturnType<typeof background.stop>>;
  try {
    await Promise.all(Array.from({ length: LANES }, takeTurns));
  } finally {
    client.close();
    sent = await background.stop();
  }
  note(
    `freshness: p50 ${Math.round(percentile(delaysMs, 0.5))} ms, p99 ${Math.round(percentile(delaysMs, 0.99))} ms`,
  );
  return {
    figures: {
      p99: figure('ms', [percentile(delaysMs, 0.99)], { ceiling: ceilingMs }),
      p50: figure('ms', [percentile(delaysMs, 0.5)]),
      max: figure('ms', [Math.max(...delaysMs)]),
    },
    details: {
      markers: delaysMs.length,
      slowest: slowest(delaysMs, startedAtSeconds),
      seconds: round(secondsSince(startMs)),
      backgroundPerSecond: Math.round(sent.perSecond),
      pollsPerMarker: round(polls / delaysMs.length),
      pollMs: POLL_MS,
      loadBefore: load,
    },
  };
}

/** The five slowest and when they began: a slow start and a slow machine look alike in a percentile. */
function slowest(delaysMs: readonly number[], startedAtSeconds: readonly number[]): object[] {
  return delaysMs
    .map((delayMs, index) => ({ atSeconds: startedAtSeconds[index], delayMs: Math.round(delayMs) }))
    .sort((left, right) => right.delayMs - left.delayMs)
    .slice(0, 5);
}

function markerReport(number: number, kb: string): object {
  return {
    ...mediumAttempt(8_000_000 + number),
    targetKb: kb,
    outcome: 'failed',
    hresult: '0x80071ab1',
  };
}
