/** Wakes readers of this process when it has appended. Readers of other processes look every `pollMs`. */
export class Doorbell {
  private readonly waiting = new Set<() => void>();

  constructor(private readonly pollMs: number) {}

  ring(): void {
    for (const wake of [...this.waiting]) wake();
  }

  /** Resolves at the next ring, after `maxWaitMs`, at the next poll, or when the signal aborts: whichever comes first. */
  wait(maxWaitMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.waiting.delete(wake);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.max(0, Math.min(maxWaitMs, this.pollMs)));
      this.waiting.add(wake);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }
}
