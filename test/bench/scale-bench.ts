import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { startClickHouseEngine } from '#attempt-store/clickhouse-engine/clickhouse-engine.js';
import type { ClickHouseEngine } from '#attempt-store/clickhouse-engine/clickhouse-engine.js';
import { createPseudonyms } from '#domain/pseudonym.js';
import type { EventLog } from '#event-log/event-log.js';
import { groupLag } from '#event-log/group-lag.js';
import { createTopics } from '#event-log/kafka/kafka-topics.js';
import { openKafkaEventLog } from '#event-log/kafka/open-kafka-event-log.js';
import { readReportBody } from '../../apps/collector/rows/read-report-body.js';
import { compileValidators } from '../../apps/collector/rows/report-validators.js';
import { takeRows } from '../../apps/collector/rows/take-rows.js';
import { runClickHouse } from '../harness/ask-clickhouse.js';
import { kafkaAddressOf } from '../harness/kafka-address.js';
import { KafkaCluster } from '../harness/kafka-cluster.js';
import { canRunKafka } from '../harness/kafka-jars.js';
import type { BenchResult, BenchRun, Skipped } from './bench-run.js';
import { figure, round } from './figure.js';
import { fleetAttempt } from './fleet-attempt.js';
import { loadNow } from './machine.js';
import { processTree } from './process-usage.js';

/** Twice in a full run, so that the second pass stands on far more stored attempts. */
const PROJECTORS = [1, 2, 3, 4] as const;
const QUICK_PROJECTORS = [1, 2, 4] as const;
const QUIET_MS = 2_000;
/** A projector that only waits takes less of a core than this. */
const QUIET_SHARE = 0.12;
const AT_ONCE = 2_000;
const TOPICS = ['patch.attempts', 'patch.inventory', 'patch.remedies'] as const;
const GROUP = 'projector-blue';
const projectorFile = fileURLToPath(new URL('../../apps/projector/main.js', import.meta.url));

/** One round: so many projectors drain so many attempts, on top of what is stored already. */
interface Round {
  readonly projectors: number;
  readonly storedBefore: number;
  readonly attempts: number;
  readonly cpuMicroseconds: { readonly projector: number; readonly engine: number };
}

/**
 * What an attempt costs from the log to the store, in CPU, with 1 to 4 projectors and with more and more stored; and what
 * it takes of disk. CPU, because on few cores more projectors cannot be faster: the question is whether they cost more.
 */
