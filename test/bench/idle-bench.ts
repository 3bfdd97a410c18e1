import { secondsSince, waitMs } from './bench-run.js';
import type { BenchResult, BenchRun } from './bench-run.js';
import { figure, round } from './figure.js';
import type { Product } from './installation.js';
import { loadNow } from './machine.js';
import { cpuByRole } from './product-roles.js';

const CEILING_PERCENT = 5;
/** After load, ClickHouse merges for a while: that is work, not idling. */
const SETTLE_MS = 20_000;

/** CPU of all processes without traffic, in percent of one core. */
export async function benchIdle({ quick, note }: BenchRun, product: Product): Promise<BenchResult> {
  await waitMs(SETTLE_MS);
  const load = loadNow();
  const windowSeconds = quick ? 15 : 30;
  const runs: number[] = [];
  let byProcess: Readonly<Record<string, number>> = {};
  for (let run = 0; run < 2; run += 1) {
    const before = cpuByRole(product.pid);
    const startMs = performance.now();
    await waitMs(windowSeconds * 1_000);
    const seconds = secondsSince(startMs);
    const percents = [...cpuByRole(product.pid)].map(
      ([role, cpu]) => [role, ((cpu - (before.get(role) ?? 0)) / seconds) * 100] as const,
    );
    runs.push(percents.reduce((sum, [, percent]) => sum + percent, 0));
    byProcess = Object.fromEntries(percents.map(([role, percent]) => [role, round(percent)]));
    note(`idle: ${round(runs.at(-1) ?? 0)} % of one core`);
  }
  return {
    figures: { cpuPercent: figure('% of one core', runs, { ceiling: CEILING_PERCENT }) },
    details: { windowSeconds, percentByProcess: byProcess, loadBefore: load },
  };
}
