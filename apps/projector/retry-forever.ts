import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 10_000;

interface RetryListener {
  noteRetry(what: string, error: unknown, waitMs: number): void;
}

/**
 * Does `work` until it succeeds: nothing is skipped because the store or the log is away. Waits 0.1 s, doubling to
 * 10 s, with jitter. undefined when the signal ended the trying.
 */
export async function retryForever<T>(
  what: string,
  work: () => Promise<T>,
  listener: RetryListener,
  signal: AbortSignal,
): Promise<T | undefined> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) return undefined;
      listener.noteRetry(what, error, waitMs);
      await sleep(waitMs * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return undefined;
    }
  }
}
