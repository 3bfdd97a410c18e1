import { readFileSync } from 'node:fs';
import { roleOf } from './product-roles.js';
import { processTree, sumRssBytes } from './process-usage.js';

const SAMPLE_EVERY_MS = 500;

/** The most memory that all processes of a product held at one moment. */
export interface MemoryPeak {
  /** Sum of the resident sets: pages that several processes share count in each of them. */
  readonly rssBytes: number;
  /** The same moment without pages of files (the log is read through a memory map, which the kernel takes back at will). */
  readonly anonymousBytes: number;
  readonly rssMiBByProcess: Readonly<Record<string, number>>;
}

/** Samples the memory of a process tree until `stop`, which answers the largest sum seen. */
export function sampleMemory(rootPid: number): { stop: () => MemoryPeak } {
  let peak: MemoryPeak = { rssBytes: 0, anonymousBytes: 0, rssMiBByProcess: {} };
  const sample = (): void => {
    const processes = processTree(rootPid);
    const rssBytes = sumRssBytes(processes);
    if (rssBytes <= peak.rssBytes) return;
    peak = {
      rssBytes,
      anonymousBytes: processes.reduce((sum, { pid }) => sum + anonymousBytes(pid), 0),
      rssMiBByProcess: Object.fromEntries(
        processes.map((process) => [roleOf(process), Math.round(process.rssBytes / 1024 / 1024)]),
      ),
    };
  };
  sample();
  const timer = setInterval(sample, SAMPLE_EVERY_MS).unref(); // A benchmark that failed must end.
  return {
    stop: () => {
      clearInterval(timer);
      sample();
      return peak;
    },
  };
}

function anonymousBytes(pid: number): number {
  try {
    const kib = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kib ?? 0) * 1024;
  } catch {
    return 0; // It ended meanwhile.
  }
}
