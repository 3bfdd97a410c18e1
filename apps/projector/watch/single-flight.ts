/** What a failing run waits before it is tried again, doubled up to a minute. */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

/**
 * Runs one piece of work in the background, never twice at a time. A request while it runs means one more run after it.
 * A run that throws is reported and tried again by itself; nothing is ever rejected to whoever requested it.
 */
export class SingleFlight {
  private running: Promise<void> | null = null;
  private requested = false;
  private stopped = false;
  private retryMs = FIRST_RETRY_MS;
  private retryTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly work: (signal: AbortSignal) => Promise<void>,
    private readonly onFailure: (error: unknown, retryMs: number) => void,
    private readonly stopping = new AbortController(),
  ) {}

  /** Asks for a run; resolves when it, or its first failure, is over. */
  request(): Promise<void> {
    if (this.stopped) return Promise.resolve();
    this.requested = true;
    this.running ??= this.run().finally(() => (this.running = null));
    return this.running;
  }

  /** No further run; the current one is told to stop and waited for. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.retryTimer);
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    clearTimeout(this.retryTimer);
    try {
      while (this.requested && !this.stopping.signal.aborted) {
        this.requested = false;
        await this.work(this.stopping.signal);
      }
      this.retryMs = FIRST_RETRY_MS;
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      this.onFailure(error, this.retryMs);
      this.retryTimer = setTimeout(() => void this.request(), this.retryMs).unref();
      this.retryMs = Math.min(this.retryMs * 2, LONGEST_RETRY_MS);
    }
  }
}
