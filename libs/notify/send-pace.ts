import { pause } from './post-until-taken.js';

/** Waits until one more message is allowed, then counts it. */
export type SendPace = (signal: AbortSignal | undefined) => Promise<void>;

/** At most `most` messages in any `perMs`: for receivers that punish whoever sends faster. */
export function sendPace(most: number, perMs: number): SendPace {
  const sentAtMs: number[] = [];
  return async (signal) => {
    const oldest = sentAtMs.length >= most ? sentAtMs.shift() : undefined;
    if (oldest !== undefined) {
      const waitMs = oldest + perMs - performance.now();
      if (waitMs > 0) await pause(waitMs, signal);
    }
    sentAtMs.push(performance.now());
  };
}
