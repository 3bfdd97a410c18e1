import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startClickHouseEngine } from '#attempt-store/clickhouse-engine/clickhouse-engine.js';
import type { BenchResult, BenchRun, Skipped } from './bench-run.js';
import { secondsSince } from './bench-run.js';
import { figure, round } from './figure.js';
import type { Figure } from './figure.js';
import { sumCpuSeconds, processTree } from './process-usage.js';
import { readScenario } from './spikes/scenario.js';
import { watchTwice } from './spikes/watch-product.js';

/** All scored weeks of a small fleet, and the week of a Patch Tuesday of a large one. */
const PARTS = [
  { name: 's4-small', fromHour: 28 * 24, untilHour: Infinity },
  { name: 's3-late', fromHour: 36 * 24, untilHour: 43 * 24 },
] as const;
const QUICK_HOURS = 72;

/** Scenarios through collector, log, ClickHouse and watch, with hourly looks: the same alerts as of the pure functions? */
export async function benchSpikesProduct(
  { quick, note }: BenchRun,
  directory: string,
): Promise<BenchResult | Skipped> {
  if (!existsSync(directory)) return { skipped: `${directory} is not here: name a folder of scenarios` };
  const figures: Record<string, Figure> = {};
  const details: Record<string, unknown> = {};
  for (const { name, fromHour, untilHour: lastHour } of quick ? PARTS.slice(0, 1) : PARTS) {
    const scenario = readScenario(directory, name);
    const untilHour = Math.min(scenario.hours, quick ? fromHour + QUICK_HOURS : lastHour);
    const folder = mkdtempSync(join(tmpdir(), 'rollcall-spikes-'));
    const engine = await startClickHouseEngine({
      directory: join(folder, 'clickhouse'),
      passwordsFile: join(folder, 'clickhouse-passwords.json'),
      port: 0,
    });
    const [startMs, before] = [performance.now(), sumCpuSeconds(processTree(process.pid))];
    try {
      const { product, pure, looks } = await watchTwice(
        scenario,
        { fromHour, untilHour },
        engine.urlFor('writer'),
        (text) => {
          note(`${name}: ${text}`);
        },
      );
      const [inProduct, inPure] = [new Set(product), new Set(pure)];
      const onlyProduct = product.filter((line) => !inPure.has(line));
      const onlyPure = pure.filter((line) => !inProduct.has(line));
      figures[`${name} unequal`] = figure(
        'events that only one of both has',
        [onlyProduct.length + onlyPure.length],
        {
          ceiling: 0,
        },
      );
      details[name] = {
        fromHour,
        untilHour,
        looks,
        seconds: round(secondsSince(startMs)),
        cpuSeconds: round(sumCpuSeconds(processTree(process.pid)) - before),
        equal: product.filter((line) => inPure.has(line) && line.includes(' AlertRaised ')),
        equalEvents: product.filter((line) => inPure.has(line)).length,
        onlyProduct,
        onlyPure,
      };
    } finally {
      await engine.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return { figures, details };
}
