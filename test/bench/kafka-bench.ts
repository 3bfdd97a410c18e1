import { createTopics } from '#event-log/kafka/kafka-topics.js';
import { openKafkaEventLog } from '#event-log/kafka/open-kafka-event-log.js';
import { kafkaAddressOf } from '../harness/kafka-address.js';
import { KafkaCluster } from '../harness/kafka-cluster.js';
import { canRunKafka } from '../harness/kafka-jars.js';
import { secondsSince, waitMs } from './bench-run.js';
import type { BenchResult, BenchRun, Skipped } from './bench-run.js';
import { benchCollector } from './collector-bench.js';
import { benchEndToEnd } from './end-to-end-bench.js';
import { figure, round } from './figure.js';
import type { Figure } from './figure.js';
import { benchFreshness } from './freshness-bench.js';
import { makeInstallation, startProduct } from './installation.js';
import type { Installation, Product } from './installation.js';
import { benchMessagePerBatch } from './kafka-message-per-batch.js';
import { loadNow } from './machine.js';
import { logProgress } from './log-progress.js';
import { sendPaced } from './paced-load.js';
import { processTree, sumCpuSeconds } from './process-usage.js';
import { roleOf } from './product-roles.js';
import { makeBodies, ROWS_PER_REQUEST } from './request-bodies.js';

const FLOORS = { collector: 18_000, endToEnd: 9_000, catchUpRatio: 3 } as const;
const CEILINGS = { failoverSeconds: 15, freshnessMs: 5_000 } as const;
const LIVE_PER_SECOND = 3_000;
const BANKS = 8;
const ROWS_PER_SECOND_MAX = 40_000;
const PROBE_EVERY_MS = 20;

interface Path {
  readonly figures: Readonly<Record<string, Figure>>;
  readonly details: Readonly<Record<string, unknown>>;
}

/**
 * The same work on the log in lmdb files and on a real Kafka broker of the same machine, one after the other. The
 * broker's CPU counts with the rest. `lmdb…` figures stand beside for comparison and have no limits here.
 */
export async function benchKafka(run: BenchRun): Promise<BenchResult | Skipped> {
  if (!canRunKafka()) return { skipped: 'needs Java 17 and Maven' };
  const loadBefore = loadNow();
  const seconds = run.quick ? 30 : 300;
  const bodies = makeBodies(Math.ceil((seconds * ROWS_PER_SECOND_MAX) / BANKS / ROWS_PER_REQUEST));
  const lmdb = await measurePath(run, bodies, null);
  const cluster = await KafkaCluster.start({ isForSpeed: true });
  let kafka: Path;
  let packings: Readonly<Record<string, Figure>>;
  let fromCollector: BenchResult;
  try {
    await createTopics(kafkaAddressOf(cluster.address), { replicationFactor: 1, minInsyncReplicas: 1 });
    kafka = await measurePath(run, bodies, cluster);
    fromCollector = await benchCollector(run, { kafka: cluster.address, floor: FLOORS.collector });
    packings = await benchMessagePerBatch(run, cluster);
  } finally {
    await cluster.stop();
  }
  const { acceptedPerSecond, cpuMicros } = fromCollector.figures;
  return {
    figures: {
      ...kafka.figures,
      ...(acceptedPerSecond && { collectorPerSecond: acceptedPerSecond }),
      ...(cpuMicros && { collectorCpuMicros: cpuMicros }),
      failoverPause: await benchFailover(run),
      ...packings,
      ...Object.fromEntries(Object.entries(lmdb.figures).map(([name, one]) => [`lmdb ${name}`, one])),
    },
    details: { kafka: kafka.details, lmdb: lmdb.details, loadBefore, loadAfter: loadNow() },
  };
}

