import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { TOPIC_PARTITIONS } from '#domain/topics.js';
import { rollcallHere } from '../../../test/harness/in-process-command.js';
import { describeWithOwnBrokers, kafkaForSpec } from '../../../test/harness/kafka-specs.js';
import type { KafkaOfSpec } from '../../../test/harness/kafka-specs.js';

interface Item {
  readonly topic: string;
  readonly name: string;
  readonly partitions: number;
  readonly settings: Record<string, string>;
  readonly state: string;
  readonly differences: readonly string[];
  readonly result: string;
}

it('rollcall topics has nothing to do on the log of one machine', async () => {
  const data = mkdtempSync(join(tmpdir(), 'rollcall-topics-'));
  for (const command of ['plan', 'apply']) {
    const { code, out } = await rollcallHere('topics', command, '--data', data);
    expect([code, out]).toEqual([0, expect.stringContaining('nothing to do')]);
  }
  rmSync(data, { recursive: true });
  expect((await rollcallHere('topics', 'plan', '--log', 'kafka:')).code).toBe(64);
});

describeWithOwnBrokers('rollcall topics on a broker', () => {
  let kafka: KafkaOfSpec;
  beforeAll(async () => {
    kafka = await kafkaForSpec();
  }, 180_000);
  afterAll(async () => {
    await kafka.stop();
  });
  const topics = async (...args: string[]) =>
    rollcallHere('topics', ...args, '--log', kafka.address, '--replication-factor', '1', '--json');
  const one = ['--min-insync-replicas', '1'];

  it('plans what is missing without making it, makes it, and then finds all as it should be', async () => {
    const planned = await topics('plan', ...one);
    expect(planned.code).toBe(2);
    expect(planned.items<Item>().map(({ result }) => result)).toEqual(
      Object.keys(TOPIC_PARTITIONS).map(() => 'would be made'),
    );
    expect((await topics('plan', ...one)).code).toBe(2);

    const made = await topics('apply', ...one);
    expect([made.code, new Set(made.items<Item>().map(({ result }) => result))]).toEqual([
      0,
      new Set(['made']),
    ]);

    const after = await topics('plan', ...one);
    expect([after.code, after.err]).toEqual([0, '']);
    for (const { topic, partitions, settings } of after.items<Item>()) {
      expect(partitions).toBe(TOPIC_PARTITIONS[topic as keyof typeof TOPIC_PARTITIONS]);
      expect(settings['cleanup.policy']).toBe('delete');
      expect(settings['retention.ms'] === '-1').toBe(topic !== 'patch.dead-letters');
    }
    expect((await topics('apply', ...one)).items<Item>()[0]?.result).toBe('as it should be');
  });

  it('names what differs and leaves it as it is', async () => {
    const applied = await topics('apply', '--min-insync-replicas', '2', '--partitions', '24');
    expect(applied.code).toBe(2);
    const attempts = applied.items<Item>().find(({ topic }) => topic === 'patch.attempts');
    expect(attempts).toMatchObject({ state: 'differs' });
    expect(attempts?.differences).toEqual(['partitions: 12 → 24', 'min.insync.replicas: 1 → 2']);
    expect((await topics('plan', ...one)).code).toBe(0);
  });
});
