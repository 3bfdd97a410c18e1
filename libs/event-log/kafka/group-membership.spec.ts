import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Assignment, EventLog, LogConsumer, LogSlice } from '#event-log/event-log.js';
import { eventually } from '../../../test/harness/eventually.js';
import { kafkaAddressOf } from '../../../test/harness/kafka-address.js';
import { describeWithKafka, kafkaForSpec } from '../../../test/harness/kafka-specs.js';
import type { KafkaOfSpec } from '../../../test/harness/kafka-specs.js';
import { createTopics } from './kafka-topics.js';
import { openKafkaEventLog } from './open-kafka-event-log.js';

jest.setTimeout(180_000);

const TOPIC = 'patch.attempts';
const LIMITS = { maxRecords: 10_000, maxBytes: 1 << 26, maxWaitMs: 300 } as const;
/** Longer than the time after which a silent member is taken for dead. */
const LONG_INSERT_MS = 14_000;

const partitionsOf = ({ partitions }: Assignment): number[] =>
  partitions.map(({ partition }) => partition).sort((left, right) => left - right);

const countOf = (slices: readonly LogSlice[]): number =>
  slices.reduce((sum, { records }) => sum + records.length, 0);

describeWithKafka('kafka: members of a group', () => {
  let kafka: KafkaOfSpec;
  let log: EventLog;
  const prefix = `m${process.pid}.`;

  beforeAll(async () => {
    kafka = await kafkaForSpec();
    // 120 MB in one append take a loaded machine long.
    const address = kafkaAddressOf(kafka.address, {
      ROLLCALL_KAFKA_PREFIX: prefix,
      ROLLCALL_KAFKA_APPEND_TIMEOUT_MS: '120000',
    });
    await createTopics(address, { replicationFactor: 1, minInsyncReplicas: 1 });
    log = await openKafkaEventLog(address);
    const messages = Array.from({ length: 1_000 }, (_, index) => ({
      key: `bank-a/d-${index}`,
      value: Buffer.from(String(index)),
    }));
    await log.append(TOPIC, messages);
  });

  afterAll(async () => {
    await log.close();
    await kafka.stop();
  });

  const readAll = async (consumer: LogConsumer, count: number): Promise<LogSlice[]> => {
    const slices: LogSlice[] = [];
    await eventually(`${count} records`, async () => {
      slices.push(...(await consumer.read(LIMITS)));
      return countOf(slices) >= count ? true : null;
    });
    return slices;
  };

  it('share the partitions, and are told when that changes; what a member lost it cannot commit', async () => {
    const first = await log.consume('shared', [TOPIC]);
    const before = first.assignment;
    expect(partitionsOf(before)).toEqual(Array.from({ length: 12 }, (_, index) => index));
    const slices = await readAll(first, 1_000);

    const second = await log.consume('shared', [TOPIC]);
    await eventually('the first member knows', async () => {
      await first.read({ ...LIMITS, maxWaitMs: 100 });
      return first.assignment.number > before.number && first.assignment.partitions.length === 6
        ? true
        : null;
    });
    const both = [...partitionsOf(first.assignment), ...partitionsOf(second.assignment)];
    expect(both.sort((left, right) => left - right)).toEqual(partitionsOf(before));

    await first.commit(slices);
    const committed = await log.committedOffsets('shared', TOPIC);
    const ends = await log.endOffsets(TOPIC);
    const kept = partitionsOf(first.assignment);
    expect(committed).toEqual(ends.map((end, partition) => (kept.includes(partition) ? end : 0)));

    // Nothing is read twice by the member that kept its partitions, nothing is left out by the one that got some.
    expect(await first.read(LIMITS)).toEqual([]);
    const expected = partitionsOf(second.assignment).reduce((sum, one) => sum + (ends[one] ?? 0), 0);
    const taken = await readAll(second, expected);
    expect(countOf(taken)).toBe(expected);
    await second.commit(taken);

    const number = second.assignment.number;
    await first.close();
    await eventually('the second member has all', async () => {
      await second.read({ ...LIMITS, maxWaitMs: 100 });
      return second.assignment.partitions.length === 12 || null;
    });
    expect(second.assignment.number).toBeGreaterThan(number);
    expect(await log.committedOffsets('shared', TOPIC)).toEqual(ends);
    expect(await second.read(LIMITS)).toEqual([]);
    await second.close();
  });

  it('stay members through an insert that takes longer than a session', async () => {
    const consumer = await log.consume('patient', [TOPIC]);
    const slices = await readAll(consumer, 1_000);
    const { number } = consumer.assignment;
    await sleep(LONG_INSERT_MS);
    await consumer.commit(slices);
    expect(await log.committedOffsets('patient', TOPIC)).toEqual(await log.endOffsets(TOPIC));
    expect(consumer.assignment.number).toBe(number);
    await consumer.close();
  });

  it('hold back what nobody reads: a fast log does not fill the memory of a slow reader', async () => {
    const value = Buffer.alloc(100_000, 'v');
    const messages = Array.from({ length: 1_200 }, (_, index) => ({ key: `bank-b/d-${index}`, value }));
    await log.append('patch.evidence', messages);
    const before = process.memoryUsage().arrayBuffers;
    const consumer = await log.consume('slow', ['patch.evidence']);
    await sleep(5_000);
    // 120 MB are there; 32 MiB are kept, and what one fetch brings on top (16 MiB, decompressed).
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(90e6);
    expect(countOf(await readAll(consumer, 1_200))).toBe(1_200);
    await consumer.close();
  });

  it('cost next to nothing while nothing happens: no timer runs on and on', async () => {
    const consumer = await log.consume('idle', ['patch.remedies']);
    const original = globalThis.setTimeout;
    let timers = 0;
    globalThis.setTimeout = Object.assign((...args: Parameters<typeof original>) => {
      timers += 1;
      return original(...args);
    }, original);
    await sleep(3_000);
    globalThis.setTimeout = original;
    await consumer.close();
    // One client of kafkajs as it comes sets a thousand a second.
    expect(timers).toBeLessThan(300);
  });
});