/** End to end, freshness at the live rate and, on Kafka, what a projector makes up for that did nothing for long. */
async function measurePath(
  run: BenchRun,
  bodies: readonly Buffer[],
  cluster: KafkaCluster | null,
): Promise<Path> {
  const installation = await makeInstallation(BANKS, cluster?.address);
  const product = await startProduct(installation);
  const brokerCpu = () => (cluster ? sumCpuSeconds(processTree(cluster.pid(1))) : 0);
  try {
    const floor = cluster ? FLOORS.endToEnd : 0;
    const before = brokerCpu();
    const { result, requests } = await benchEndToEnd(run, installation, product, bodies, floor);
    const brokerSeconds = brokerCpu() - before;
    const fresh = await benchFreshness(run, installation, product, bodies, requests, {
      rowsPerSecond: LIVE_PER_SECOND,
      ceilingMs: cluster ? CEILINGS.freshnessMs : Infinity,
    });
    const events = requests * ROWS_PER_REQUEST;
    return {
      figures: {
        endToEndPerSecond: pick(result, 'eventsPerSecond'),
        cpuSecondsPer1000: figure('CPU s / 1,000 attempts, product and broker', [
          (result.figures['cpuSecondsPer1000']?.median ?? NaN) + (brokerSeconds / events) * 1_000,
        ]),
        freshnessP99: pick(fresh, 'p99'),
        ...(cluster && { catchUpRatio: await benchCatchUp(run, installation, product, bodies) }),
      },
      details: {
        endToEnd: result.details,
        freshness: fresh.details,
        brokerCpuSecondsPer1000: round((brokerSeconds / events) * 1_000),
      },
    };
  } finally {
    await product.stop();
    installation.remove();
  }
}

/** The projector is stopped while reports come at the live rate; how much faster than live it works them off after. */
async function benchCatchUp(
  { quick, note }: BenchRun,
  installation: Installation,
  product: Product,
  bodies: readonly Buffer[],
): Promise<Figure> {
  const stoppedSeconds = quick ? 30 : 300;
  const projector = processTree(product.pid).find((process) => roleOf(process) === 'projector');
  if (!projector) throw new Error('there is no projector');
  const log = await installation.openLog();
  // Requests that were never sent: from the end of what could have been.
  const from = Math.max(0, bodies.length * BANKS - 2 * stoppedSeconds * (LIVE_PER_SECOND / ROWS_PER_REQUEST));
  const load = sendPaced(product, installation.tokens, bodies, Math.floor(from), LIVE_PER_SECOND);
  try {
    process.kill(projector.pid, 'SIGSTOP');
    await waitMs(stoppedSeconds * 1_000);
    process.kill(projector.pid, 'SIGCONT');
    const startMs = performance.now();
    const before = await logProgress(log);
    for (;;) {
      const { appended, committed } = await logProgress(log);
      // What comes within a second is not behind.
      if (appended - committed <= LIVE_PER_SECOND) {
        const perSecond = (committed - before.committed) / secondsSince(startMs);
        note(`kafka: caught up at ${Math.round(perSecond)}/s after ${stoppedSeconds} s`);
        return figure(`× ${LIVE_PER_SECOND}/s`, [perSecond / LIVE_PER_SECOND], {
          floor: FLOORS.catchUpRatio,
        });
      }
      await waitMs(100);
    }
  } finally {
    await load.stop();
    await log.close();
  }
}

/** The longest time without an acknowledged append while the leader of every partition, one after the other, is killed. */
async function benchFailover({ quick, note }: BenchRun): Promise<Figure> {
  const cluster = await KafkaCluster.start({ brokers: 3, isForSpeed: true });
  const address = kafkaAddressOf(cluster.address);
  const log = await createTopics(address, { replicationFactor: 3, minInsyncReplicas: 2 }).then(() =>
    openKafkaEventLog(address),
  );
  const messages = Array.from({ length: 200 }, (_, index) => ({
    key: `bank-a/d-${index}`,
    value: Buffer.alloc(600, 'x'),
  }));
  const pauses: number[] = [];
  let killing = true;
  let lastMs = performance.now();
  let longestMs = 0;
  const probe = async (): Promise<void> => {
    while (killing) {
      const isTaken = await log.append('patch.attempts', messages).then(
        () => true,
        () => false,
      );
      if (isTaken) {
        longestMs = Math.max(longestMs, performance.now() - lastMs);
        lastMs = performance.now();
      }
      await waitMs(PROBE_EVERY_MS);
    }
  };
  const probing = probe();
  try {
    for (const broker of quick ? [1] : cluster.ids) {
      await waitMs(3_000);
      longestMs = 0;
      await cluster.kill(broker);
      await waitMs(CEILINGS.failoverSeconds * 1_000);
      pauses.push(longestMs / 1_000);
      note(`kafka: ${round(longestMs / 1_000)} s without an acknowledgement after a leader was killed`);
      await cluster.restart(broker);
      await waitMs(CEILINGS.failoverSeconds * 1_000);
    }
  } finally {
    killing = false;
    await probing;
    await log.close();
    await cluster.stop();
  }
  return figure('s, longest', pauses, { ceiling: CEILINGS.failoverSeconds });
}

function pick({ figures }: BenchResult, name: string): Figure {
  const found = figures[name];
  if (!found) throw new Error(`no figure ${name}`);
  return found;
}
