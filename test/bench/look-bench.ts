import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Alert } from '#domain/alerts/alert.js';
import { applyAlertEvent } from '#domain/alerts/alerts-state.js';
import { decideAlerts } from '#domain/alerts/decide-alerts.js';
import type { AlertEvent } from '#domain/alerts/alert-events.js';
import { looksAWeek } from '#domain/spikes/alarm-budget.js';
import { LOOK_EVERY_MS } from '#domain/spikes/constants.js';
import { startClickHouseEngine } from '#attempt-store/clickhouse-engine/clickhouse-engine.js';
import type { ClickHouseEngine } from '#attempt-store/clickhouse-engine/clickhouse-engine.js';
import { ClickHouseWriters } from '#attempt-store/clickhouse/clickhouse-writers.js';
import { connectClickHouse } from '#attempt-store/clickhouse/connection.js';
import {
  watchCountsParameters,
  watchCountsQuery,
} from '#attempt-store/clickhouse/questions/watch-counts-query.js';
import type { LookCounts } from '#domain/spikes/scan/counts.js';
import { pagesOf } from '../../apps/projector/watch/look-counting.js';
import type { BenchResult, BenchRun } from './bench-run.js';
import { secondsSince } from './bench-run.js';
import { figure, round } from './figure.js';
import { loadNow } from './machine.js';
import { sampleMemory } from './memory-sampler.js';
import { processTree } from './process-usage.js';
import { fillFleet, fillStorm } from './spikes/fill-histories.js';

const UNTIL_MS = Date.parse('2024-03-12T12:00:00Z');
const SIZES = [
  { attempts: 300_000, banks: 50, ceilingSeconds: 1, looks: 7 },
  { attempts: 5_000_000, banks: 200, ceilingSeconds: 10, looks: 3 },
] as const;
/** On a machine that others use too. */
const MOST_PATIENCE_MS = 900_000;
const STORM_SIGNATURES = 10_000;
const STORM_DEVICES = 3;

/** What one look costs. */
interface Look {
  readonly seconds: number;
  readonly countSeconds: number;
  readonly decideSeconds: number;
  readonly engineCpuSeconds: number;
  readonly watchCpuSeconds: number;
  readonly raised: readonly Extract<AlertEvent, { type: 'AlertRaised' }>[];
}

/** One evaluation of the watch against the real engine at two sizes of fleet, and in a storm of new signatures. */
export async function benchLook({ quick, note }: BenchRun): Promise<BenchResult> {
  const load = loadNow();
  const figures: Record<string, BenchResult['figures'][string]> = {};
  const details: Record<string, unknown> = { loadBefore: load };
  for (const { attempts, banks, ceilingSeconds, looks } of quick ? SIZES.slice(0, 1) : SIZES) {
    const measured = await withFleet(attempts, banks, note, async (fleet) => {
      const all: Look[] = [];
      for (let look = 0; look < looks; look += 1)
        all.push(await fleet.lookAt(UNTIL_MS - (looks - look) * LOOK_EVERY_MS));
      const counted = { looks: all.map(withoutEvents), ...(await fleet.transferred()), memory: fleet.peak() };
      return { seconds: all.map(({ seconds }) => seconds), counted };
    });
    const name = `${attempts / 1_000}k`;
    figures[`seconds${name}`] = figure('s / look', measured.seconds, { ceiling: ceilingSeconds });
    details[name] = measured.counted;
    note(`look at ${attempts}: ${JSON.stringify(measured.counted)}`);
  }
  const storm = await withFleet(quick ? 30_000 : 300_000, 50, note, async (fleet) => {
    const calm = await fleet.lookAt(UNTIL_MS - LOOK_EVERY_MS);
    await fillStorm(fleet.engine, STORM_SIGNATURES, STORM_DEVICES, UNTIL_MS);
    const look = await fleet.lookAt(UNTIL_MS);
    const next = await fleet.lookAt(UNTIL_MS + LOOK_EVERY_MS);
    return {
      calm: withoutEvents(calm),
      storm: withoutEvents(look),
      next: withoutEvents(next),
      raised: look.raised,
      memory: fleet.peak(),
    };
  });
  figures['stormAlerts'] = figure('alerts raised by 10,000 new signatures', [storm.raised.length], {
    ceiling: 1,
  });
  figures['stormSeconds'] = figure('s / look', [storm.storm.seconds]);
  details['storm'] = {
    ...storm,
    raised: storm.raised.map(({ basis, bank, failed, installs }) => ({ basis, bank, failed, installs })),
  };
  return { figures, details };
}

