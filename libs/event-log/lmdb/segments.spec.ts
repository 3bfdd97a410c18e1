import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventLog, LogMessage } from '#event-log/event-log.js';
import { openLmdbEventLog } from './lmdb-event-log.js';

const ATTEMPTS = 'patch.attempts';
const DEAD_LETTERS = 'patch.dead-letters';
const EVERYTHING = { maxRecords: 1_000_000, maxBytes: 1_000_000_000, maxWaitMs: 0 };
const DAY_MS = 24 * 3_600_000;

const messages = (text: string, count = 60): LogMessage[] =>
  Array.from({ length: count }, (_, index) => ({
    key: `d-${index}`,
    value: Buffer.from(`${text} ${index}`),
  }));

describe('the months of an lmdb log', () => {
  let directory: string;
  let log: EventLog;
  let now: number;

  const open = async (): Promise<EventLog> => openLmdbEventLog({ directory, nowMs: () => now });
  const appendAt = async (time: string, text: string): Promise<void> => {
    now = Date.parse(time);
    await log.append(ATTEMPTS, messages(text));
  };
  const months = async (): Promise<string[]> =>
    (await readdir(directory)).filter((file) => /^facts-.*\.mdb$/.test(file));
  const textsInOrder = async (group: string): Promise<Map<number, string[]>> => {
    const consumer = await log.consume(group, [ATTEMPTS]);
    const slices = await consumer.read(EVERYTHING);
    await consumer.close();
    return new Map(
      slices.map(({ partition, records }) => [partition, records.map(({ value }) => value.toString())]),
    );
  };

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rollcall-log-'));
    now = Date.parse('2030-11-15T12:00:00Z');
    log = await open();
  });

  afterEach(async () => {
    await log.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('gives each month of append time a file, and reads through all of them in order', async () => {
    await appendAt('2030-11-30T23:59:59.999Z', 'november');
    await appendAt('2030-12-01T00:00:00.000Z', 'december');
    await appendAt('2031-02-03T04:05:06.000Z', 'february');
    expect(await months()).toEqual(['facts-2030-11.mdb', 'facts-2030-12.mdb', 'facts-2031-02.mdb']);
    const byPartition = await textsInOrder('a');
    expect([...byPartition.values()].flat()).toHaveLength(180);
    for (const [partition, texts] of byPartition) {
      const thirds = ['november', 'december', 'february'].flatMap((month) =>
        new Array<string>(texts.length / 3).fill(month),
      );
      expect(texts.map((text) => text.split(' ')[0])).toEqual(thirds);
      const records = await log.readRange(ATTEMPTS, partition, 0, 1_000);
      expect(records.map(({ offset }) => offset)).toEqual(texts.map((_, index) => index));
    }
  });

  it('finds its place again when it is opened in a later month', async () => {
    await appendAt('2030-11-30T00:00:00Z', 'november');
    await appendAt('2030-12-01T00:00:00Z', 'december');
    await log.close();
    now = Date.parse('2031-01-01T00:00:00Z');
    log = await open();
    expect((await log.endOffsets(ATTEMPTS)).reduce((sum, end) => sum + end, 0)).toBe(120);
    expect((await log.beginOffsets(ATTEMPTS)).reduce((sum, begin) => sum + begin, 0)).toBe(0);
    await appendAt('2031-01-01T00:00:01Z', 'january');
    expect([...(await textsInOrder('a')).values()].flat()).toHaveLength(180);
  });

  it('goes on in the newest month when the clock is set back', async () => {
    await appendAt('2030-12-01T00:00:00Z', 'december');
    await appendAt('2030-11-01T00:00:00Z', 'clock set back');
    expect(await months()).toEqual(['facts-2030-11.mdb', 'facts-2030-12.mdb']);
    expect([...(await textsInOrder('a')).values()].flat()).toHaveLength(120);
  });

  it('goes on after a crash that left the next month’s file empty', async () => {
    await appendAt('2030-11-30T00:00:00Z', 'november');
    await log.close();
    await writeFile(join(directory, 'facts-2030-12.mdb'), '');
    log = await open();
    await appendAt('2030-12-01T00:00:00Z', 'december');
    expect([...(await textsInOrder('a')).values()].flat()).toHaveLength(120);
  });

  it('starts where the oldest file starts when old months were moved away', async () => {
    await appendAt('2030-11-30T00:00:00Z', 'november');
    await appendAt('2030-12-01T00:00:00Z', 'december');
    const ends = await log.endOffsets(ATTEMPTS);
    await log.close();
    await rm(join(directory, 'facts-2030-11.mdb'));
    log = await open();
    expect(await log.beginOffsets(ATTEMPTS)).toEqual(ends.map((end) => end / 2));
    const texts = [...(await textsInOrder('a')).values()].flat();
    expect(texts).toHaveLength(60);
    expect(texts.every((text) => text.startsWith('december'))).toBe(true);
  });

  it('drops old dead letters, keeps the newer ones and every fact, and uses the space again', async () => {
    await appendAt('2030-11-01T00:00:00Z', 'fact');
    for (let day = 0; day < 60; day++) {
      now = Date.parse('2030-11-01T00:00:00Z') + day * DAY_MS;
      await log.append(DEAD_LETTERS, [{ key: 'k', value: Buffer.alloc(100_000, `day ${day} `) }]);
      await log.deleteBefore(DEAD_LETTERS, now - 30 * DAY_MS);
    }
    const consumer = await log.consume('a', [DEAD_LETTERS]);
    const records = (await consumer.read(EVERYTHING)).flatMap((slice) => slice.records);
    expect(records.map(({ value }) => value.toString('utf8', 0, 7).trim())).toEqual(
      Array.from({ length: 31 }, (_, index) => `day ${index + 29}`),
    );
    expect(Math.max(...(await log.beginOffsets(DEAD_LETTERS)))).toBe(29);
    expect((await stat(join(directory, 'dead-letters.mdb'))).size).toBeLessThan(5_000_000);
    expect([...(await textsInOrder('b')).values()].flat()).toHaveLength(60);
  });

  it('refuses a file that is not a log of this version', async () => {
    await log.close();
    await writeFile(join(directory, 'facts-2030-11.mdb'), Buffer.alloc(8_192, 'not lmdb'));
    await expect(open()).rejects.toThrow();
    await rm(join(directory, 'facts-2030-11.mdb'));
    log = await open();
  });
});

describe('an lmdb log opened twice in one process', () => {
  it('is one log: both see the other’s appends, and closing one leaves the other open', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'rollcall-log-'));
    const one = await openLmdbEventLog({ directory });
    const other = await openLmdbEventLog({ directory });
    const appends = Array.from({ length: 40 }, (_, index) =>
      (index % 2 ? one : other).append(ATTEMPTS, messages('x', 5)),
    );
    await Promise.all(appends);
    await one.close();
    expect((await other.endOffsets(ATTEMPTS)).reduce((sum, end) => sum + end, 0)).toBe(200);
    await other.append(ATTEMPTS, messages('y', 5));
    await other.close();
    await rm(directory, { recursive: true, force: true });
  });
});
