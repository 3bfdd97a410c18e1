import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { TOPIC_PARTITIONS, deviceMessageKey } from '#domain/topics.js';
import type { Topic } from '#domain/topics.js';
import type { EventLog, LogMessage } from '#event-log/event-log.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';
import { rollcallHere } from '../../../test/harness/in-process-command.js';
import { describeWithOwnBrokers } from '../../../test/harness/kafka-specs.js';
import { KafkaCluster } from '../../../test/harness/kafka-cluster.js';
import { sampleAttempt } from '../../../test/harness/sample-events.js';
import { withLogAt } from '../log.module.js';

interface Copied {
  readonly topic: string;
  readonly messages: number;
  readonly copied: number;
  readonly sha256: string;
}

const TOPICS = Object.keys(TOPIC_PARTITIONS) as Topic[];

/** The history of one machine moves to brokers, and the commands of the log work there as here. */
describeWithOwnBrokers('rollcall on a log that moved to Kafka', () => {
  let cluster: KafkaCluster;
  let root: string;
  let source: EventLog;
  let from: string;

  beforeAll(async () => {
    cluster = await KafkaCluster.start();
    root = mkdtempSync(join(tmpdir(), 'rollcall-to-kafka-'));
    from = `lmdb:${join(root, 'log')}`;
    source = await openLmdbEventLog({ directory: join(root, 'log') });
    const made = await rollcallHere(
      ...['topics', 'apply', '--log', cluster.address],
      ...['--replication-factor', '1', '--min-insync-replicas', '1'],
    );
    expect(made.code).toBe(0);
  }, 180_000);
  afterAll(async () => {
    await source.close();
    await cluster.stop();
    rmSync(root, { recursive: true, force: true });
  });

  const messages = (count: number, from_ = 0): LogMessage[] =>
    Array.from({ length: count }, (_, index) => {
      const event = sampleAttempt(`copy-${from_ + index}`);
      return {
        key: deviceMessageKey(event.bank, event.deviceKey),
        value: Buffer.from(JSON.stringify(event)),
        ...(index % 5 === 0 && { headers: { reason: 'not_json', 注: '设备' } }),
      };
    });
  const copy = async () => rollcallHere('log', 'copy', '--from', from, '--to', cluster.address, '--json');
  const contentOf = async (log: EventLog, topic: Topic): Promise<unknown[]> =>
    Promise.all(
      (await log.endOffsets(topic)).map(async (_, partition) =>
        (await log.readRange(topic, partition, 0, 1e6)).map(({ key, headers, value, offset }) => [
          offset,
          key,
          headers,
          value.toString(),
        ]),
      ),
    );

  it('copies all of it in order, then nothing, also when the broker is killed in between', async () => {
    for (const topic of TOPICS)
      await source.append(topic, messages(topic === 'patch.attempts' ? 6_000 : 300));
    const running = copy();
    const restarted = cluster.kill(1).then(() => cluster.restart(1));
    const [first] = await Promise.all([running, restarted]);
    console.log(
      `the copy under the kill ended with ${first.code}: ${first.err.trim().split('\n').at(-1) ?? ''}`,
    );
    const second = await copy();
    expect([second.code, second.err]).toEqual([0, expect.stringContaining('a second')]);
    const third = await copy();
    expect(third.items<Copied>().map(({ copied, messages }) => [copied, messages])).toEqual(
      TOPICS.map((topic) => [0, topic === 'patch.attempts' ? 6_000 : 300]),
    );
    await withLogAt(cluster.address, async (target) => {
      for (const topic of TOPICS.filter((one) => one !== 'patch.attempts'))
        expect(await contentOf(target, topic)).toEqual(await contentOf(source, topic));
    });
  }, 180_000);

  it('tells the lag of a group there', async () => {
    const lag = await rollcallHere('lag', '--log', cluster.address, '--json', '--max', '1');
    const attempts = lag
      .items<{ topic: string; lag: number; ageSeconds: number }>()
      .filter(({ topic }) => topic === 'patch.attempts');
    expect(lag.code).toBe(2);
    expect(attempts.reduce((sum, item) => sum + item.lag, 0)).toBeGreaterThanOrEqual(6_000);
    expect(attempts.every(({ ageSeconds }) => ageSeconds >= 0)).toBe(true);
  });

  it('lists, retries and drops dead letters there', async () => {
    const letters = (...args: string[]) => rollcallHere('dead-letters', ...args, '--log', cluster.address);
    const event = sampleAttempt('unreadable-once');
    await withLogAt(cluster.address, async (log) => {
      const headers = { reason: 'unknown_version', topic: 'patch.attempts', partition: '3', offset: '7' };
      const value = Buffer.from(JSON.stringify(event));
      await log.append('patch.dead-letters', [{ key: 'bank-a/d-1', value, headers }]);
    });
    const [letter] = (await letters('list', '--json', '--reason', 'unknown_version')).items<{ id: string }>();
    const before = await withLogAt(cluster.address, (log) => log.endOffsets('patch.attempts'));
    expect(await letters('retry', letter?.id ?? '')).toMatchObject({ code: 0, err: '' });
    const after = await withLogAt(cluster.address, (log) => log.endOffsets('patch.attempts'));
    const sum = (offsets: readonly number[]) => offsets.reduce((all, offset) => all + offset, 0);
    expect(sum(after)).toBe(sum(before) + 1);
    expect((await letters('list', '--json', '--reason', 'unknown_version')).out).toBe('');
    expect((await letters('drop', '--all', '--because', 'copied for this test')).code).toBe(0);
    expect((await letters('list', '--json')).out).toBe('');
  });
});
