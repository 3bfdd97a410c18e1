import type { EventLog, LogMessage } from '#event-log/event-log.js';
import { createTopics } from '#event-log/kafka/kafka-topics.js';
import { openKafkaEventLog } from '#event-log/kafka/open-kafka-event-log.js';
import { kafkaAddressOf } from '../harness/kafka-address.js';
import type { KafkaCluster } from '../harness/kafka-cluster.js';
import { recordsOf } from '../harness/logged-reports.js';
import type { BenchRun } from './bench-run.js';
import { figure } from './figure.js';
import type { Figure } from './figure.js';
import { fleetAttempt } from './fleet-attempt.js';
import { processTree, sumCpuSeconds } from './process-usage.js';
import { ROWS_PER_REQUEST } from './request-bodies.js';

const ROUNDS = 3;
/** So many batches wait for the log at once, as behind a busy collector. */
const AT_ONCE = 8;

/** How the events of one HTTP request become messages. */
type Packing = 'event' | 'batch';

/**
 * One message an event, as the product writes it, against one message an HTTP batch, in turn on the same broker: CPU of
 * broker, writer and reader together for 1,000 events that are appended, read back and parsed.
 */
export async function benchMessagePerBatch(
  { quick, note }: BenchRun,
  cluster: KafkaCluster,
): Promise<Readonly<Record<string, Figure>>> {
  const batches = quick ? 100 : 1_000;
  const runs = { event: [] as number[], batch: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1)
    for (const packing of ['event', 'batch'] as const) {
      const prefix = `${packing}-${round}.`;
      const seconds = await cpuSecondsOf(cluster, prefix, packing, batches);
      runs[packing].push((seconds * 1_000) / (batches * ROWS_PER_REQUEST));
    }
  const perEvent = figure('CPU s / 1,000 events, one message an event', runs.event);
  const perBatch = figure('CPU s / 1,000 events, one message an HTTP batch', runs.batch);
  note(`kafka: ${perEvent.median} CPU s / 1,000 events as messages, ${perBatch.median} as batches`);
  return { messagePerEventCpu: perEvent, messagePerBatchCpu: perBatch };
}

async function cpuSecondsOf(
  cluster: KafkaCluster,
  prefix: string,
  packing: Packing,
  batches: number,
): Promise<number> {
  const address = kafkaAddressOf(cluster.address, { ROLLCALL_KAFKA_PREFIX: prefix });
  const topics = ['patch.attempts', 'patch.admin'] as const;
  await createTopics(address, { replicationFactor: 1, minInsyncReplicas: 1, topics });
  const log = await openKafkaEventLog(address);
  try {
    const sent = Array.from({ length: batches }, (_, batch) => messagesOf(packing, batch));
    const before = cpuSeconds(cluster);
    for (let from = 0; from < sent.length; from += AT_ONCE)
      await Promise.all(
        sent.slice(from, from + AT_ONCE).map((messages) => log.append('patch.attempts', messages)),
      );
    const read = await countEvents(log);
    if (read !== batches * ROWS_PER_REQUEST) throw new Error(`${read} events were read`);
    return cpuSeconds(cluster) - before;
  } finally {
    await log.close();
  }
}

function messagesOf(packing: Packing, batch: number): readonly LogMessage[] {
  const events = Array.from({ length: ROWS_PER_REQUEST }, (_, row) => {
    const { device, report } = fleetAttempt(batch * ROWS_PER_REQUEST + row);
    return { key: `bank-a/d-${device}`, text: JSON.stringify(report) };
  });
  if (packing === 'event') return events.map(({ key, text }) => ({ key, value: Buffer.from(text) }));
  const lines = events.map(({ text }) => text).join('\n');
  return [{ key: `batch-${batch}`, value: Buffer.from(lines) }];
}

async function countEvents(log: EventLog): Promise<number> {
  const records = (await recordsOf(log, 'patch.attempts')).flat();
  return records.flatMap(({ value }) =>
    value
      .toString('utf8')
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).length;
}

function cpuSeconds(cluster: KafkaCluster): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6 + sumCpuSeconds(processTree(cluster.pid(1)));
}
