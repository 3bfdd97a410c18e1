import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { open } from 'lmdb';
import { TOPIC_PARTITIONS } from '#domain/topics.js';
import type { Topic } from '#domain/topics.js';
import type { EventLog, LogRecord, Position } from '#event-log/event-log.js';
import { compiledEntry } from '../../../test/harness/compiled-entry.js';
import { messagesOf } from '../../../test/harness/log-appender.js';
import type { AcknowledgedAppend } from '../../../test/harness/log-appender.js';
import { openLmdbEventLog } from './lmdb-event-log.js';

const KILLS = 12;
const FOR_EVER = 1_000_000;

interface Appender {
  readonly child: ChildProcess;
  readonly firstAcknowledged: Promise<void>;
  /** What it had acknowledged when it ended. */
  readonly ended: Promise<AcknowledgedAppend[]>;
}

describe('an lmdb log open in several processes', () => {
  let directory: string;
  let log: EventLog;

  const startAppender = async (
    topic: Topic,
    name: string,
    appends: number,
    now?: string,
  ): Promise<Appender> => {
    const entry = await compiledEntry('test/harness/log-appender.ts');
    const child = spawn(
      process.execPath,
      [entry, directory, topic, name, String(appends), ...(now === undefined ? [] : [now])],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let output = '';
    const firstAcknowledged = new Promise<void>((resolve) => {
      child.stdout.on('data', (text: Buffer) => {
        output += text.toString();
        if (output.includes('\n')) resolve();
      });
    });
    const ended = new Promise<AcknowledgedAppend[]>((resolve) => {
      child.on('close', () => {
        // What comes after the last line end was cut off by the kill.
        const lines = output.slice(0, output.lastIndexOf('\n') + 1).split('\n');
        resolve(lines.filter((line) => line !== '').map((line) => JSON.parse(line) as AcknowledgedAppend));
      });
    });
    return { child, firstAcknowledged, ended };
  };

  const everything = async (topic: Topic): Promise<LogRecord[][]> =>
    Promise.all(
      Array.from({ length: TOPIC_PARTITIONS[topic] }, async (_, partition) => [
        ...(await log.readRange(topic, partition, 0, 10_000_000)),
      ]),
    );

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rollcall-log-'));
    log = await openLmdbEventLog({ directory });
  });

  afterEach(async () => {
    await log.close();
    await rm(directory, { recursive: true, force: true });
  });

  it(`holds all that was acknowledged, and nothing torn, after ${KILLS} kill -9 while appending`, async () => {
    const topic = 'patch.attempts';
    const acknowledged = new Map<string, AcknowledgedAppend[]>();
    for (let kill = 0; kill < KILLS; kill++) {
      const name = `life-${kill}`;
      const appender = await startAppender(topic, name, FOR_EVER);
      await appender.firstAcknowledged;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 150));
      appender.child.kill('SIGKILL');
      acknowledged.set(name, await appender.ended);
    }

    const stored = await everything(topic);
    for (const records of stored)
      expect(records.map(({ offset }) => offset)).toEqual(records.map((_, i) => i));

    const counts = new Map<string, number>();
    for (const { key, value } of stored.flat()) {
      const [name = '', append = '', index = ''] = value.toString('latin1', 0, 60).split(' ');
      const whole = messagesOf(name, Number(append))[Number(index)];
      expect(whole?.key === key && Buffer.from(whole.value).equals(value)).toBe(true);
      counts.set(`${name} ${append}`, (counts.get(`${name} ${append}`) ?? 0) + 1);
    }
    // An append is there with all its messages or not at all, acknowledged or not.
    expect(new Set(counts.values())).toEqual(new Set([25]));

    for (const [name, appends] of acknowledged)
      for (const { append, positions } of appends)
        for (const [index, message] of messagesOf(name, append).entries())
          expect(valueAt(stored, positions[index])?.equals(message.value)).toBe(true);
    const messages = [...acknowledged.values()].flat().length * 25;
    console.log(
      `${KILLS} kills: ${messages} messages acknowledged, ${stored.flat().length} stored, none lost`,
    );
  });

  it('gives two processes that append to one partition distinct consecutive offsets', async () => {
    const topic = 'patch.admin';
    const appenders = [await startAppender(topic, 'one', 60), await startAppender(topic, 'two', 60)];
    const [one = [], two = []] = await Promise.all(appenders.map(({ ended }) => ended));
    const given = [...one, ...two].flatMap(({ positions }) => positions.map(({ offset }) => offset));
    expect(given.sort((a, b) => a - b)).toEqual(Array.from({ length: 2 * 60 * 25 }, (_, offset) => offset));
    const stored = await everything(topic);
    for (const [name, appends] of [['one', one] as const, ['two', two] as const])
      for (const { append, positions } of appends)
        for (const [index, message] of messagesOf(name, append).entries())
          expect(valueAt(stored, positions[index])?.equals(message.value)).toBe(true);
  });

  it('wakes a waiting reader of another process', async () => {
    const consumer = await log.consume('projector', ['patch.attempts']);
    const reading = consumer.read({ maxRecords: 25, maxBytes: 10_000_000, maxWaitMs: 50_000 });
    const appender = await startAppender('patch.attempts', 'far', 1);
    const records = (await reading).flatMap((slice) => slice.records);
    expect(records).toHaveLength(25);
    await appender.ended;
  });

  it('goes on in the next month together with a process whose clock is there first', async () => {
    await log.close();
    log = await openLmdbEventLog({ directory, nowMs: () => Date.parse('2031-01-31T23:59:59Z') });
    await log.append('patch.admin', messagesOf('before', 0));
    const appender = await startAppender('patch.admin', 'ahead', 4, '2031-02-01T00:00:01Z');
    await appender.ended;
    const [position] = await log.append('patch.admin', messagesOf('after', 0));
    expect(position?.offset).toBe(5 * 25);
    const files = await readdir(directory);
    expect(files.filter((file) => /^facts-2031.*\.mdb$/.test(file))).toEqual([
      'facts-2031-01.mdb',
      'facts-2031-02.mdb',
    ]);
    const [records = []] = await everything('patch.admin');
    expect(records.map(({ offset }) => offset)).toEqual(Array.from({ length: 6 * 25 }, (_, index) => index));
  });

  it('lets a process exit in the middle of large appends, without closing the log', async () => {
    const entry = await compiledEntry('libs/event-log/lmdb/lmdb-event-log.ts');
    const script = `
      const { openLmdbEventLog } = await import(${JSON.stringify(entry)});
      const log = await openLmdbEventLog({ directory: ${JSON.stringify(directory)} });
      const messages = Array.from({ length: 2_000 }, (_, index) => ({ key: 'd-' + index, value: Buffer.alloc(650) }));
      for (let append = 0; append < 20; append++) void log.append('patch.attempts', messages);
      setTimeout(() => process.exit(7), Number(process.argv[1]));`;
    for (const exitAfterMs of [0, 1, 3, 10, 30]) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script, String(exitAfterMs)]);
      expect(await new Promise((resolve) => child.on('close', resolve))).toBe(7);
    }
    const ends = await log.endOffsets('patch.attempts');
    const stored = (await everything('patch.attempts')).flat().length;
    expect(stored).toBe(ends.reduce((sum, end) => sum + end, 0));
    expect(stored % 2_000).toBe(0);
  });

  it('clears the reader slots that a killed process leaves behind', async () => {
    const appender = await startAppender('patch.attempts', 'reader', FOR_EVER);
    await appender.firstAcknowledged;
    appender.child.kill('SIGKILL');
    await appender.ended;
    await log.close();
    log = await openLmdbEventLog({ directory });
    const month = (await readdir(directory)).find((file) => /^facts-.*\.mdb$/.test(file)) ?? '';
    const store = open({ path: join(directory, month), noSubdir: true, overlappingSync: false });
    const pids = store.readerList().match(/^\s*\d+/gm) ?? [];
    await store.close();
    expect(pids.map((pid) => Number(pid))).not.toContain(appender.child.pid);
  });
});

const valueAt = (stored: readonly LogRecord[][], position: Position | undefined): Buffer | undefined =>
  position === undefined ? undefined : stored[position.partition]?.[position.offset]?.value;
