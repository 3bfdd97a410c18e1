import { setFlagsFromString } from 'node:v8';

/** In percent of the way from what the last marking left to the limit of the old heap. */
export const MARK_LATE_FLAGS = [
  '--incremental-marking-soft-trigger=80',
  '--incremental-marking-hard-trigger=90',
] as const;

/**
 * Lets V8 begin to mark the old heap when it is nearly full. Left alone it begins as soon as there is less room than the
 * young heap could fill; ours is large, so everything was marked three times a second (docs/decisions/0190). The limit
 * of the heap stays what it was.
 */
export function markLate(): void {
  for (const flag of MARK_LATE_FLAGS) setFlagsFromString(flag);
}
