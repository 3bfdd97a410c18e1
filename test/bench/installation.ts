import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { StoreStatus } from '#attempt-store/attempt-store.js';
import type { EventLog } from '#event-log/event-log.js';
import { openKafkaEventLog } from '#event-log/kafka/open-kafka-event-log.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';
import { openDataDirectory } from '#runtime/data-directory.js';
import { kafkaAddressOf } from '../harness/kafka-address.js';

const run = promisify(execFile);
const commandLine = fileURLToPath(new URL('../../apps/rollcall/main.js', import.meta.url));

/** A data directory with banks whose senders may post. */
export interface Installation {
  readonly data: string;
  /** What its processes are told beyond the directory: ROLLCALL_LOG where the log is a Kafka. */
  readonly environment: NodeJS.ProcessEnv;
  /** The log beside the processes that use it; whoever opens it closes it. */
  readonly openLog: () => Promise<EventLog>;
  /** One token a bank. */
  readonly tokens: readonly string[];
  /** Runs `rollcall …` on the data directory; answers what it printed. */
  readonly rollcall: (...args: readonly string[]) => Promise<string>;
  readonly remove: () => void;
}

/** Makes a temporary data directory with so many banks, `bank-0` and so on. @param kafka where the log is, if not in it */
export async function makeInstallation(banks: number, kafka?: string): Promise<Installation> {
  const data = mkdtempSync(join(tmpdir(), 'rollcall-bench-'));
  const environment = kafka === undefined ? {} : { ROLLCALL_LOG: kafka };
  const openLog = () =>
    kafka === undefined
      ? openLmdbEventLog({ directory: openDataDirectory(data).log })
      : openKafkaEventLog(kafkaAddressOf(kafka));
  const rollcall = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await run(process.execPath, [commandLine, ...args, '--data', data], {
      maxBuffer: 1 << 26,
      env: { ...process.env, ...environment },
    });
    return stdout;
  };
  const tokens: string[] = [];
  for (let bank = 0; bank < banks; bank += 1) {
    await rollcall('bank', 'add', `bank-${bank}`);
    const made = await rollcall(
      'token',
      'create',
      '--bank',
      `bank-${bank}`,
      '--scope',
      'collect,read',
      '--json',
    );
    tokens.push((JSON.parse(made) as { token: string }).token);
  }
  const remove = (): void => {
    rmSync(data, { recursive: true, force: true });
  };
  return { data, environment, openLog, tokens, rollcall, remove };
}

/** `rollcall up` on an installation: every process of the product. */
export interface Product {
  /** The supervisor: parent of all others. */
  readonly pid: number;
  readonly collectorPort: number;
  /** Asks the console; `path` as in `cohorts?kb=…`. */
  readonly ask: (path: string, token: string) => Promise<unknown>;
  readonly status: () => Promise<StoreStatus>;
  /** Fails when a process of the product ended meanwhile: a figure of a product that fell is none. */
  readonly stop: () => Promise<void>;
}

/** Starts it on free ports and waits until it is ready. @throws Error with its last words when it ends */
export async function startProduct(installation: Installation): Promise<Product> {
  const ports = ['--collector-port', '0', '--console-port', '0', '--clickhouse-port', '0'];
  const up = spawn(
    process.execPath,
    [commandLine, 'up', '--data', installation.data, '--log-level', 'warn', ...ports],
    { env: { ...process.env, ...installation.environment }, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const lines: string[] = [];
  await untilReady(up, lines);
  const running = JSON.parse(readFileSync(join(installation.data, 'running.json'), 'utf8')) as {
    ports: { collector: number; console: number };
  };
  const operatorToken = readFileSync(join(installation.data, 'operator-token'), 'utf8').trim();
  const ask = async (path: string, token: string): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${running.ports.console}/api/v1/${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  return {
    pid: up.pid ?? 0,
    collectorPort: running.ports.collector,
    ask,
    status: async () => (await ask('status', operatorToken)) as StoreStatus,
    stop: async () => {
      const fell = lines.filter((line) => /ended \(.*again in/.test(line));
      if (up.signalCode !== null) throw new Error(`rollcall up was ended by ${up.signalCode}`);
      if (up.exitCode === null) {
        const exited = once(up, 'exit');
        up.kill('SIGTERM');
        await exited;
      }
      if (fell.length > 0) throw new Error(`a process of the product ended by itself: ${fell.join('; ')}`);
    },
  };
}

async function untilReady(up: ChildProcess, lines: string[]): Promise<void> {
  const { stderr } = up;
  if (!stderr) throw new Error('stderr of rollcall up is not piped');
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: stderr }).on('line', (line) => {
      lines.push(line);
      if (lines.length > 1_000) lines.shift();
      if (line.includes('rollcall is ready')) resolve();
    });
    up.once('exit', () => {
      reject(new Error(`rollcall up ended:\n${lines.join('\n')}`));
    });
  });
}
