import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { checkEngineContract } from './engine-contract.js';
import { startEngineChild } from './engine-child.js';
import type { EngineChild, EngineExit } from './engine-child.js';
import { assertBank, writeEngineFiles } from './engine-files.js';
import type { EngineFilesOptions } from './engine-files.js';
import { ensurePasswords } from './engine-passwords.js';
import type { EnginePasswords } from './engine-passwords.js';
import { DirectoryInUseError, EngineStartError, PortInUseError } from './engine-words.js';
import { startHeaderProxy } from './header-proxy.js';
import type { HeaderProxy } from './header-proxy.js';

/** What happens to the engine after `startClickHouseEngine`; tell it in the log. */
export type EngineEvent =
  | { readonly kind: 'started'; readonly pid: number; readonly startMs: number }
  | { readonly kind: 'exited'; readonly exit: EngineExit; readonly restartInMs: number }
  | { readonly kind: 'start-failed'; readonly error: Error; readonly restartInMs: number };

export interface EngineOptions extends EngineFilesOptions {
  /** File of generated passwords, 0600; made or completed when needed. */
  readonly passwordsFile: string;
  /** Public port; 0 = a free one. Default 8123. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Banks that get a reader of their own. */
  readonly banks?: readonly string[];
  /** Compiled `engine-process.js`; default: beside this file. */
  readonly entry?: string;
  /** A directory that is in use may belong to an engine that is just ending: wait so long for it. Default 10 s. */
  readonly waitForDirectoryMs?: number;
  readonly onEvent?: (event: EngineEvent) => void;
}

/** A ClickHouse on this machine, kept running until `stop`. */
export interface ClickHouseEngine {
  /** `http://127.0.0.1:8123`, without a user. */
  readonly url: string;
  readonly port: number;
  readonly passwords: EnginePasswords;
  /** Process id of the engine; null while it is away. */
  readonly pid: number | null;
  /** `http://user:password@127.0.0.1:8123` */
  urlFor(user: string): string;
  /**
   * Makes sure that each of these banks has its reader (`bank_<name>`). New ones cost one restart of the engine (about
   * a second, in which questions wait): this build reads its users only at start, `SYSTEM RELOAD USERS` changes nothing
   * (measured).
   */
  addBankReaders(banks: readonly string[]): Promise<void>;
  /** Running queries and inserts finish (8 s at most); then the port is closed. */
  stop(): Promise<void>;
}

const DEFAULT_PORT = 8123;
const FIRST_BACKOFF_MS = 250;
const PORTS_TRIED = 3;
const LONGEST_BACKOFF_MS = 10_000;
/** An engine that lived so long was well: the next exit starts the back-off anew. */
const WELL_AFTER_MS = 60_000;

/**
 * Starts ClickHouse on this machine and the proxy in front of it; restarts the engine when it ends.
 * @throws EngineStartError in words for an operator (port busy, directory in use, packages missing, contract broken)
 */
export async function startClickHouseEngine(options: EngineOptions): Promise<ClickHouseEngine> {
  const proxy = await listenOrExplain(options);
  const supervisor = new EngineSupervisor(options, proxy);
  try {
    await supervisor.startFirst();
  } catch (error) {
    await proxy.close();
    throw error;
  }
  return supervisor;
}

async function listenOrExplain(options: EngineOptions): Promise<HeaderProxy> {
  const port = options.port ?? DEFAULT_PORT;
  const host = options.host ?? '127.0.0.1';
  try {
    return await startHeaderProxy({ host, port });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason =
      code === 'EADDRINUSE'
        ? `port ${port} is in use: choose another with --clickhouse-port or stop what holds it`
        : `cannot listen on ${host}:${port} for ClickHouse (${code ?? String(error)})`;
    throw new EngineStartError(reason, { cause: error });
  }
}

class EngineSupervisor implements ClickHouseEngine {
  readonly url: string;
  readonly port: number;
  passwords: EnginePasswords;
  private readonly banks: Set<string>;
  private child: EngineChild | null = null;
  private stopping = false;
  private restarting: Promise<void> = Promise.resolve();
  private readonly awake = new AbortController();

