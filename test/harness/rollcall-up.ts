import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Cohort, StoreStatus } from '#attempt-store/attempt-store.js';
import type { EventLog } from '#event-log/event-log.js';
import { openKafkaEventLog } from '#event-log/kafka/open-kafka-event-log.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';
import type { Asked } from './ask-clickhouse.js';
import { addSender, runRollcall } from './command-line.js';
import type { CommandResult } from './command-line.js';
import { compiledEntry } from './compiled-entry.js';
import { ConsoleQuestions } from './console-questions.js';
import { eventually } from './eventually.js';
import { kafkaAddressOf } from './kafka-address.js';
import { processesOn, ROLES } from './installation-processes.js';
import type { InstallationProcess, Role } from './installation-processes.js';
import { postReports } from './post-reports.js';
import type { CollectorAnswer } from './post-reports.js';

/** How the supervisor ended when it was asked to; `seconds` by its own clock, null when it did not say. */
export interface StopResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly seconds: number | null;
}

const STARTS_WITHIN_MS = 240_000;
const ENDS_WITHIN_MS = 60_000;
const DRAINS_WITHIN_MS = 900_000;

/** The product as an operator runs it: `rollcall up` in processes of its own, on a temporary data directory and free ports. */
export class RollcallUp {
  readonly data: string;
  /** What all processes said since the first start. */
  readonly lines: string[] = [];
  private supervisor: { readonly process: ChildProcess; readonly ended: Promise<void> } | null = null;

  private constructor(
    private readonly entry: string,
    private readonly folder: string,
    private readonly environment: NodeJS.ProcessEnv,
  ) {
    this.data = join(folder, 'data');
  }

  /** @param environment ROLLCALL_LOG and the like, for the supervisor and every command */
  static async start(environment: NodeJS.ProcessEnv = {}): Promise<RollcallUp> {
    const entry = await compiledEntry('apps/rollcall/main.ts');
    const folder = mkdtempSync(join(realpathSync(tmpdir()), 'rollcall-up-'));
    const rollcall = new RollcallUp(entry, folder, environment);
    await rollcall.launch();
    return rollcall;
  }

  /** Starts again on the same data; whatever ran must have ended. */
  async restart(): Promise<void> {
    if (this.supervisor) throw new Error('it still runs');
    await this.launch();
  }

  /** Process id of the supervisor. */
  get pid(): number {
    return this.running.process.pid ?? 0;
  }

  /** Another one after each restart. */
  get collectorUrl(): string {
    const { ports } = this.read('running.json') as { readonly ports: { readonly collector: number } };
    return `http://127.0.0.1:${ports.collector}`;
  }

