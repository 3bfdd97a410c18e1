import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TOPIC_PARTITIONS } from '#domain/topics.js';
import type { Topic } from '#domain/topics.js';
import type { EventLog, LogMessage } from '#event-log/event-log.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';
import { compiledEntry } from '../../../test/harness/compiled-entry.js';
import { eventually } from '../../../test/harness/eventually.js';
import { rollcallHere } from '../../../test/harness/in-process-command.js';
import { copyTopic } from './copy-log.js';
import { digestOf } from './copy-partition.js';

interface Item {
  readonly topic: string;
  readonly messages: number;
  readonly copied: number;
  readonly repeated: number;
  readonly sha256: string;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, number) => all + number, 0);
const TOPICS = Object.keys(TOPIC_PARTITIONS) as Topic[];

describe('rollcall log copy', () => {
  let root: string;
  let source: EventLog;
  let target: EventLog;
  const place = (name: string): string => `lmdb:${join(root, name)}`;
  const open = async (name: string): Promise<EventLog> => openLmdbEventLog({ directory: join(root, name) });

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'rollcall-copy-'));
    source = await open('source');
    target = await open('target');
  });
  afterEach(async () => {
    await source.close();
    await target.close();
    rmSync(root, { recursive: true, force: true });
  });

  const copy = async (...more: string[]) =>
    rollcallHere('log', 'copy', '--from', place('source'), '--to', place('target'), '--json', ...more);

  const messages = (count: number, from = 0): LogMessage[] =>
    Array.from({ length: count }, (_, index) => ({
      key: `bank-a/d-${(from + index) % 53}`,
      value: Buffer.from(`message ${from + index}`),
      ...(index % 3 === 0 && { headers: { reason: 'not_json', at: String(index) } }),
    }));

  /** All of a log but the times at which it took the messages. */
  async function contentOf(log: EventLog, topic: Topic): Promise<unknown[]> {
    const partitions = (await log.endOffsets(topic)).map(async (_, partition) =>
      (await log.readRange(topic, partition, 0, 1e6)).map(({ offset, key, headers, value }) => ({
        offset,
        key,
        headers,
        value: createHash('sha256').update(value).digest('hex'),
      })),
    );
    return Promise.all(partitions);
  }

  it('copies every topic with keys, headers and order, tells counts and hashes, and then nothing more', async () => {
    for (const topic of TOPICS) await source.append(topic, messages(600));
    const first = (await copy()).items<Item>();
    expect(first.map(({ messages, copied }) => [messages, copied])).toEqual(TOPICS.map(() => [600, 600]));
    for (const topic of TOPICS)
      expect(await contentOf(target, topic)).toEqual(await contentOf(source, topic));
    const second = (await copy()).items<Item>();
    expect(second).toEqual(first.map((item) => ({ ...item, copied: 0 })));
  });

  it('copies what has come since, and lets the target go on after that', async () => {
    await source.append('patch.attempts', messages(900));
    await copy();
    await source.append('patch.attempts', messages(30, 900));
    const [since] = (await copy()).items<Item>();
    expect(since).toMatchObject({ messages: 930, copied: 30 });
    await target.append('patch.attempts', messages(5, 5_000));
    expect((await copy()).items<Item>()[0]).toEqual({ ...since, copied: 0 });
  });

  it('goes on where it was killed, wherever that was', async () => {
    await source.append('patch.attempts', messages(16_000));
    await source.append('patch.admin', messages(2_000));
    const entry = await compiledEntry('apps/rollcall/main.ts');
    for (const killedAt of [1, 7_000]) {
      const child = spawn(
        process.execPath,
        [entry, 'log', 'copy', '--from', place('source'), '--to', place('target')],
        { stdio: 'ignore' },
      );
      const ended = new Promise((resolve) => child.once('close', resolve));
      await eventually(`${killedAt} messages copied`, async () =>
        sum(await target.endOffsets('patch.attempts')) >= killedAt ? true : null,
      );
      child.kill('SIGKILL');
      await ended;
    }
    expect((await copy()).code).toBe(0);
    for (const topic of TOPICS)
      expect(await contentOf(target, topic)).toEqual(await contentOf(source, topic));
  });

  it('bears an append that failed and landed all the same: the message stands twice and counts once', async () => {
    await source.append('patch.alerts', messages(1_200));
    const failing = Object.assign(Object.create(target) as EventLog, {
      append: async (topic: Topic, batch: readonly LogMessage[]) => {
        await target.append(topic, batch);
        throw new Error('no answer from the leader');
      },
    });
    await expect(copyTopic(source, failing, 'patch.alerts', () => undefined)).rejects.toThrow('no answer');
    // A client that sends a batch again itself leaves it twice.
    const twice = Object.assign(Object.create(target) as EventLog, {
      append: async (topic: Topic, batch: readonly LogMessage[]) => {
        await target.append(topic, batch);
        return target.append(topic, batch);
      },
    });
    const first = await copyTopic(source, twice, 'patch.alerts', () => undefined);
    expect(first).toMatchObject({ messages: 1_200, copied: 700 });
    const again = await copyTopic(source, target, 'patch.alerts', () => undefined);
    expect(again).toMatchObject({ messages: 1_200, copied: 0, repeated: 700 - 200 });
    await source.append('patch.alerts', messages(3, 9_000));
    expect(await copyTopic(source, target, 'patch.alerts', () => undefined)).toMatchObject({
      copied: 3,
      repeated: 700,
    });
  });

  it('refuses a target that holds something else, and adds nothing to it', async () => {
    await source.append('patch.cases', messages(10));
    await target.append('patch.cases', messages(10, 100));
    const { code, err } = await copy();
    expect([code, err]).toEqual([
      2,
      expect.stringContaining('patch.cases/0 of the target holds something else'),
    ]);
    expect(await target.endOffsets('patch.cases')).toEqual([10]);
  });

  it('leaves dead letters alone that the source has dropped since', async () => {
    await source.append('patch.dead-letters', messages(100));
    await copy();
    await source.deleteBefore('patch.dead-letters', Date.now() + 60_000);
    await source.append('patch.dead-letters', messages(7, 100));
    const item = (await copy()).items<Item>().find(({ topic }) => topic === 'patch.dead-letters');
    expect(item).toMatchObject({ messages: 7, copied: 7 });
    expect(sum(await target.endOffsets('patch.dead-letters'))).toBe(107);
  });

  it('needs two places', async () => {
    const same = await rollcallHere('log', 'copy', '--from', place('a'), '--to', place('a'));
    expect(same.code).toBe(64);
    expect((await rollcallHere('log', 'copy', '--from', place('a'))).code).toBe(64);
  });
});

describe('the digest of a message', () => {
  it('tells messages apart by key, header and value, whatever stands in them', () => {
    const part = fc.constantFrom('', 'a', 'b', 'ab', '1:a', 'a1:', '1:a1:');
    const message = fc.record({ key: part, name: part, header: part, value: part });
    const digest = ({
      key,
      name,
      header,
      value,
    }: {
      key: string;
      name: string;
      header: string;
      value: string;
    }) =>
      digestOf({ offset: 0, key, headers: { [name]: header }, value: Buffer.from(value), appendedAtMs: 0 });
    fc.assert(
      fc.property(message, message, (one, other) => {
        expect(digest(one) === digest(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
    );
  });

  it('does not go by the order of headers or the time of the log', () => {
    const value = Buffer.from('x');
    const one = digestOf({ offset: 1, key: 'k', headers: { a: '1', b: '2' }, value, appendedAtMs: 1 });
    expect(digestOf({ offset: 2, key: 'k', headers: { b: '2', a: '1' }, value, appendedAtMs: 2 })).toBe(one);
  });
});
