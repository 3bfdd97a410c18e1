import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Cohort, StoreStatus } from '#attempt-store/attempt-store.js';
import type { EventLog } from '#event-log/event-log.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';
import { compiledEntry } from './compiled-entry.js';
import { eventually } from './eventually.js';
import { processesOn, ROLES } from './installation-processes.js';
import type { Role } from './installation-processes.js';

export interface Ports {
  readonly collector: number;
  readonly console: number;
  readonly clickhouse: number;
  readonly projector: number;
}

/** What a command line ended with. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How the supervisor ended when it was asked to; `seconds` by its own clock, null when it did not say. */
export interface StopResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly seconds: number | null;
}

export interface CollectorAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

const READY = 'rollcall is ready';
const STARTS_WITHIN_MS = 240_000;

/** The product as an operator runs it: `rollcall up` in processes of its own, on a temporary data directory and free ports. */
export class RollcallUp {
  /** Lines of all processes since the first start. */
  readonly lines: string[] = [];
  private supervisor: ChildProcess | null = null;

  private constructor(
    private readonly entry: string,
    private readonly folder: string,
    private readonly environment: NodeJS.ProcessEnv,
  ) {}

  /** @param environment what is set beside the environment of the test */
  static async start(environment: NodeJS.ProcessEnv = {}): Promise<RollcallUp> {
    const entry = await compiledEntry('apps/rollcall/main.ts');
    const folder = mkdtempSync(join(realpathSync(tmpdir()), 'rollcall-up-'));
    const rollcall = new RollcallUp(entry, folder, { ...process.env, ...environment });
    await rollcall.launch();
    return rollcall;
  }

  get data(): string {
    return join(this.folder, 'data');
  }

  get pid(): number {
    return this.supervisor?.pid ?? 0;
  }

  /** As the supervisor wrote them; others after a restart. */
  get ports(): Ports {
    return (JSON.parse(readFileSync(join(this.data, 'running.json'), 'utf8')) as { ports: Ports }).ports;
  }

