import { CommandFailure, EXIT } from '../exit-codes.js';

const POLL_MS = 300;

/**
 * Asks again and again until there is an answer (not null).
 * @throws CommandFailure saying what did not happen in time; an abort's reason
 */
export async function waitFor<T>(
  what: string,
  timeoutMs: number,
  signal: AbortSignal,
  ask: () => Promise<T | null>,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    let refusal = '';
    try {
      const answer = await ask();
      if (answer !== null) return answer;
    } catch (error) {
      refusal = `; the last answer was: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (Date.now() > deadline) {
      throw new CommandFailure(EXIT.failed, `did not happen within ${timeoutMs / 1000} s: ${what}${refusal}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