const withoutEvents = ({ raised, ...costs }: Look) => ({ ...costs, raised: raised.length });

interface Fleet {
  readonly engine: ClickHouseEngine;
  readonly lookAt: (atMs: number) => Promise<Look>;
  /** What the counting answers, as it is sent. */
  readonly transferred: () => Promise<{ rows: number; mebibytes: number }>;
  readonly peak: () => unknown;
}

async function withFleet<T>(
  attempts: number,
  banks: number,
  note: BenchRun['note'],
  work: (fleet: Fleet) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-look-'));
  const engine = await startClickHouseEngine({
    directory: join(folder, 'clickhouse'),
    passwordsFile: join(folder, 'clickhouse-passwords.json'),
    port: 0,
  });
  const client = connectClickHouse({ url: engine.urlFor('writer'), requestTimeoutMs: MOST_PATIENCE_MS });
  try {
    const writers = new ClickHouseWriters(client, 'rules-of-the-benchmark');
    await writers.prepare('blue');
    note(`making ${attempts} attempts`);
    await fillFleet(engine, { attempts, untilMs: UNTIL_MS, banks });
    const store = writers.of('blue');
    const alerts = new Map<string, Alert>();
    const memory = sampleMemory(process.pid);
    return await work({
      engine,
      lookAt: async (atMs) => {
        const [engineBefore, watchBefore] = [cpuOf(engine.pid), process.cpuUsage()];
        const startMs = performance.now();
        const told = pagesOf(alerts);
        const counts = await store.watchCounts({ atMs, told, sincesMs: [atMs - LOOK_EVERY_MS] });
        const countSeconds = secondsSince(startMs);
        const events = decide(counts, alerts);
        const seconds = secondsSince(startMs);
        const watch = process.cpuUsage(watchBefore);
        for (const event of events) applyAlertEvent(alerts, event, atMs);
        return {
          seconds: round(seconds),
          countSeconds: round(countSeconds),
          decideSeconds: round(seconds - countSeconds),
          engineCpuSeconds: round(cpuOf(engine.pid) - engineBefore),
          watchCpuSeconds: round((watch.user + watch.system) / 1e6),
          raised: events.flatMap((event) => (event.type === 'AlertRaised' ? [event] : [])),
        };
      },
      transferred: async () => {
        const question = { atMs: UNTIL_MS, told: [], sincesMs: [UNTIL_MS - LOOK_EVERY_MS] };
        const [query, format] = [watchCountsQuery('rollcall_blue'), 'JSONCompactEachRow'] as const;
        const query_params = watchCountsParameters(question);
        const text = await (await client.query({ query, query_params, format })).text();
        return { rows: text.split('\n').length - 1, mebibytes: round(text.length / 2 ** 20) };
      },
      peak: () => memory.stop(),
    });
  } finally {
    await client.close();
    await engine.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const decide = (counts: LookCounts, alerts: ReadonlyMap<string, Alert>): AlertEvent[] =>
  decideAlerts(counts, alerts, {
    isLearning: () => false,
    c2: 0.3,
    looksAWeek: looksAWeek(LOOK_EVERY_MS),
    sinceMs: counts.atMs - LOOK_EVERY_MS,
    isPast: false,
    channels: [],
  });

/** Of one process without its children; 0 when it is gone. */
const cpuOf = (pid: number | null): number =>
  pid === null ? 0 : (processTree(pid).find((one) => one.pid === pid)?.cpuSeconds ?? 0);
