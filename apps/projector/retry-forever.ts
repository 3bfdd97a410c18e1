import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 10_000;

interface RetryListener {
  noteRetry(what: string, error: unknown, waitMs: number): void;
}

/**
 * Does `work` until it succeeds: nothing is skipped because the store or the log is away. Waits 0.1 s, doubling to
 * 10 s, with jitter. undefined when the signal ended the trying.
 * @throws what `work` threw, when `isFinal` says that trying again cannot help
 */
export async function retryForever<T>(
  what: string,
  work: () => Promise<T>,
  listener: RetryListener,
  signal: AbortSignal,
  isFinal: (error: unknown) => boolean = () => false,
): Promise<T | undefined> {
  let waitMs = FIRST_WAIT_MS;
  // The signal changes while we wait; asking it anew each time is the point.
  const stopped = () => signal.aborted;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (stopped()) return undefined;
      if (isFinal(error)) throw error;
      listener.noteRetry(what, error, waitMs);
    }
    await sleep(waitMs * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
    if (stopped()) return undefined;
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  }
}
