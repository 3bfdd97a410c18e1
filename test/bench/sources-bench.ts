import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { BenchResult, BenchRun } from './bench-run.js';
import { figure, round } from './figure.js';
import type { Figure } from './figure.js';

const here = dirname(fileURLToPath(import.meta.url));
/** A real event log beside the project: no such file can be made up, so without it that figure is left out. */
const EVENT_LOG = join(here, '../../../../shared/corpus/evtx/win10_system_desktop-2kgm189.evtx');
const MB = 1e6;

interface Reading {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly bytes: number;
  readonly records: number;
  readonly reports: number;
  readonly nodeRssBytes: number;
  readonly peakRssBytes: number;
}

/** How fast the readers of logs are on one core, and how much memory a log of 2 GB takes. */
export async function benchSources({ quick, note }: BenchRun): Promise<BenchResult> {
  const runs = quick ? 2 : 3;
  const cbs = await readings(runs, ['cbs', String((quick ? 200 : 2_000) * MB)]);
  const windowsUpdate = await readings(runs, ['wu', String((quick ? 200 : 400) * MB)]);
  const figures: Record<string, Figure> = {
    cbsMegabytesPerSecond: figure('MB/s', cbs.map(speed), { floor: 40 }),
    cbsMemory: figure('MB above Node itself', cbs.map(memory), { ceiling: 250 }),
    windowsUpdateMegabytesPerSecond: figure('MB/s', windowsUpdate.map(speed), { floor: 40 }),
  };
  const hasEventLog = existsSync(EVENT_LOG);
  if (hasEventLog) {
    const eventLogs = await readings(runs, ['evtx', quick ? '30000' : '60000', EVENT_LOG]);
    figures['eventLogRecordsPerSecond'] = figure(
      'records/s',
      eventLogs.map(({ records, cpuSeconds }) => records / cpuSeconds),
      { floor: 8_000 },
    );
  }
  for (const [name, { median, unit }] of Object.entries(figures)) note(`sources: ${name} ${median} ${unit}`);
  return {
    figures,
    details: {
      cbs: cbs.map(described),
      windowsUpdate: windowsUpdate.map(described),
      ...(!hasEventLog && { eventLog: 'no real event log beside the project: not measured' }),
    },
  };
}

/** By CPU: "on one core" must not depend on what else the machine does. The clock's time is in the details. */
const speed = ({ bytes, cpuSeconds }: Reading): number => bytes / MB / cpuSeconds;
const memory = ({ peakRssBytes, nodeRssBytes }: Reading): number => (peakRssBytes - nodeRssBytes) / MB;
const described = ({ bytes, seconds, cpuSeconds, records, reports }: Reading) => ({
  bytes,
  seconds: round(seconds),
  cpuSeconds: round(cpuSeconds),
  records,
  reports,
});

async function readings(runs: number, args: readonly string[]): Promise<Reading[]> {
  const found: Reading[] = [];
  for (let run = 0; run < runs; run += 1) {
    const { stdout } = await promisify(execFile)(process.execPath, [join(here, 'read-source.js'), ...args]);
    found.push(JSON.parse(stdout) as Reading);
  }
  return found;
}
