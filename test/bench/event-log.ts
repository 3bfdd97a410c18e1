import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { deviceMessageKey } from '#domain/topics.js';
import type { EventLog, LogMessage } from '#event-log/event-log.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';

const TOPIC = 'patch.attempts';
const MESSAGE_BYTES = 650;

export interface EventLogBenchOptions {
  readonly messages?: number;
  readonly messagesPerAppend?: number;
  readonly appenders?: readonly number[];
  readonly runs?: number;
}

/** One measured case; `cpuMicrosPerMessage` is of the whole process, `mainThreadMicrosPerMessage` of its event loop. */
export interface EventLogBenchResult {
  readonly name: string;
  readonly messagesPerSecond: number;
  readonly cpuMicrosPerMessage: number;
  readonly mainThreadMicrosPerMessage: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

/** Measures durable appends by concurrent callers, and reading it all back in a group. Medians of several runs. */
export async function benchEventLog(options: EventLogBenchOptions = {}): Promise<EventLogBenchResult[]> {
  const { messages = 400_000, messagesPerAppend = 500, appenders = [1, 4, 8, 16], runs = 3 } = options;
  const results: EventLogBenchResult[] = [];
  for (const concurrent of appenders) {
    const measured: EventLogBenchResult[][] = [];
    for (let run = 0; run < runs; run++)
      measured.push(
        await withLog(async (log) => [
          await benchAppends(log, messages, messagesPerAppend, concurrent),
          await benchReading(log, messages, concurrent),
        ]),
      );
    for (const index of [0, 1]) results.push(median(measured.flatMap((run) => run[index] ?? [])));
  }
  return results;
}

async function benchAppends(
  log: EventLog,
  messages: number,
  messagesPerAppend: number,
  concurrent: number,
): Promise<EventLogBenchResult> {
  const batches = Array.from({ length: 8 }, (_, batch) => makeMessages(messagesPerAppend, batch));
  const latenciesMs: number[] = [];
  let left = Math.ceil(messages / messagesPerAppend);
  const appendInTurn = async (): Promise<void> => {
    for (; left > 0;) {
      left -= 1;
      const startMs = performance.now();
      await log.append(TOPIC, batches[left % batches.length] ?? []);
      latenciesMs.push(performance.now() - startMs);
    }
  };
  const measured = await measure(`append, ${concurrent} callers`, messages, async () => {
    await Promise.all(Array.from({ length: concurrent }, appendInTurn));
  });
  latenciesMs.sort((a, b) => a - b);
  return { ...measured, p50Ms: percentile(latenciesMs, 0.5), p99Ms: percentile(latenciesMs, 0.99) };
}

async function benchReading(
  log: EventLog,
  messages: number,
  concurrent: number,
): Promise<EventLogBenchResult> {
  const consumer = await log.consume('bench', [TOPIC]);
  return measure(`read what ${concurrent} callers appended`, messages, async () => {
    for (let read = 0; read < messages;) {
      const slices = await consumer.read({ maxRecords: 50_000, maxBytes: 64 * 1024 * 1024, maxWaitMs: 0 });
      read += slices.reduce((sum, { records }) => sum + records.length, 0);
      await consumer.commit(slices);
    }
  });
}

async function measure(
  name: string,
  messages: number,
  work: () => Promise<void>,
): Promise<EventLogBenchResult> {
  const cpu = process.cpuUsage();
  const loop = performance.eventLoopUtilization();
  const startMs = performance.now();
  await work();
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return {
    name,
    messagesPerSecond: Math.round(messages / seconds),
    cpuMicrosPerMessage: round((user + system) / messages),
    mainThreadMicrosPerMessage: round((performance.eventLoopUtilization(loop).active * 1000) / messages),
  };
}

function makeMessages(count: number, batch: number): LogMessage[] {
  return Array.from({ length: count }, (_, index) => ({
    key: deviceMessageKey('bank-a', `d-${(batch * count + index).toString(36).padStart(20, 'x')}`),
    value: Buffer.alloc(
      MESSAGE_BYTES,
      `{"eventId":"${batch}-${index}","outcome":"failed","hresult":"0x80071ab1"}`,
    ),
  }));
}

async function withLog<T>(work: (log: EventLog) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-bench-log-'));
  const log = await openLmdbEventLog({ directory });
  try {
    return await work(log);
  } finally {
    await log.close();
    await rm(directory, { recursive: true, force: true });
  }
}

const round = (value: number): number => Math.round(value * 100) / 100;

const percentile = (sorted: readonly number[], part: number): number =>
  round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);

function median(results: readonly EventLogBenchResult[]): EventLogBenchResult {
  const sorted = [...results].sort((a, b) => a.messagesPerSecond - b.messagesPerSecond);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error('nothing was measured');
  return middle;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  for (const result of await benchEventLog()) process.stdout.write(`${JSON.stringify(result)}\n`);
