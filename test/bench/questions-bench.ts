import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { startClickHouseEngine } from '#attempt-store/clickhouse-engine/clickhouse-engine.js';
import { ClickHouseFailureQuestions } from '#attempt-store/clickhouse/clickhouse-failure-questions.js';
import { ClickHouseStore } from '#attempt-store/clickhouse/clickhouse-store.js';
import { ClickHouseWriters } from '#attempt-store/clickhouse/clickhouse-writers.js';
import { connectClickHouse } from '#attempt-store/clickhouse/connection.js';
import { runClickHouse } from '../harness/ask-clickhouse.js';
import { expandMacros } from '../harness/grafana-macros.js';
import type { BenchResult, BenchRun } from './bench-run.js';
import { secondsSince } from './bench-run.js';
import { figure, round } from './figure.js';
import { loadNow } from './machine.js';
import { sampleMemory } from './memory-sampler.js';
import { fillFleet, fillReports } from './spikes/fill-histories.js';

const UNTIL_MS = Date.parse('2024-03-12T12:00:00Z');
const MONTH_MS = 30 * 24 * 3_600_000;
const BANKS = 200;
const PAGE = { limit: 100 };
/** What the embedded engine allows a reader. */
const CEILING_SECONDS = 30;
/** So long may the filling take on a machine that others use too. */
const MOST_PATIENCE_MS = 900_000;

const DASHBOARDS = 'dashboards/generated';

interface ShownDashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly rawSql: string }[];
  }[];
}

/**
 * Every question of the console and every panel of Grafana over a large fleet, with the rights and limits of those who
 * ask: one that needs more memory or time than they have fails the benchmark.
 */
export async function benchQuestions({ quick, note }: BenchRun): Promise<BenchResult> {
  const attempts = quick ? 300_000 : 5_000_000;
  const reports = attempts * 2;
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-questions-'));
  const engine = await startClickHouseEngine({
    directory: join(folder, 'clickhouse'),
    passwordsFile: join(folder, 'clickhouse-passwords.json'),
    port: 0,
  });
  const memory = sampleMemory(process.pid);
  const writer = connectClickHouse({ url: engine.urlFor('writer'), requestTimeoutMs: MOST_PATIENCE_MS });
  const reader = connectClickHouse({ url: engine.urlFor('reader'), requestTimeoutMs: MOST_PATIENCE_MS });
  try {
    const writers = new ClickHouseWriters(writer, 'rules-of-the-benchmark');
    await writers.prepare('blue');
    await writers.publish('blue');
    note(`making ${attempts} attempts and ${reports} reports`);
    const fleet = { attempts, untilMs: UNTIL_MS, banks: BANKS };
    await fillFleet(engine, fleet);
    await fillReports(engine, { ...fleet, attempts: reports });
    // What a rebuild would make of them.
    await writers.prepare('green');
    await fillFleet(engine, { ...fleet, generation: 'green' });
    await fillReports(engine, { ...fleet, attempts: reports, generation: 'green' });
    const load = loadNow();
    const seconds: Record<string, number> = {};
    const ask = async <T>(name: string, question: () => Promise<T>): Promise<T> => {
      const startMs = performance.now();
      const answer = await question().catch((error: unknown) => {
        throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
      });
      seconds[name] = round(secondsSince(startMs));
      note(`questions: ${name}: ${seconds[name]} s`);
      return answer;
    };
    const live = () => Promise.resolve('blue' as const);
    const store = new ClickHouseStore(reader, live);
    const failures = new ClickHouseFailureQuestions(reader, live);
    const status = await ask('status', () => store.status(null));
    const { items } = await ask('cohorts', () => store.cohorts({ bank: null }, PAGE));
    const [cohort] = items;
    if (!cohort || status.reports !== reports * 0.9)
      throw new Error(`${status.reports} reports counted of ${reports * 0.9}, ${items.length} cohorts`);
    const { bank, build, kb, cohortId } = cohort;
    await ask('cohort', () => store.cohort(null, cohortId));
    await ask('explanation', () =>
      failures.explanationRows(null, { ...cohort, signatureId: cohort.signature.id }),
    );
    await ask('attempts', () => store.attempts({ bank: null }, PAGE));
    await ask('attempts of a cohort', () => store.attempts({ bank, build, kb }, PAGE));
    await ask('device', () => store.device(null, 'device-00000042'));
    for (const name of readdirSync(DASHBOARDS)) {
      const { panels } = JSON.parse(readFileSync(join(DASHBOARDS, name), 'utf8')) as ShownDashboard;
      for (const { title, targets } of panels)
        for (const { rawSql } of targets) {
          const shown = { variables: {}, fromMs: UNTIL_MS - MONTH_MS, toMs: UNTIL_MS };
          await ask(`${basename(name, '.json')}: ${title}`, () =>
            runClickHouse(engine, 'grafana', expandMacros(rawSql, shown)),
          );
        }
    }
    const differences = await ask('rebuild --verify', () => writers.differences(PAGE.limit));
    if (differences.length > 0)
      throw new Error(`of two equal generations these differ: ${differences.join(', ')}`);
    const { 'rebuild --verify': verified, ...asked } = seconds;
    const slowest = Math.max(...Object.values(asked));
    return {
      figures: {
        slowest: figure('s, slowest question', [slowest], { ceiling: CEILING_SECONDS }),
        verified: figure('s, comparing two generations', [verified ?? 0]),
      },
      details: { attempts, reports, seconds, memory: memory.stop(), loadBefore: load },
    };
  } finally {
    await Promise.all([writer.close(), reader.close()]);
    await engine.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
