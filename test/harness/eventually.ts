import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 100;

/**
 * Asks until the answer is not null; a refusal (a rejected promise) is asked again. Patient, because a loaded machine
 * is slow without being wrong.
 * @throws Error saying what did not happen, with the last refusal
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | null> | T | null,
  timeoutMs = 60_000,
  pollMs = POLL_MS,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let refusal: unknown;
  while (performance.now() < deadline) {
    try {
      const answer = await ask();
      if (answer !== null) return answer;
    } catch (error) {
      refusal = error;
    }
    await sleep(pollMs);
  }
  throw new Error(`did not happen within ${timeoutMs / 1_000} s: ${what}`, { cause: refusal });
}
