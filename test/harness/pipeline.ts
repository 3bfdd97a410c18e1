import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PatchEvent } from '#domain/attempt-event.js';
import type { Generation } from '#domain/generation.js';
import type { RemedyEvent } from '#domain/remedies/remedy-event.js';
import { deviceMessageKey } from '#domain/topics.js';
import type { Topic } from '#domain/topics.js';
import type { AttemptStoreWriter } from '#attempt-store/attempt-store.js';
import type { StoreWriters } from '#attempt-store/store-writers.js';
import { ClickHouseStore } from '#attempt-store/clickhouse/clickhouse-store.js';
import { ClickHouseWriters } from '#attempt-store/clickhouse/clickhouse-writers.js';
import { connectClickHouse } from '#attempt-store/clickhouse/connection.js';
import type { EventLog } from '#event-log/event-log.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';
import { ProjectBatch, ProjectBatchHandler } from '../../apps/projector/project-batch/project-batch.js';
import { groupOf, PROJECTED_TOPICS } from '../../apps/projector/projected-topics.js';
import { startTestCluster } from './test-cluster.js';
import { startTestEngine } from './test-engine.js';

/** Log, projector and store in one process: the real adapters, without HTTP in front. */
export interface Pipeline {
  readonly log: EventLog;
  /** For another process, or a command line, on the same log. */
  readonly logDirectory: string;
  readonly writers: StoreWriters;
  /** The store as a process of its own sees it that fills a generation together with others. */
  openSharedWriters(): StoreWriters;
  readonly store: ClickHouseStore;
  /** Of the engine that is written to, with user and password: for another process's view of it. */
  readonly writerUrl: string;
  /** Of the engine that is asked: with two shards, the other one. */
  readonly askedUrl: string;
  /** Appends events as the collector does. */
  append(events: readonly (PatchEvent | RemedyEvent)[]): Promise<void>;
  /** Reads to the end of the log in batches of so many messages. A new projector each time, as after a restart. */
  project(generation: Generation, batchSize: number): Promise<void>;
  /** Projects events as they are given, batch by batch, without the log: for orders that a log would not give. */
  projectEvents(generation: Generation, events: readonly PatchEvent[], batchSize: number): Promise<void>;
  /** The same as `project` with a store that fails at its n-th call of a writing or reading method; false when it never came so far. */
  projectUntilCrash(generation: Generation, batchSize: number, failingCall: number): Promise<boolean>;
  /** Empties a generation and puts its group back to the beginning. */
  reset(generation: Generation): Promise<void>;
  /** Reads everything from the beginning once more, as after a lost commit. */
  replay(generation: Generation, batchSize: number): Promise<void>;
  dispose(): Promise<void>;
}

const TOPIC_OF: Readonly<Record<(PatchEvent | RemedyEvent)['eventType'], Topic>> = {
  'patch.update_attempt': 'patch.attempts',
  'patch.device_inventory': 'patch.inventory',
  RemediationApplied: 'patch.remedies',
  RemediationOutcome: 'patch.remedies',
};

/** @param shards 2 = the store is a cluster of two engines, written through one of them and asked of the other */
export async function openPipeline(shards: 1 | 2 = 1): Promise<Pipeline> {
  const started = shards === 1 ? await startTestEngine() : await startTestCluster();
  const [engine, asked] = 'engines' in started ? started.engines : [started, started];
  const cluster = 'cluster' in started ? started.cluster : undefined;
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-log-'));
  const log = await openLmdbEventLog({ directory });
  const client = connectClickHouse({ url: engine.urlFor('writer') });
  const reader = connectClickHouse({ url: asked.urlFor('writer') });
  const openWriters = (isShared: boolean) =>
    new ClickHouseWriters(client, 'rules-of-the-test', isShared, cluster);
  const writers = openWriters(false);

  async function projectWith(using: StoreWriters, generation: Generation, batchSize: number): Promise<void> {
    const handler = new ProjectBatchHandler(log, using);
    const consumer = await log.consume(groupOf(generation), PROJECTED_TOPICS);
    try {
      for (;;) {
        const slices = await consumer.read({ maxRecords: batchSize, maxBytes: 1 << 26, maxWaitMs: 0 });
        if (slices.length === 0) return;
        await handler.execute(new ProjectBatch(generation, slices));
        await consumer.commit(slices);
      }
    } finally {
      await consumer.close();
    }
  }

  async function seekToBeginning(generation: Generation): Promise<void> {
    const consumer = await log.consume(groupOf(generation), PROJECTED_TOPICS);
    await consumer.commit(
      (await consumer.committed()).map(({ topic, partition }) => ({ topic, partition, nextOffset: 0 })),
    );
    await consumer.close();
  }

  return {
    log,
    logDirectory: directory,
    writers,
    openSharedWriters: () => openWriters(true),
    store: new ClickHouseStore(reader, () => Promise.resolve('blue')),
    writerUrl: engine.urlFor('writer'),
    askedUrl: asked.urlFor('writer'),
    async append(events) {
      for (const topic of PROJECTED_TOPICS) {
        const own = events.filter(({ eventType }) => TOPIC_OF[eventType] === topic);
        await log.append(
          topic,
          own.map((event) => ({
            key: deviceMessageKey(event.bank, event.deviceKey),
            value: Buffer.from(JSON.stringify(event)),
          })),
        );
      }
    },
    project: (generation, batchSize) => projectWith(writers, generation, batchSize),
    async projectEvents(generation, events, batchSize) {
      const handler = new ProjectBatchHandler(log, writers);
      for (let from = 0; from < events.length; from += batchSize) {
        const records = events.slice(from, from + batchSize).map((event, index) => ({
          offset: from + index,
          key: '',
          value: Buffer.from(JSON.stringify(event)),
          headers: {},
          appendedAtMs: 0,
        }));
        const nextOffset = from + records.length;
        await handler.execute(
          new ProjectBatch(generation, [
            { topic: 'patch.attempts', partition: 0, records, nextOffset, endOffset: events.length },
          ]),
        );
      }
    },
    async projectUntilCrash(generation, batchSize, failingCall) {
      const crash = new Error('crash of the test');
      const crashing = crashingStore(writers.of(generation), failingCall, crash);
      try {
        await projectWith(
          Object.assign(Object.create(writers) as StoreWriters, { of: () => crashing }),
          generation,
          batchSize,
        );
        return false;
      } catch (error) {
        if (error !== crash) throw error;
        return true;
      }
    },
    async reset(generation) {
      await seekToBeginning(generation);
      await writers.drop(generation);
      await writers.prepare(generation);
      await writers.publish(generation);
    },
    async replay(generation, batchSize) {
      await seekToBeginning(generation);
      await projectWith(writers, generation, batchSize);
    },
    async dispose() {
      await log.close();
      await Promise.all([client.close(), reader.close()]);
      await started.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Its n-th call throws before it does anything: to the store that is a projector killed at that point. */
function crashingStore(store: AttemptStoreWriter, failingCall: number, crash: Error): AttemptStoreWriter {
  let calls = 0;
  const crashing = <Target extends object>(whole: Target): Target =>
    new Proxy(whole, {
      get(target, property, receiver) {
        const member: unknown = Reflect.get(target, property, receiver);
        if (typeof member !== 'function') return member;
        if (property === 'openLinkFeed') return () => crashing((target as AttemptStoreWriter).openLinkFeed());
        return (...args: unknown[]) => {
          calls += 1;
          if (calls === failingCall) return Promise.reject(crash);
          return (member as (...all: unknown[]) => unknown).apply(target, args);
        };
      },
    });
  return crashing(store);
}
