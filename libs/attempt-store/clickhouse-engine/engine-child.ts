import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, releasePort } from '#runtime/free-port.js';
import {
  bootQuery,
  CANNOT_RUN_EXIT_CODE,
  DirectoryInUseError,
  EngineStartError,
  PortInUseError,
} from './engine-words.js';
import type { StopOrder } from './engine-words.js';

export interface EngineChildOptions {
  /** Compiled `engine-process.js`. */
  readonly entry: string;
  readonly configFile: string;
  /** Folder of ClickHouse's tables. */
  readonly dataFolder: string;
  readonly operatorPassword: string;
  /** Opens the native protocol too, on loopback. */
  readonly nativePort?: number | undefined;
}

export interface EngineExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What the process last said on standard error. */
  readonly said: string;
}

/** One run of the engine's process. */
export interface EngineChild {
  readonly pid: number;
  /** Loopback port of its HTTP listener, known to nobody but the proxy. */
  readonly port: number;
  readonly exited: Promise<EngineExit>;
  /** Running queries and inserts finish; after `STOP_GRACE_MS` it is killed. */
  stop(): Promise<EngineExit>;
}

const STOP_GRACE_MS = 8_000;
const START_TIMEOUT_MS = 60_000;
const KEPT_WORDS = 4_000;

/**
 * Starts the engine's process and waits until it answers our own user.
 * @throws EngineStartError in words: packages missing, directory in use, files unreadable, no answer
 */
export async function startEngineChild(options: EngineChildOptions): Promise<EngineChild> {
  const port = await freePort();
  const child = spawn(process.execPath, [options.entry, ...engineArguments(options, port)], {
    stdio: ['pipe', 'ignore', 'pipe'],
    // A process group of its own: Ctrl-C in the terminal must not reach it, a signal ends it without order.
    detached: true,
  });
  const exited = watchExit(child).finally(() => {
    releasePort(port);
  });
  const order: StopOrder = {
    url: `http://127.0.0.1:${port}/`,
    user: 'operator',
    password: options.operatorPassword,
    graceMs: STOP_GRACE_MS,
  };
  child.stdin.on('error', () => undefined); // it died: its exit tells
  child.stdin.write(`${JSON.stringify(order)}\n`);
  const ready = new AbortController();
  const exitedFirst = await Promise.race([exited, waitUntilReady(order, ready.signal).then(() => null)])
    .catch((error: unknown) => {
      child.kill('SIGKILL');
      throw error;
    })
    .finally(() => {
      ready.abort();
    });
  if (exitedFirst !== null) throw startError(exitedFirst, options.dataFolder);
  return {
    pid: child.pid ?? 0,
    port,
    exited,
    async stop() {
      child.stdin.end();
      const killer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS + 500);
      return exited.finally(() => {
        clearTimeout(killer);
      });
    },
  };
}

const engineArguments = (options: EngineChildOptions, port: number): string[] => [
  `--config-file=${options.configFile}`,
  `--path=${options.dataFolder}`,
  '--listen_host=127.0.0.1',
  `--http_port=${port}`,
  '--implicit_select=0',
  ...(options.nativePort === undefined ? [] : [`--tcp_port=${options.nativePort}`]),
  '--query',
  bootQuery(options.nativePort !== undefined),
];

function watchExit(child: ChildProcess): Promise<EngineExit> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-KEPT_WORDS);
  });
  return new Promise((resolve) => {
    child.once('error', (error) => {
      resolve({ code: null, signal: null, said: error.message });
    });
    child.once('close', (code, signal) => {
      resolve({ code, signal, said: said.trim() });
    });
  });
}

/** Asks with our own password, so that a stranger who took the port in between is not taken for the engine. */
async function waitUntilReady(order: StopOrder, ended: AbortSignal): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && !ended.aborted) {
    if (await answers(order)) return;
    await sleep(25);
  }
  throw new EngineStartError(`ClickHouse did not answer within ${START_TIMEOUT_MS / 1000} s of its start`);
}

function answers(order: StopOrder): Promise<boolean> {
  return new Promise((resolve) => {
    const headers = { 'X-ClickHouse-User': order.user, 'X-ClickHouse-Key': order.password };
    const call = request(order.url, { method: 'POST', agent: false, timeout: 5_000, headers }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    call.on('timeout', () => call.destroy());
    call.on('error', () => {
      resolve(false);
    });
    call.end('SELECT 1');
  });
}

function startError(exit: EngineExit, dataFolder: string): EngineStartError {
  if (exit.code === CANNOT_RUN_EXIT_CODE) return new EngineStartError(exit.said);
  if (isDirectoryInUse(exit)) {
    return new DirectoryInUseError(
      `the data directory ${dataFolder} is in use by another ClickHouse engine: stop the other Rollcall, or choose another directory with --data`,
    );
  }
  if (/NOT_ENOUGH_SPACE|No space left on device/.test(exit.said)) {
    return new EngineStartError(
      `the disk of ${dataFolder} is full: free some space and start again (${exit.said})`,
    );
  }
  const takenPort = /Listen \[\S+\]:(\d+) failed: .*Address already in use/.exec(exit.said)?.[1];
  if (takenPort !== undefined) {
    return new PortInUseError(
      `port ${takenPort}, which ClickHouse wanted for itself, is in use: end what listens there or start again`,
    );
  }
  const how = exit.signal === null ? `exit code ${exit.code ?? 'unknown'}` : `signal ${exit.signal}`;
  return new EngineStartError(
    `ClickHouse ended while starting (${how}): ${exit.said === '' ? 'it said nothing' : exit.said}`,
  );
}

/** ClickHouse locks its directory: code 76, CANNOT_OPEN_FILE, with these words. */
const isDirectoryInUse = (exit: EngineExit): boolean =>
  exit.said.includes('Code: 76') && /another server instance|lock file/i.test(exit.said);
