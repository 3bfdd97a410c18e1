import { fileURLToPath } from 'node:url';
import { AdminReader } from '#event-log/admin-reader.js';
import { openDataDirectory } from '#runtime/data-directory.js';
import type { DataDirectory } from '#runtime/data-directory.js';
import { withInstallation } from '../installation.module.js';
import type { Installation } from '../installation.module.js';
import { HEAP_LIMIT_MIB, SEMI_SPACE_MIB, childEnvironment } from './child-environment.js';
import { lockDataDirectory } from './data-lock.js';
import { startEngine } from './engine.module.js';
import type { Engine } from './engine.module.js';
import { ensureOperatorToken } from './operator-token.js';
import { claimPort } from './ports.js';
import type { Ports } from './ports.js';
import { followBanks } from './follow-banks.js';
import { keepRunning, removeRunning } from './running-file.js';
import type { Running } from './running-file.js';
import { SupervisedProcess } from './supervised-process.js';
import type { ProcessEvents } from './supervised-process.js';

export interface UpOptions {
  readonly data: string;
  /** 0 = any free port. */
  readonly collectorPort: number;
  readonly consolePort: number;
  readonly clickhousePort: number;
  /** A real ClickHouse (`http://user:password@host:8123`) instead of the engine of this machine. */
  readonly clickhouse: string | undefined;
  readonly logLevel: string;
  readonly events: ProcessEvents;
  /** Another process took the directory (it lost its heartbeat): everything must stop. */
  readonly onLockLost: (error: Error) => void;
  /** Ends the start: what was started is stopped again and the start rejects. */
  readonly signal?: AbortSignal;
}

/** A running installation. `stop` ends everything in order within 10 s and may be called twice. */
export interface Rollcall {
  readonly data: DataDirectory;
  readonly ports: Ports;
  readonly stop: () => Promise<void>;
}

const READY_TIMEOUT_MS = 90_000;
/** Shares of the 10 s that a stop may take: senders first, so that what was accepted is drained and committed. */
const STOP_BUDGET_MS = { collector: 3_500, projector: 3_500, console: 1_000, engine: 2_000 } as const;

/**
 * Starts engine, collector, projector and console on one data directory and waits until all are ready.
 * @throws CommandFailure for a busy port or a second start; Error with a child's last words when it cannot start
 */
export async function startRollcall(options: UpOptions): Promise<Rollcall> {
  const data = openDataDirectory(options.data);
  const unlock = await lockDataDirectory(data, options.onLockLost);
  const processes: SupervisedProcess[] = [];
  let engine: Engine | null = null;
  /** What ends with it, before the processes do. */
  const followers: (() => void)[] = [];
  let stopped: Promise<void> | null = null;
  const stop = (): Promise<void> => (stopped ??= stopInOrder());
  const stopInOrder = async (): Promise<void> => {
    for (const end of followers) end();
    for (const name of ['collector', 'projector', 'console'] as const) {
      await processes.find((process) => process.plan.name === name)?.stop(STOP_BUDGET_MS[name]);
    }
    await engine?.stop(STOP_BUDGET_MS.engine);
    removeRunning(data.running);
    await unlock();
  };
  try {
    const ports = await claimPorts(options);
    const findBanks = async (installation: Installation) => {
      await ensureOperatorToken(installation);
      return [...(await new AdminReader(installation.log, 0).refresh()).banks.keys()];
    };
    const banks = await withInstallation(data.root, findBanks, 'make');
    engine = await startEngine({
      data,
      external: options.clickhouse,
      port: ports.clickhouse,
      banks,
      onLine: (text) => {
        options.events.line('engine', text);
      },
    });
    options.signal?.throwIfAborted();
    processes.push(...planProcesses(data, ports, engine, options));
    for (const process of processes) process.start();
    const [running, startedAt] = [engine, new Date().toISOString()];
    const describe = () => describeRunning(startedAt, ports, processes, running);
    followers.push(keepRunning(data.running, describe));
    await Promise.all(processes.map((process) => process.whenReady(READY_TIMEOUT_MS, options.signal)));
    followers.push(
      followBanks(data.keys, (banks) => {
        running.addBankReaders(banks).catch((error: unknown) => {
          options.events.line('engine', `no reader for a new bank: ${String(error)}`);
        });
      }),
    );
    return { data, ports, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function claimPorts(options: UpOptions): Promise<Ports> {
  return {
    collector: await claimPort(options.collectorPort, '--collector-port'),
    console: await claimPort(options.consolePort, '--console-port'),
    clickhouse: options.clickhouse ? null : await claimPort(options.clickhousePort, '--clickhouse-port'),
    projector: await claimPort(0, '--projector-port'),
  };
}

function planProcesses(
  data: DataDirectory,
  ports: Ports,
  engine: Engine,
  options: UpOptions,
): SupervisedProcess[] {
  const names = ['collector', 'projector', 'console'] as const;
  const clickhouse = { collector: undefined, projector: engine.writerUrl, console: engine.readerUrl };
  return names.map((name) => {
    const script = fileURLToPath(new URL(`../../${name}/main.js`, import.meta.url));
    const url = clickhouse[name];
    const settings = {
      data,
      port: ports[name],
      logLevel: options.logLevel,
      ...(url ? { clickhouse: url } : {}),
    };
    return new SupervisedProcess(
      {
        name,
        args: [
          `--max-old-space-size=${HEAP_LIMIT_MIB[name]}`,
          `--max-semi-space-size=${SEMI_SPACE_MIB[name]}`,
          script,
        ],
        environment: childEnvironment(settings, process.env),
        readyUrl: `http://127.0.0.1:${ports[name]}/readyz`,
      },
      options.events,
    );
  });
}

const describeRunning = (
  startedAt: string,
  ports: Ports,
  processes: readonly SupervisedProcess[],
  engine: Engine,
): Running => ({
  pid: process.pid,
  startedAt,
  ports,
  pids: Object.fromEntries([
    ...processes.flatMap(({ plan, pid }) => (pid === undefined ? [] : [[plan.name, pid] as const])),
    ...(engine.pid === null ? [] : [['engine', engine.pid] as const]),
  ]),
});
