import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchResult, BenchRun } from './bench-run.js';
import { figure, round } from './figure.js';
import type { Installation, Product } from './installation.js';
import { loadNow } from './machine.js';
import { cpuByRole, cpuSecondsPerThousand } from './product-roles.js';
import { processTree } from './process-usage.js';

const FLOOR_PER_SECOND = 40_000;
const SETTLES_WITHIN_MS = 3_000;

/** `rollcall rebuild` of everything the log holds, while the product runs without traffic. */
export async function benchRebuild(
  { quick, note }: BenchRun,
  installation: Installation,
  product: Product,
): Promise<BenchResult> {
  const load = loadNow();
  const runs: { events: number; eventsPerSecond: number; cpu: Readonly<Record<string, number>> }[] = [];
  for (let run = 0; run < (quick ? 1 : 3); run += 1) {
    const before = await settled(product);
    const cpuBefore = cpuByRole(product.pid);
    const rebuilder = watchRebuilder();
    const { events, eventsPerSecond } = JSON.parse(await installation.rollcall('rebuild', '--json')) as {
      events: number;
      eventsPerSecond: number;
    };
    const cpuAfter = cpuByRole(product.pid).set('rebuild', rebuilder.stop());
    const after = await product.status();
    if (after.reports !== before.reports || after.generation === before.generation) {
      throw new Error(`the rebuild made ${JSON.stringify(after)} out of ${JSON.stringify(before)}`);
    }
    const cpu = cpuSecondsPerThousand(cpuBefore, cpuAfter, events);
    note(`rebuild: ${eventsPerSecond}/s, CPU s for 1,000: ${JSON.stringify(cpu)}`);
    runs.push({ events, eventsPerSecond, cpu });
  }
  return {
    figures: {
      eventsPerSecond: figure(
        'events/s',
        runs.map(({ eventsPerSecond }) => eventsPerSecond),
        { floor: FLOOR_PER_SECOND },
      ),
      cpuSecondsPer1000: figure(
        'CPU s / 1,000 events, all processes',
        runs.map(({ cpu }) => cpu['all'] ?? 0),
      ),
    },
    details: { events: runs[0]?.events, cpuSecondsPer1000: runs.map(({ cpu }) => cpu), loadBefore: load },
  };
}

/** The store once nothing is under way any more of what benchmarks before sent. */
async function settled(product: Product): ReturnType<Product['status']> {
  for (let before = await product.status(); ;) {
    await sleep(SETTLES_WITHIN_MS);
    const now = await product.status();
    if (now.reports === before.reports) return now;
    before = now;
  }
}

/** CPU of the rebuilding process, a grandchild of this one: looked at until it ends. */
function watchRebuilder(): { stop: () => number } {
  let cpuSeconds = 0;
  const look = (): void => {
    const rebuilding = processTree(process.pid).find(({ command }) => command.includes('main.js --rebuild'));
    cpuSeconds = Math.max(cpuSeconds, rebuilding?.cpuSeconds ?? 0);
  };
  const timer = setInterval(look, 100);
  return {
    stop: () => {
      clearInterval(timer);
      return round(cpuSeconds);
    },
  };
}
