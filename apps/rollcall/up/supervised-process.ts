import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** One child as the supervisor wants it. */
export interface ProcessPlan {
  readonly name: string;
  /** Node options, script and arguments. */
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Answers 2xx when the child can work. */
  readonly readyUrl: string;
}

export interface ProcessEvents {
  readonly line: (name: string, text: string) => void;
  readonly exited: (name: string, how: string, againInMs: number | null) => void;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
/**
 * Who was ready and went on for so long is healthy: the next pause is short again. One that ends again and again
 * after this costs at most a start every few seconds; one that never gets ready waits longer and longer.
 */
const HEALTHY_AFTER_MS = 5_000;
/** So many ends before it was ever ready mean a wrong configuration, which waiting does not cure. */
const START_ATTEMPTS = 4;
const POLL_MS = 100;
/** A child that was not ready for long may wait for another (the projector for the store): ask it less often. */
const LONGEST_POLL_MS = 1_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Keeps one child running: starts it again with growing pauses until it is stopped. */
export class SupervisedProcess {
  private child: ChildProcess | null = null;
  private stopping = false;
  private everReady = false;
  /** When the child of now first answered on its ready URL. */
  private readyAtMs: number | null = null;
  private endsBeforeReady = 0;
  private pauseMs = FIRST_PAUSE_MS;
  private restartTimer: NodeJS.Timeout | null = null;
  private lastLines: string[] = [];

  constructor(
    readonly plan: ProcessPlan,
    private readonly events: ProcessEvents,
  ) {}

  get pid(): number | undefined {
    return this.child?.pid;
  }

  start(): void {
    // Its own process group: Ctrl-C reaches the supervisor only, which then stops all in order.
    // stdin stays open as lifeline: the child ends when it closes, that is when the supervisor is gone.
    const child = spawn(process.execPath, [...this.plan.args], {
      env: this.plan.environment,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    this.child = child;
    child.stdin.on('error', () => undefined);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (text) => {
        this.lastLines = [...this.lastLines.slice(-9), text];
        this.events.line(this.plan.name, text);
      });
    }
    child.once('error', (error) => {
      this.events.line(this.plan.name, error.message);
    });
    child.once('exit', (code, signal) => {
      this.ended(code, signal);
    });
    void this.watchReadiness(child);
  }

  private async watchReadiness(child: ChildProcess): Promise<void> {
    for (let pollMs = POLL_MS; this.child === child; pollMs = Math.min(pollMs * 1.2, LONGEST_POLL_MS)) {
      const ready = await isReady(this.plan.readyUrl);
      if (this.child !== child) return;
      if (ready) {
        this.readyAtMs = Date.now();
        this.everReady = true;
        return;
      }
      await sleep(pollMs, undefined, { ref: false });
    }
  }

  private ended(code: number | null, signal: NodeJS.Signals | null): void {
    const wasHealthy = this.readyAtMs !== null && Date.now() - this.readyAtMs >= HEALTHY_AFTER_MS;
    this.child = null;
    this.readyAtMs = null;
    const how = signal === null ? `exit code ${code ?? '?'}` : `signal ${signal}`;
    if (this.stopping) {
      this.events.exited(this.plan.name, how, null);
      return;
    }
    if (!this.everReady) this.endsBeforeReady += 1;
    if (wasHealthy) this.pauseMs = FIRST_PAUSE_MS;
    const againInMs = this.pauseMs;
    this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
    this.events.exited(this.plan.name, how, againInMs);
    this.restartTimer = setTimeout(() => {
      if (!this.stopping) this.start();
    }, againInMs);
  }

  /** Resolves when the child answers on its ready URL. @throws Error when it keeps ending, with its last words */
  async whenReady(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (this.readyAtMs === null) {
      signal?.throwIfAborted();
      if (this.endsBeforeReady >= START_ATTEMPTS)
        throw this.startFailure(`ended ${this.endsBeforeReady} times`);
      if (Date.now() > deadline) throw this.startFailure(`is not ready after ${timeoutMs / 1000} s`);
      await pause(POLL_MS);
    }
  }

  private startFailure(what: string): Error {
    return new Error(`the ${this.plan.name} ${what}; its last words:\n${this.lastLines.join('\n')}`);
  }

  /** Asks the child to end and waits for it; after `budgetMs` it is killed. */
  async stop(budgetMs: number): Promise<void> {
    this.stopping = true;
    if (this.restartTimer) clearTimeout(this.restartTimer);
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) =>
      child.once('exit', () => {
        resolve();
      }),
    );
    child.kill('SIGTERM');
    const hardStop = setTimeout(() => child.kill('SIGKILL'), budgetMs);
    await gone;
    clearTimeout(hardStop);
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(2_000),
      headers: { connection: 'close' },
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
