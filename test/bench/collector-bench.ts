import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  childEnvironment,
  HEAP_LIMIT_MIB,
  SEMI_SPACE_MIB,
} from '../../apps/rollcall/up/child-environment.js';
import { freePort } from '#runtime/free-port.js';
import { openDataDirectory } from '#runtime/data-directory.js';
import { secondsSince, waitMs } from './bench-run.js';
import type { BenchResult, BenchRun } from './bench-run.js';
import { connectCollector } from './collector-client.js';
import { figure, median, percentile, round } from './figure.js';
import { makeInstallation } from './installation.js';
import type { Installation } from './installation.js';
import { loadNow } from './machine.js';
import { processTree, sumCpuSeconds } from './process-usage.js';
import { makeBodies, ROWS_PER_REQUEST } from './request-bodies.js';

const FLOOR_PER_SECOND = 45_000;
const BANKS = 8;
const CONNECTIONS = 16;
const BODIES = 200;
/** So many rows until the code is compiled. */
const WARM_UP_ROWS = 100_000;
const collectorScript = fileURLToPath(new URL('../../apps/collector/main.js', import.meta.url));

interface Measured {
  readonly perSecond: number;
  readonly cpuMicrosPerRow: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Attempts accepted a second (202 = on disk in the log) by a collector process of its own; nobody projects them. */
export async function benchCollector(
  { quick, note }: BenchRun,
  { kafka, floor }: { readonly kafka?: string; readonly floor: number } = { floor: FLOOR_PER_SECOND },
): Promise<BenchResult> {
  const bodies = makeBodies(BODIES);
  const load = loadNow();
  const runs = await measureRuns(bodies, quick ? 3 : 5, quick ? 5 : 12, note, kafka);
  const of = (pick: (run: Measured) => number): number[] => runs.map(pick);
  const cpuMicros = figure(
    'µs CPU/attempt',
    of(({ cpuMicrosPerRow }) => cpuMicrosPerRow),
  );
  return {
    figures: {
      acceptedPerSecond: figure(
        'attempts/s',
        of(({ perSecond }) => perSecond),
        { floor },
      ),
      cpuMicros,
      requestP50: figure(
        'ms',
        of(({ p50Ms }) => p50Ms),
      ),
      requestP99: figure(
        'ms',
        of(({ p99Ms }) => p99Ms),
      ),
    },
    details: {
      rowsPerRequest: ROWS_PER_REQUEST,
      connections: CONNECTIONS,
      bytesPerRequest: median(bodies.map(({ length }) => length)),
      loadBefore: load,
      attemptsPerCpuSecond: Math.round(1e6 / cpuMicros.median),
    },
  };
}

/** One collector, warm before the clock starts, measured several times. */
async function measureRuns(
  bodies: readonly Buffer[],
  runs: number,
  seconds: number,
  note: BenchRun['note'],
  kafka: string | undefined,
): Promise<Measured[]> {
  const installation = await makeInstallation(BANKS, kafka);
  const { collector, port } = await startCollector(installation);
  const client = connectCollector(port, CONNECTIONS);
  const pid = collector.pid ?? 0;
  let requests = 0;
  const sendWhile = async (wanted: (accepted: number) => boolean) => {
    const latenciesMs: number[] = [];
    let accepted = 0;
    const sendInTurn = async (): Promise<void> => {
      while (wanted(accepted)) {
        const number = requests++;
        const body = bodies[Math.floor(number / BANKS) % bodies.length] ?? Buffer.alloc(0);
        const sentMs = performance.now();
        const taken = await client.post(body, installation.tokens[number % BANKS] ?? '');
        accepted += taken;
        latenciesMs.push(performance.now() - sentMs);
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, sendInTurn));
    return { accepted, latenciesMs };
  };
  const measureOnce = async (): Promise<Measured> => {
    const cpuBefore = sumCpuSeconds(processTree(pid));
    const startMs = performance.now();
    const { accepted, latenciesMs } = await sendWhile(() => secondsSince(startMs) < seconds);
    const perSecond = accepted / secondsSince(startMs);
    const cpuMicrosPerRow = ((sumCpuSeconds(processTree(pid)) - cpuBefore) / accepted) * 1e6;
    note(`collector: ${Math.round(perSecond)}/s, ${round(cpuMicrosPerRow)} µs CPU a row`);
    return {
      perSecond,
      cpuMicrosPerRow,
      p50Ms: percentile(latenciesMs, 0.5),
      p99Ms: percentile(latenciesMs, 0.99),
    };
  };
  try {
    await sendWhile((accepted) => accepted < WARM_UP_ROWS);
    const measured: Measured[] = [];
    for (let run = 0; run < runs; run += 1) measured.push(await measureOnce());
    return measured;
  } finally {
    client.close();
    const exited = once(collector, 'exit');
    collector.kill('SIGTERM');
    await exited;
    installation.remove();
  }
}

/** The collector with the environment and limits that `rollcall up` gives it. */
async function startCollector(
  installation: Installation,
): Promise<{ collector: ChildProcess; port: number }> {
  const port = await freePort();
  const data = openDataDirectory(installation.data);
  const collector = spawn(
    process.execPath,
    [
      `--max-old-space-size=${HEAP_LIMIT_MIB.collector}`,
      `--max-semi-space-size=${SEMI_SPACE_MIB.collector}`,
      collectorScript,
    ],
    {
      env: childEnvironment(
        { data, port, logLevel: 'warn' },
        { ...process.env, ...installation.environment },
      ),
      cwd: join(installation.data, '..'),
      stdio: ['pipe', 'ignore', 'inherit'],
    },
  );
  for (;;) {
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return { collector, port };
    if (collector.exitCode !== null) throw new Error('the collector ended before it was ready');
    await waitMs(50);
  }
}
