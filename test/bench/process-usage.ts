import { readFileSync, readdirSync } from 'node:fs';

/** CPU and memory of one process, from /proc. */
export interface ProcessUsage {
  readonly pid: number;
  readonly parentPid: number;
  readonly command: string;
  /** User and system time since it began, with that of children that have ended. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

/** The kernel counts CPU in hundredths of a second on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4_096;

/** A process and everything below it; empty when it is gone. Linux only. */
export function processTree(rootPid: number): ProcessUsage[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readUsage(Number(name)) ?? []);
  const tree = all.filter(({ pid }) => pid === rootPid);
  for (const parent of tree) tree.push(...all.filter(({ parentPid }) => parentPid === parent.pid));
  return tree;
}

export const sumRssBytes = (processes: readonly ProcessUsage[]): number =>
  processes.reduce((sum, { rssBytes }) => sum + rssBytes, 0);

export const sumCpuSeconds = (processes: readonly ProcessUsage[]): number =>
  processes.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);

function readUsage(pid: number): ProcessUsage | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces; the fields after it are numbered from 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const field = (number: number): number => Number(fields[number - 3]);
    const ticks = field(14) + field(15) + field(16) + field(17);
    return {
      pid,
      parentPid: field(4),
      command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim(),
      cpuSeconds: ticks / TICKS_PER_SECOND,
      rssBytes: field(24) * PAGE_BYTES,
    };
  } catch {
    return null; // It ended meanwhile.
  }
}