  /** Posts reports as NDJSON, or a body as it is. Rejects when the connection breaks. */
  async post(
    body: readonly unknown[] | Uint8Array | string,
    token: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<CollectorAnswer> {
    return postReports(this.collectorUrl, token, body, headers);
  }

  /** A bank and a token that may send for it. */
  addSender = (bank: string): Promise<string> => addSender(this.data, bank, this.environment);

  /** Runs `rollcall …` on this data directory. */
  cli = (args: readonly string[]): Promise<CommandResult> => runRollcall(this.data, args, this.environment);

  status = (bank: string): Promise<StoreStatus> => this.ask((console) => console.status(bank));
  cohorts = (bank: string): Promise<readonly Cohort[]> => this.ask((console) => console.cohorts(bank));
  /** Every item of a list of the console; `path` with at least one parameter. */
  list = (path: string): Promise<readonly unknown[]> => this.ask((console) => console.list(path));

  /** Its ClickHouse, for who asks it directly. */
  clickhouse(): Asked {
    const { ports } = this.read('running.json') as { readonly ports: { readonly clickhouse: number } };
    return {
      url: `http://127.0.0.1:${ports.clickhouse}`,
      passwords: this.read('clickhouse-passwords.json') as Readonly<Record<string, string>>,
    };
  }

  /** Process ids of now; null while one is away. */
  children(): Readonly<Record<Role, number | null>> {
    const processes = this.processes().filter(({ parentPid }) => parentPid === this.pid);
    const pidOf = (role: Role) => processes.find((process) => process.role === role)?.pid ?? null;
    return Object.fromEntries(ROLES.map((role) => [role, pidOf(role)])) as Record<Role, number | null>;
  }

  /** The process id of the one that is there, or of the next one that comes up. */
  child = (role: Role): Promise<number> => eventually(`the ${role}`, () => this.children()[role]);

  /** Everything that works on the data directory, with or without a supervisor. */
  processes(): readonly InstallationProcess[] {
    return processesOn(this.data);
  }

  /** SIGKILL to the one that is there, or to the next one that comes up; answers its process id when it is gone. */
  async kill(role: Role): Promise<number> {
    const pid = await this.child(role);
    process.kill(pid, 'SIGKILL');
    await eventually(
      `the end of ${role} ${pid}`,
      () => this.children()[role] !== pid || null,
      ENDS_WITHIN_MS,
    );
    return pid;
  }

  /** SIGTERM to the supervisor. */
  async stop(): Promise<StopResult> {
    const { process: supervisor, ended } = this.running;
    const before = this.lines.length;
    supervisor.kill('SIGTERM');
    await ended;
    this.supervisor = null;
    const said = this.lines.slice(before).find((line) => line.includes('supervisor | stopped in'));
    const seconds = said === undefined ? null : Number(/stopped in ([\d.]+) s/.exec(said)?.[1]);
    return { code: supervisor.exitCode, signal: supervisor.signalCode, seconds };
  }

  /** SIGKILL to the supervisor (it may be dead already); its children must end by themselves. */
  async killAll(): Promise<void> {
    const { process: supervisor, ended } = this.running;
    supervisor.kill('SIGKILL');
    await ended;
    this.supervisor = null;
    const gone = () => {
      const left = this.processes();
      if (left.length > 0) throw new Error(`still there: ${JSON.stringify(left)}`);
      return true;
    };
    await eventually('the end of the children of a killed supervisor', gone, ENDS_WITHIN_MS);
  }

  /** Opens the event log beside the product's own processes. */
  async withLog<T>(work: (log: EventLog) => Promise<T>): Promise<T> {
    const { ROLLCALL_LOG: place } = this.environment;
    const log =
      place === undefined
        ? await openLmdbEventLog({ directory: join(this.data, 'log') })
        : await openKafkaEventLog(kafkaAddressOf(place, this.environment));
    try {
      return await work(log);
    } finally {
      await log.close();
    }
  }

  /** Resolves when the projector has committed all that the log holds now, but for partitions that it has paused. */
  async drained(paused: readonly number[] = []): Promise<void> {
    await this.withLog(async (log) => {
      for (const topic of ['patch.attempts', 'patch.inventory'] as const) {
        const ends = await log.endOffsets(topic);
        const isDrained = async () => {
          const committed = await log.committedOffsets('projector-blue', topic);
          return ends.every((end, index) => paused.includes(index) || (committed[index] ?? 0) >= end) || null;
        };
        await eventually(`the projector at the end of ${topic}`, isDrained, DRAINS_WITHIN_MS);
      }
    });
  }

  /** Ends whatever still runs and removes the data. */
  async dispose(): Promise<void> {
    if (this.supervisor) await this.stop();
    for (const { pid } of this.processes()) process.kill(pid, 'SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private read(name: string): unknown {
    return JSON.parse(readFileSync(join(this.data, name), 'utf8'));
  }

  /** A refusal tells what the processes said last. */
  private async ask<T>(question: (console: ConsoleQuestions) => Promise<T>): Promise<T> {
    try {
      return await question(new ConsoleQuestions(this.data));
    } catch (error) {
      throw new Error(`${String(error)}\n${this.lines.slice(-20).join('\n')}`, { cause: error });
    }
  }

  private get running() {
    if (!this.supervisor) throw new Error('nothing runs');
    return this.supervisor;
  }

  private async launch(): Promise<void> {
    const from = this.lines.length;
    const ports = ['--collector-port', '0', '--console-port', '0', '--clickhouse-port', '0'];
    const supervisor = spawn(process.execPath, [this.entry, 'up', '--data', this.data, ...ports], {
      env: { ...process.env, ...this.environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = new Promise<void>((resolve) => {
      supervisor.once('close', () => {
        resolve();
      });
    });
    this.supervisor = { process: supervisor, ended };
    createInterface({ input: supervisor.stderr }).on('line', (line) => this.lines.push(line));
    const isReady = () => {
      const lines = this.lines.slice(from);
      if (lines.some((line) => line.startsWith('rollcall is ready'))) return true;
      return supervisor.exitCode === null && supervisor.signalCode === null ? null : false;
    };
    if (await eventually('the start of rollcall up', isReady, STARTS_WITHIN_MS)) return;
    throw new Error(`rollcall up ended:\n${this.lines.slice(from).join('\n')}`);
  }
}
