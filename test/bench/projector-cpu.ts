import { Readable } from 'node:stream';
import { createPseudonyms, rememberPseudonyms } from '#domain/pseudonym.js';
import { StoreWriters } from '#attempt-store/store-writers.js';
import { ClickHouseWriter } from '#attempt-store/clickhouse/clickhouse-writer.js';
import type { EventLog, LogSlice } from '#event-log/event-log.js';
import { readReportBody } from '../../apps/collector/rows/read-report-body.js';
import { compileValidators } from '../../apps/collector/rows/report-validators.js';
import { takeRows } from '../../apps/collector/rows/take-rows.js';
import { decodeSlices } from '../../apps/projector/project-batch/decode-slices.js';
import { ProjectBatch, ProjectBatchHandler } from '../../apps/projector/project-batch/project-batch.js';
import { fleetAttempt } from './fleet-attempt.js';

/**
 * What the projector's own work on an event costs, with a store that takes everything and knows nothing: messages →
 * bytes for ClickHouse. One JSON line: CPU µs for each event by step, and events a CPU second.
 */
const EVENTS = 20_000;
const WARM_UP_ROUNDS = 3;
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 9);

const slices = makeSlices();
const deafClient = {
  exec: () => Promise.resolve({ stream: Readable.from([]) }),
  query: () => Promise.resolve({ json: () => [] }),
};
const store = new ClickHouseWriter(
  deafClient as unknown as ConstructorParameters<typeof ClickHouseWriter>[0],
  'blue',
  false,
);
const writers = Object.assign(Object.create(StoreWriters.prototype) as StoreWriters, {
  of: () => store,
  isShared: false,
});
const noLog = {} as EventLog;

const decode = await measure(() => void decodeSlices(slices));
const insert = await measure(async () => {
  await store.insertFacts(decodeSlices(slices).facts);
});
const handler = new ProjectBatchHandler(noLog, writers);
const all = await measure(async () => {
  await handler.execute(new ProjectBatch('blue', slices));
});

const round = (value: number): number => Math.round(value * 100) / 100;
console.log(
  JSON.stringify({
    name: 'projector-cpu',
    microsecondsPerEvent: {
      decodeToFacts: round(decode),
      encodeFacts: round(insert - decode),
      tellAndEncodeHistories: round(all - insert),
      all: round(all),
    },
    eventsPerCpuSecond: Math.round(1e6 / all),
  }),
);

/** CPU µs (not wall clock: others may share the machine) for each event: median of rounds. */
async function measure(work: () => Promise<void> | void): Promise<number> {
  const rounds: number[] = [];
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    if (round >= 0) rounds.push((user + system) / EVENTS);
  }
  rounds.sort((a, b) => a - b);
  return rounds[Math.floor(rounds.length / 2)] ?? 0;
}

/** Messages as the collector appends them. */
function makeSlices(): LogSlice[] {
  const text = Array.from({ length: EVENTS }, (_, n) => JSON.stringify(fleetAttempt(n).report)).join('\n');
  const read = readReportBody(Buffer.from(text), 'ndjson', EVENTS);
  const arrival = {
    bank: 'bank-0',
    pseudonyms: rememberPseudonyms(createPseudonyms(Buffer.alloc(32, 1), false), EVENTS),
    receivedAt: new Date().toISOString(),
    honourReceivedAt: false,
    collector: { id: 'bench', version: '0' },
  };
  const taken = takeRows(read, arrival, compileValidators(), { maxEventBytes: 1 << 20, maxEventDepth: 16 });
  if (taken.kind !== 'taken') throw new Error('the sample reports must all be taken');
  const records = taken.attempts.map(({ key, value }, offset) => ({
    offset,
    key,
    value: Buffer.from(value),
    headers: {},
    appendedAtMs: 0,
  }));
  return [
    { topic: 'patch.attempts', partition: 0, records, nextOffset: records.length, endOffset: records.length },
  ];
}
