import { setFlagsFromString } from 'node:v8';

/** In percent of the way from what the last marking left to the limit of the old heap. */
const LATE_PERCENT = 80;
/** What a heap has beyond this is for peaks, such as a look over millions of reports: it is marked as one of this size. */
const USUAL_LIMIT_MIB = 512;

/** @param limitMiB of the old heap, as `--max-old-space-size` */
export function markLateFlags(limitMiB: number): readonly string[] {
  const percent = Math.round(LATE_PERCENT * Math.min(1, USUAL_LIMIT_MIB / limitMiB));
  return [
    `--incremental-marking-soft-trigger=${percent}`,
    `--incremental-marking-hard-trigger=${percent + 10}`,
  ];
}

/**
 * Lets V8 begin to mark the old heap when it is nearly full. Left alone it begins as soon as there is less room than the
 * young heap could fill; ours is large, so everything was marked three times a second (docs/decisions/0190). The limit
 * of the heap stays what it was.
 */
export function markLate(): void {
  const limit = /--max-old-space-size=(\d+)/.exec(process.execArgv.join(' '))?.[1];
  for (const flag of markLateFlags(Number(limit ?? USUAL_LIMIT_MIB))) setFlagsFromString(flag);
}