  /** Posts reports as NDJSON, or a body as it is. Rejects when the connection breaks. */
  async post(
    rows: readonly unknown[] | Uint8Array | string,
    token: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<CollectorAnswer> {
    const response = await fetch(`http://127.0.0.1:${this.ports.collector}/v1/attempts`, {
      method: 'POST',
      body: Array.isArray(rows)
        ? rows.map((row) => `${JSON.stringify(row)}\n`).join('')
        : (rows as Uint8Array | string),
      headers: { 'content-type': 'application/x-ndjson', authorization: `Bearer ${token}`, ...headers },
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? null : (JSON.parse(text) as unknown),
    };
  }

  /** A bank and a token that may send for it. */
  async addSender(bank: string, ...more: readonly string[]): Promise<string> {
    await this.mustRun(['bank', 'add', bank]);
    return this.createToken(bank, ...more);
  }

  async createToken(bank: string, ...more: readonly string[]): Promise<string> {
    const { stdout } = await this.mustRun([
      'token',
      'create',
      '--bank',
      bank,
      '--scope',
      'collect',
      '--json',
      ...more,
    ]);
    return (JSON.parse(stdout) as { token: string }).token;
  }

  /** Runs `rollcall …` on this data directory. */
  async cli(args: readonly string[]): Promise<CommandResult> {
    const child = spawn(process.execPath, [this.entry, ...args, '--data', this.data], {
      env: this.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, stdout, stderr };
  }

  /** Process ids of now; null while one is away. */
  children(): Readonly<Record<Role, number | null>> {
    const processes = processesOn(this.data).filter(({ parentPid }) => parentPid === this.pid);
    const pidOf = (role: Role) => processes.find((process) => process.role === role)?.pid ?? null;
    return Object.fromEntries(ROLES.map((role) => [role, pidOf(role)])) as Record<Role, number | null>;
  }

  /** SIGKILL to the one that is there, or to the next one that comes up; answers its process id. */
  async kill(role: Role): Promise<number> {
    const pid = await eventually(`a ${role} to kill`, () => this.children()[role]);
    process.kill(pid, 'SIGKILL');
    await eventually(`the end of ${role} ${pid}`, () => (this.children()[role] === pid ? null : true));
    return pid;
  }

  /** SIGTERM to the supervisor. */
  async stop(): Promise<StopResult> {
    const { supervisor } = this;
    if (!supervisor) throw new Error('nothing runs');
    const before = this.lines.length;
    supervisor.kill('SIGTERM');
    await ended(supervisor);
    this.supervisor = null;
    const said = this.lines.slice(before).find((line) => line.includes('supervisor | stopped in'));
    const seconds = said === undefined ? null : Number(/stopped in ([\d.]+) s/.exec(said)?.[1]);
    return { code: supervisor.exitCode, signal: supervisor.signalCode, seconds };
  }

  /** SIGKILL to the supervisor; its children must end by themselves. */
  async killAll(): Promise<void> {
    const { supervisor } = this;
    if (!supervisor) throw new Error('nothing runs');
    supervisor.kill('SIGKILL');
    await ended(supervisor);
    this.supervisor = null;
    await eventually('the end of the children of a killed supervisor', () => {
      const left = this.processes();
      if (left.length === 0) return true;
      throw new Error(`still there: ${JSON.stringify(left)}`);
    });
  }

  /** Starts again on the same data; whatever ran must have ended. */
  async restart(): Promise<void> {
    if (this.supervisor) throw new Error('it still runs');
    await this.launch();
  }

  /** Everything that works on the data directory. */
  processes = () => processesOn(this.data);

  async status(bank: string): Promise<StoreStatus> {
    return (await this.ask(`status?bank=${bank}`)) as StoreStatus;
  }

  async cohorts(bank: string): Promise<readonly Cohort[]> {
    return (await this.list(`cohorts?bank=${bank}`)) as readonly Cohort[];
  }

  /** Every item of a list of the console's HTTP API, page by page; `path` with at least one parameter. */
  async list(path: string): Promise<readonly unknown[]> {
    const items: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = (await this.ask(
        `${path}&limit=1000${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
      )) as {
        items: readonly unknown[];
        nextCursor: string | null;
      };
      items.push(...page.items);
      cursor = page.nextCursor;
    }
    return items;
  }

  /** Opens the event log beside the product's own processes. */
  async withLog<T>(work: (log: EventLog) => Promise<T>): Promise<T> {
    const log = await openLmdbEventLog({ directory: join(this.data, 'log') });
    try {
      return await work(log);
    } finally {
      await log.close();
    }
  }

  /** Resolves when the projector has committed all that the log holds. */
  async drained(): Promise<void> {
    await this.withLog((log) =>
      eventually(
        'the projector at the end of the log',
        async () => ((await backlogOf(log)) === 0 ? true : null),
        900_000,
      ),
    );
  }

  /** Ends whatever still runs and removes the data. */
  async dispose(): Promise<void> {
    if (this.supervisor) await this.stop();
    for (const { pid } of this.processes()) process.kill(pid, 'SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async ask(path: string): Promise<unknown> {
    const token = readFileSync(join(this.data, 'operator-token'), 'utf8').trim();
    const response = await fetch(`http://127.0.0.1:${this.ports.console}/api/v1/${path}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(120_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return JSON.parse(text) as unknown;
  }

  private async mustRun(args: readonly string[]): Promise<CommandResult> {
    const result = await this.cli(args);
    if (result.code !== 0)
      throw new Error(`rollcall ${args.join(' ')}: exit code ${result.code}: ${result.stderr}`);
    return result;
  }

  private async launch(): Promise<void> {
    const from = this.lines.length;
    const ports = ['--collector-port', '0', '--console-port', '0', '--clickhouse-port', '0'];
    const supervisor = spawn(process.execPath, [this.entry, 'up', '--data', this.data, ...ports], {
      env: this.environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.supervisor = supervisor;
    createInterface({ input: supervisor.stderr }).on('line', (line) => this.lines.push(line));
    await eventually(
      'rollcall up',
      () => {
        if (supervisor.exitCode !== null || supervisor.signalCode !== null) return 'ended';
        return this.lines.slice(from).some((line) => line.startsWith(READY)) ? 'ready' : null;
      },
      STARTS_WITHIN_MS,
    ).then((how) => {
      if (how === 'ended') throw new Error(`rollcall up ended:\n${this.lines.slice(from).join('\n')}`);
    });
  }
}

/** With its output read to the end. */
function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) =>
    child.once('close', () => {
      resolve();
    }),
  );
}

/** Messages that the live projector has not committed yet. */
async function backlogOf(log: EventLog): Promise<number> {
  let backlog = 0;
  for (const topic of ['patch.attempts', 'patch.inventory'] as const) {
    const [ends, committed] = await Promise.all([
      log.endOffsets(topic),
      log.committedOffsets('projector-blue', topic),
    ]);
    backlog += ends.reduce((sum, end, partition) => sum + end - (committed[partition] ?? 0), 0);
  }
  return backlog;
}