  constructor(
    private readonly options: EngineOptions,
    private readonly proxy: HeaderProxy,
  ) {
    this.port = proxy.port;
    const host = options.host ?? '127.0.0.1';
    this.url = `http://${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host}:${proxy.port}`;
    this.banks = new Set(options.banks ?? []);
    for (const bank of this.banks) assertBank(bank);
    this.passwords = ensurePasswords(options.passwordsFile, [...this.banks]);
  }

  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  urlFor(user: string): string {
    const password = this.passwords[user];
    if (password === undefined) throw new Error(`ClickHouse has no user ${user}`);
    return this.url.replace('//', `//${user}:${encodeURIComponent(password)}@`);
  }

  /**
   * The directory may still belong to an engine whose supervisor was killed and which ends right now; its port may have
   * gone to somebody else since it was chosen.
   */
  async startFirst(): Promise<void> {
    const deadline = Date.now() + (this.options.waitForDirectoryMs ?? 10_000);
    for (let portsTaken = 0; ;) {
      try {
        await this.startOnce();
        return;
      } catch (error) {
        if (error instanceof PortInUseError) portsTaken += 1;
        const mayPass = error instanceof DirectoryInUseError || error instanceof PortInUseError;
        if (!mayPass || portsTaken >= PORTS_TRIED || Date.now() > deadline) throw error;
        await sleep(FIRST_BACKOFF_MS);
      }
    }
  }

  async addBankReaders(banks: readonly string[]): Promise<void> {
    for (const bank of banks) assertBank(bank);
    const added = banks.filter((bank) => !this.banks.has(bank));
    if (added.length > 0) {
      for (const bank of added) this.banks.add(bank);
      this.passwords = ensurePasswords(this.options.passwordsFile, [...this.banks]);
      this.restarting = this.restarting.then(() => this.restart());
    }
    await this.restarting;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.awake.abort();
    this.proxy.direct(null);
    await this.restarting.catch(() => undefined);
    await this.child?.stop();
    await this.proxy.close();
  }

  private async restart(): Promise<void> {
    const old = this.child;
    this.child = null;
    this.proxy.hold();
    await old?.stop();
    await this.startUntilUp();
  }

  private async startOnce(): Promise<void> {
    const startedAt = Date.now();
    const { operator } = this.passwords;
    const child = await startEngineChild({
      entry: this.options.entry ?? fileURLToPath(new URL('./engine-process.js', import.meta.url)),
      ...writeEngineFiles(this.options, this.passwords, [...this.banks]),
      operatorPassword: operator,
      nativePort: this.options.cluster?.nativePorts[this.options.cluster.own],
    });
    try {
      await checkEngineContract(`http://127.0.0.1:${child.port}/`, this.passwords);
    } catch (error) {
      await child.stop();
      throw error;
    }
    this.child = child;
    this.proxy.direct(child.port);
    this.tell({ kind: 'started', pid: child.pid, startMs: Date.now() - startedAt });
    void child.exited.then((exit) => this.onExit(child, exit, startedAt));
  }

  private async onExit(child: EngineChild, exit: EngineExit, startedAt: number): Promise<void> {
    if (this.stopping || this.child !== child) return; // a stop or restart of ours
    this.child = null;
    this.proxy.direct(null);
    const restartInMs = Date.now() - startedAt > WELL_AFTER_MS ? 0 : FIRST_BACKOFF_MS;
    this.tell({ kind: 'exited', exit, restartInMs });
    await this.pause(restartInMs);
    this.restarting = this.restarting.then(() => this.startUntilUp());
    await this.restarting;
  }

  private async startUntilUp(): Promise<void> {
    for (let restartInMs = FIRST_BACKOFF_MS; !this.stopping && this.child === null;) {
      try {
        await this.startOnce();
      } catch (error) {
        restartInMs = Math.min(restartInMs * 2, LONGEST_BACKOFF_MS);
        this.tell({ kind: 'start-failed', error: error as Error, restartInMs });
        await this.pause(restartInMs);
      }
    }
  }

  /** A stop does not wait for the back-off. */
  private async pause(durationMs: number): Promise<void> {
    await sleep(durationMs, undefined, { signal: this.awake.signal }).catch(() => undefined);
  }

  private tell(event: EngineEvent): void {
    this.options.onEvent?.(event);
  }
}
