import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CommandBus } from '@nestjs/cqrs';
import { otherGeneration } from '#domain/generation.js';
import type { Generation } from '#domain/generation.js';
import type { Topic } from '#domain/topics.js';
import { AdminReader } from '#event-log/admin-reader.js';
import type { LogAddress } from '#event-log/log-address.js';
import type { EventLog, LogConsumer } from '#event-log/event-log.js';
import { createLogger } from '#runtime/logger.js';
import { createMetrics } from '#runtime/metrics.js';
import { eventually } from '../../../test/harness/eventually.js';
import { openPipeline } from '../../../test/harness/pipeline.js';
import type { Pipeline } from '../../../test/harness/pipeline.js';
import { sampleAttempt } from '../../../test/harness/sample-events.js';
import { ProjectBatchHandler } from '../project-batch/project-batch.js';
import type { ProjectBatch } from '../project-batch/project-batch.js';
import { openIdle } from './fill-idle.js';

const DEVICES = 40;

describe.each([
  ['one ClickHouse', 1],
  ['two shards', 2],
] as const)('a rebuild on %s', (_, shards) => {
  let pipeline: Pipeline;
  beforeAll(async () => {
    pipeline = await openPipeline(shards);
    await pipeline.reset('blue');
    await pipeline.append(
      Array.from({ length: DEVICES }, (__, n) =>
        sampleAttempt(`${n}`, { deviceAliases: [{ kind: 'smbios', key: `board-${n % 30}` }] }),
      ),
    );
    await pipeline.project('blue', 1_000);
  });
  afterAll(() => pipeline.dispose());

  interface OpenOptions {
    readonly log?: EventLog;
    readonly live?: Generation;
    readonly address?: LogAddress;
    readonly onProgress?: () => Promise<void>;
  }

  /** As a process of its own; it ends when so many messages are filled in. */
  async function open(endsAfter: number, options: OpenOptions = {}) {
    const { live, log = pipeline.log } = options;
    const ends = new AbortController();
    const handler = new ProjectBatchHandler(pipeline.log, pipeline.writers);
    const execute = async (command: ProjectBatch) => {
      await options.onProgress?.();
      return handler.execute(command);
    };
    const idle = await openIdle({
      log,
      address: options.address ?? { kind: 'lmdb', directory: pipeline.logDirectory },
      writers: pipeline.writers,
      commands: { execute } as unknown as CommandBus,
      metrics: createMetrics('rebuild'),
      logger: createLogger('rebuild', 'fatal'),
      ...(live === undefined ? {} : { live }),
      signal: ends.signal,
      batchMessages: 5,
      onProgress(messages) {
        if (messages >= endsAfter) ends.abort();
      },
    });
    return { idle, catchUp: () => idle.catchUp().finally(() => idle.close()) };
  }

  /** So that the next one begins anew. */
  async function endLast(): Promise<void> {
    const { generation } = await new AdminReader(pipeline.log, 0).refresh();
    await pipeline.writers.markRebuild(otherGeneration(generation), 'done');
  }

  it('that was stopped goes on where it was; one that was done begins anew', async () => {
    const first = await open(10);
    expect(first.idle).toMatchObject({ generation: 'green', filledBefore: 0, toFill: DEVICES });
    await expect(first.catchUp()).rejects.toThrow('goes on where it was');

    const second = await open(Infinity);
    expect(second.idle.filledBefore).toBeGreaterThanOrEqual(10);
    expect(second.idle.filledBefore).toBeLessThan(DEVICES);
    expect(await second.idle.catchUp()).toBe(DEVICES - second.idle.filledBefore);
    expect(await pipeline.writers.differences(10)).toEqual([]);
    await second.idle.takeOver();
    await second.idle.close();

    // It was told what was live before that.
    await expect(open(Infinity, { live: 'blue' })).rejects.toThrow('green has taken over meanwhile');
    expect(await pipeline.writers.differences(10)).toEqual([]);

    const third = await open(Infinity);
    expect(third.idle).toMatchObject({ generation: 'blue', filledBefore: 0, toFill: DEVICES });
    expect(await third.catchUp()).toBe(DEVICES);
    expect(await pipeline.writers.differences(10)).toEqual([]);
  }, 120_000);

  it('is refused while another one fills from a log in lmdb, and goes on when that one ended', async () => {
    await endLast();
    const first = await open(10);
    await expect(open(Infinity)).rejects.toThrow('another rebuild is under way');
    await expect(first.catchUp()).rejects.toThrow('goes on where it was');

    const second = await open(Infinity);
    expect(second.idle.filledBefore).toBeGreaterThanOrEqual(10);
    await second.catchUp();
    expect(await pipeline.writers.differences(10)).toEqual([]);
  }, 120_000);

  it('that slept until another one took its place neither fills on nor takes over', async () => {
    await endLast();
    const slept = await open(Infinity);
    // Its lock is stale by then: under another name the other one finds none.
    const elsewhere = mkdtempSync(join(tmpdir(), 'rollcall-locks-'));
    const other = await open(Infinity, { address: { kind: 'lmdb', directory: elsewhere } });
    await expect(slept.idle.catchUp()).rejects.toThrow('is being filled by another process');
    await expect(slept.idle.takeOver()).rejects.toThrow('is being filled by another process');
    await slept.idle.close();
    expect(await other.catchUp()).toBe(DEVICES);
    expect(await pipeline.writers.differences(10)).toEqual([]);
  }, 120_000);

  it('is refused while others fill that generation, and changes nothing', async () => {
    const consume = async (group: string, topics: readonly Topic[]): Promise<LogConsumer> => {
      const consumer = await pipeline.log.consume(group, topics);
      const { number, partitions } = consumer.assignment;
      // As when a projector has one of the partitions.
      return Object.create(consumer, {
        assignment: { value: { number, partitions: partitions.slice(1) } },
      }) as LogConsumer;
    };
    await endLast();
    const shared = Object.create(pipeline.log, { consume: { value: consume } }) as EventLog;
    const address = { kind: 'kafka' } as LogAddress;
    await expect(open(Infinity, { log: shared, address })).rejects.toThrow('is being filled by others');
    expect(await pipeline.writers.differences(10)).toEqual([]);
  }, 120_000);

  it('reads the next batch while one is being stored', async () => {
    await endLast();
    let reads = 0;
    const consume = async (group: string, topics: readonly Topic[]): Promise<LogConsumer> => {
      const consumer = await pipeline.log.consume(group, topics);
      const read: LogConsumer['read'] = (limits, signal) => {
        reads += 1;
        return consumer.read(limits, signal);
      };
      return Object.create(consumer, { read: { value: read } }) as LogConsumer;
    };
    let batches = 0;
    const ahead = await open(Infinity, {
      log: Object.create(pipeline.log, { consume: { value: consume } }) as EventLog,
      async onProgress() {
        batches += 1;
        await eventually('the read of the next batch', () => reads > batches || null);
      },
    });
    expect(await ahead.catchUp()).toBe(DEVICES);
    expect(batches).toBeGreaterThanOrEqual(DEVICES / 5);
    expect(await pipeline.writers.differences(10)).toEqual([]);
  }, 120_000);

  it('is done where something always comes', async () => {
    await endLast();
    let device = DEVICES;
    const busy = await open(Infinity, {
      onProgress: () => pipeline.append([sampleAttempt(`late-${device++}`)]),
    });
    expect(await busy.catchUp()).toBeGreaterThanOrEqual(DEVICES);
  }, 120_000);
});