export async function benchScale({ quick, note }: BenchRun): Promise<BenchResult | Skipped> {
  if (!canRunKafka())
    return { skipped: 'needs Java 17 and Maven for a Kafka: several projectors share its partitions' };
  const load = loadNow();
  const attempts = quick ? 20_000 : 250_000;
  const cluster = await KafkaCluster.start({ isForSpeed: true });
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-scale-'));
  const engine = await startClickHouseEngine({
    directory: join(folder, 'clickhouse'),
    passwordsFile: join(folder, 'clickhouse-passwords.json'),
    port: 0,
  });
  let log: EventLog | undefined;
  try {
    const address = kafkaAddressOf(cluster.address);
    await createTopics(address, { replicationFactor: 1, minInsyncReplicas: 1 });
    log = await openKafkaEventLog(address);
    const rounds: Round[] = [];
    // The first warms caches and makes the tables; it is not counted.
    await oneRound(log, cluster, engine, 1, 0, Math.ceil(attempts / 5));
    let stored = Math.ceil(attempts / 5);
    for (const projectors of quick ? QUICK_PROJECTORS : [...PROJECTORS, ...PROJECTORS]) {
      const done = await oneRound(log, cluster, engine, projectors, stored, attempts);
      stored += attempts;
      rounds.push(done);
      note(`scale: ${JSON.stringify(done)}`);
    }
    const perAttempt = ({ cpuMicroseconds }: Round): number =>
      cpuMicroseconds.engine + cpuMicroseconds.projector;
    const of = (projectors: number): number[] =>
      rounds.filter((one) => one.projectors === projectors).map(perAttempt);
    const bytes = await bytesOf(cluster, engine, stored);
    return {
      figures: {
        cpuMicrosecondsOneProjector: figure('CPU µs / attempt, projector and engine', of(1)),
        cpuMicrosecondsFourProjectors: figure('CPU µs / attempt, projectors and engine', of(4)),
        fourToOne: figure(
          'ratio of the two',
          of(4).map((four, index) => four / (of(1)[index] ?? NaN)),
        ),
        logBytesPerAttempt: figure('bytes / attempt on a broker’s disk, one copy', [bytes.log]),
        storeBytesPerAttempt: figure('bytes / attempt in ClickHouse, one copy', [bytes.store]),
      },
      details: { rounds, stored, storeBytesByTable: bytes.byTable, loadBefore: load },
    };
  } finally {
    await log?.close();
    await engine.stop();
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function oneRound(
  log: EventLog,
  cluster: KafkaCluster,
  engine: ClickHouseEngine,
  projectors: number,
  storedBefore: number,
  attempts: number,
): Promise<Round> {
  const running = Array.from({ length: projectors }, () => startProjector(cluster, engine));
  const cpuNow = () => ({
    projector: running.reduce((sum, { pid }) => sum + cpuOf(pid ?? 0), 0),
    engine: cpuOf(engine.pid ?? 0),
  });
  try {
    // What a process takes to start is not what an attempt costs.
    await untilQuiet(() => cpuNow().projector, projectors);
    const before = cpuNow();
    await appendAttempts(log, storedBefore, attempts);
    await untilDrained(log, running);
    const after = cpuNow();
    const used = { projector: after.projector - before.projector, engine: after.engine - before.engine };
    const micros = (seconds: number): number => round((seconds * 1e6) / attempts);
    return {
      projectors,
      storedBefore,
      attempts,
      cpuMicroseconds: { projector: micros(used.projector), engine: micros(used.engine) },
    };
  } finally {
    await Promise.all(running.map(endProjector));
  }
}

async function appendAttempts(log: EventLog, from: number, count: number): Promise<void> {
  const validators = compileValidators();
  const pseudonyms = createPseudonyms(Buffer.alloc(32, 7), false);
  const limits = { maxEventBytes: 1 << 20, maxEventDepth: 16 };
  for (let first = from; first < from + count; first += AT_ONCE) {
    const rows = Array.from({ length: Math.min(AT_ONCE, from + count - first) }, (_, index) =>
      JSON.stringify(fleetAttempt(first + index).report),
    );
    const body = readReportBody(Buffer.from(rows.join('\n')), 'ndjson', AT_ONCE);
    const arrival = {
      bank: 'bank-a',
      pseudonyms,
      receivedAt: new Date().toISOString(),
      honourReceivedAt: false,
      collector: { id: 'bench', version: '0' },
    };
    const taken = takeRows(body, arrival, validators, limits);
    if (taken.kind !== 'taken' || taken.rejected.length > 0) throw new Error('the rows were not taken');
    await log.append('patch.attempts', taken.attempts);
  }
}

function startProjector(cluster: KafkaCluster, engine: ClickHouseEngine): ChildProcess {
  return spawn(process.execPath, ['--max-old-space-size=512', '--max-semi-space-size=64', projectorFile], {
    env: {
      ...process.env,
      ROLLCALL_LOG: cluster.address,
      ROLLCALL_CLICKHOUSE: engine.urlFor('writer'),
      ROLLCALL_PORT: '0',
      ROLLCALL_LOG_LEVEL: 'error',
      UV_THREADPOOL_SIZE: '16',
      MALLOC_ARENA_MAX: '2',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function untilQuiet(cpuSeconds: () => number, processes: number): Promise<void> {
  for (let quiet = 0; quiet < 2;) {
    const before = cpuSeconds();
    await sleep(QUIET_MS);
    const share = ((cpuSeconds() - before) * 1_000) / QUIET_MS / processes;
    quiet = before > 0 && share < QUIET_SHARE ? quiet + 1 : 0;
  }
}

async function untilDrained(log: EventLog, projectors: readonly ChildProcess[]): Promise<void> {
  for (;;) {
    const lags = await groupLag(log, GROUP, TOPICS);
    if (lags.every(({ lag }) => lag === 0)) return;
    if (projectors.some(({ exitCode }) => exitCode !== null)) throw new Error('a projector has ended');
    await sleep(200);
  }
}

async function endProjector(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/** Of one process without its children; 0 when it is gone. */
const cpuOf = (pid: number): number => processTree(pid).find((one) => one.pid === pid)?.cpuSeconds ?? 0;

async function bytesOf(cluster: KafkaCluster, engine: ClickHouseEngine, stored: number) {
  const question =
    "SELECT table, sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = 'rollcall_blue' GROUP BY table FORMAT JSONEachRow";
  const rows = (await runClickHouse(engine, 'writer', question))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { table: string; bytes: string | number });
  const byTable = Object.fromEntries(rows.map(({ table, bytes }) => [table, round(Number(bytes) / stored)]));
  const store = Object.values(byTable).reduce((sum, bytes) => sum + bytes, 0);
  return { log: cluster.bytesOf('patch.attempts') / stored, store, byTable };
}
