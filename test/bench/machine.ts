import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

/** What the figures were measured on. `load` = load averages (1, 5, 15 minutes) before the first benchmark. */
export function machineFacts() {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryMiB: Math.round(totalmem() / 1024 / 1024),
    platform: `${process.platform} ${release()} ${process.arch}`,
    node: process.version,
    load: loadNow(),
  };
}

/** Load average of the last minute: above 0 before a benchmark means that others use the machine too. */
export const loadNow = (): number => Math.round((loadavg()[0] ?? 0) * 100) / 100;
