import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TOPIC_PARTITIONS } from '#domain/topics.js';
import type { Topic } from '#domain/topics.js';
import { LogUnavailableError } from './event-log.js';
import type {
  EventLog,
  LogConsumer,
  LogMessage,
  LogRecord,
  LogSlice,
  Position,
  ReadLimits,
} from './event-log.js';
import { partitionOfKey } from './partition-of-key.js';

/** A log of its own for one test. `reopen` closes the log and opens what it left; `dispose` closes and removes all. */
export interface OpenedEventLog {
  readonly log: EventLog;
  reopen(): Promise<EventLog>;
  dispose(): Promise<void>;
}

const ATTEMPTS = 'patch.attempts';
const ADMIN = 'patch.admin';
const EVERYTHING: ReadLimits = { maxRecords: 100_000, maxBytes: 256 * 1024 * 1024, maxWaitMs: 2_000 };
const LONG_MS = 30_000;

const message = (key: string, value: string | Uint8Array, headers?: Record<string, string>): LogMessage => ({
  key,
  value: typeof value === 'string' ? Buffer.from(value) : value,
  ...(headers === undefined ? {} : { headers }),
});

const numbered = (count: number, from = 0): LogMessage[] =>
  Array.from({ length: count }, (_, index) =>
    message(`bank-a/d-${(from + index) % 97}`, `message ${from + index}`),
  );

const texts = (records: readonly LogRecord[]): string[] => records.map(({ value }) => value.toString('utf8'));

const textsOf = (slices: readonly LogSlice[]): string[] => slices.flatMap(({ records }) => texts(records));

const offsets = (records: readonly LogRecord[]): number[] => records.map(({ offset }) => offset);

/** Reads until `count` records have come. */
async function readAll(consumer: LogConsumer, count: number, limits = EVERYTHING): Promise<LogSlice[]> {
  const slices: LogSlice[] = [];
  for (let read = 0; read < count;) {
    const more = await consumer.read({ ...limits, maxRecords: Math.min(limits.maxRecords, count - read) });
    if (more.length === 0) throw new Error(`only ${read} of ${count} records came`);
    slices.push(...more);
    read += more.reduce((sum, { records }) => sum + records.length, 0);
  }
  return slices;
}

async function readBack(
  log: EventLog,
  { topic, partition, offset }: Position,
): Promise<LogRecord | undefined> {
  return (await log.readRange(topic, partition, offset, 1))[0];
}

/** What every adapter of the event log promises. */
export function describeEventLogContract(name: string, open: () => Promise<OpenedEventLog>): void {
  describe(`event log contract: ${name}`, () => {
    let opened: OpenedEventLog;
    let log: EventLog;

    beforeEach(async () => {
      opened = await open();
      log = opened.log;
    });

    afterEach(async () => {
      await opened.dispose();
    });

    describe('append', () => {
      it('gives every message its position, where it reads back as it was', async () => {
        const messages = numbered(500);
        const positions = await log.append(ATTEMPTS, messages);
        expect(positions).toHaveLength(500);
        for (const [index, position] of [...positions.entries()].filter(([index]) => index % 50 === 0)) {
          const record = await readBack(log, position);
          expect(record?.key).toBe(messages[index]?.key);
          expect(record?.value).toEqual(messages[index]?.value);
          expect(record?.offset).toBe(position.offset);
        }
      });

      it('counts the offsets of each partition up from 0 without holes', async () => {
        const positions = [
          ...(await log.append(ATTEMPTS, numbered(300))),
          ...(await log.append(ATTEMPTS, numbered(300))),
        ];
        for (let partition = 0; partition < TOPIC_PARTITIONS[ATTEMPTS]; partition++) {
          const here = positions.filter((position) => position.partition === partition);
          expect(here.map(({ offset }) => offset)).toEqual(here.map((_, index) => index));
        }
      });

      it('puts a key into the partition that Kafka’s default partitioner gives it', async () => {
        const messages = [...numbered(200), message('银行/设备', 'x'), message('', 'empty key')];
        const positions = await log.append(ATTEMPTS, messages);
        expect(positions.map(({ partition }) => partition)).toEqual(
          messages.map(({ key }) => partitionOfKey(key, TOPIC_PARTITIONS[ATTEMPTS])),
        );
        expect(new Set(positions.map(({ partition }) => partition)).size).toBe(12);
      });

      it('uses the one partition of a topic that orders its writers', async () => {
        const positions = await log.append(ADMIN, numbered(20));
        expect(positions).toEqual(positions.map((_, offset) => ({ topic: ADMIN, partition: 0, offset })));
      });

      it('takes an empty list and writes nothing', async () => {
        expect(await log.append(ATTEMPTS, [])).toEqual([]);
        expect(await log.endOffsets(ATTEMPTS)).toEqual(new Array(12).fill(0));
      });

      it('keeps binary values, empty values, headers and strange keys as they are', async () => {
        const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index);
        const messages = [
          message('k', everyByte, { 'content-type': 'application/json', 设备: 'ünï ☃ 💻' }),
          message('k', new Uint8Array(0), {}),
          message('k"\n\u0000\u00e9💻', 'strange key'),
          message('k', everyByte.subarray(100, 120)),
        ];
        for (const [index, position] of (await log.append(ATTEMPTS, messages)).entries()) {
          const record = await readBack(log, position);
          expect({ ...record, value: [...(record?.value ?? [])] }).toMatchObject({
            key: messages[index]?.key,
            headers: messages[index]?.headers ?? {},
            value: [...(messages[index]?.value ?? [])],
          });
        }
      });

      it('takes what the caller gives at once: later changes of the buffer do not reach the log', async () => {
        const value = Buffer.from('before');
        const appended = log.append(ADMIN, [message('k', value)]);
        value.write('afterX');
        await appended;
        expect(texts(await log.readRange(ADMIN, 0, 0, 1))).toEqual(['before']);
      });

      it('keeps a value of 5 MB between small ones', async () => {
        const large = Buffer.alloc(5 * 1024 * 1024, 'large and not all alike ');
        await log.append(ADMIN, [message('a', 'first'), message('a', large), message('a', 'last')]);
        const records = await log.readRange(ADMIN, 0, 0, 10);
        expect(records.map(({ value }) => value.length)).toEqual([5, large.length, 4]);
        expect(records[1]?.value.equals(large)).toBe(true);
      });

      it('stamps when the log took a message', async () => {
        const before = Date.now();
        await log.append(ADMIN, [message('a', 'x')]);
        const [record] = await log.readRange(ADMIN, 0, 0, 1);
        expect(record?.appendedAtMs).toBeGreaterThanOrEqual(before - 1);
        expect(record?.appendedAtMs).toBeLessThanOrEqual(Date.now() + 1);
      });

      it('gives many concurrent callers distinct consecutive positions, each in its own order', async () => {
        const calls = await Promise.all(
          Array.from({ length: 40 }, (_, caller) =>
            log.append(
              ADMIN,
              Array.from({ length: 25 }, (_, index) => message(`c-${caller}`, `${caller}:${index}`)),
            ),
          ),
        );
        const all = calls.flat().map(({ offset }) => offset);
        expect([...all].sort((a, b) => a - b)).toEqual(all.map((_, index) => index));
        const stored = texts(await log.readRange(ADMIN, 0, 0, 10_000));
        for (const [caller, positions] of calls.entries())
          expect(positions.map(({ offset }) => stored[offset])).toEqual(
            positions.map((_, index) => `${caller}:${index}`),
          );
      });

      it('appends in the order of the calls', async () => {
        const running = Array.from({ length: 50 }, (_, index) =>
          log.append(ADMIN, [message('k', String(index))]),
        );
        const positions = (await Promise.all(running)).flat();
        expect(positions.map(({ offset }) => offset)).toEqual(positions.map((_, index) => index));
      });
    });

    describe('reading in a group', () => {
      it('hands out every record once, in the order of its partition, with where to go on', async () => {
        await log.append(ATTEMPTS, numbered(1_000));
        const consumer = await log.consume('projector', [ATTEMPTS]);
        const slices = await readAll(consumer, 1_000, { ...EVERYTHING, maxRecords: 130 });
        expect(textsOf(slices).sort()).toEqual(
          numbered(1_000)
            .map(({ value }) => Buffer.from(value).toString())
            .sort(),
        );
        for (let partition = 0; partition < 12; partition++) {
          const records = slices
            .filter((slice) => slice.partition === partition)
            .flatMap((slice) => slice.records);
          expect(offsets(records)).toEqual(records.map((_, index) => index));
        }
        for (const { records, nextOffset, endOffset } of slices) {
          expect(nextOffset).toBe((records.at(-1)?.offset ?? -2) + 1);
          expect(endOffset).toBeGreaterThanOrEqual(nextOffset);
        }
        await consumer.close();
      });

      it('keeps the order of a key over many appends', async () => {
        for (let index = 0; index < 30; index++)
          await log.append(ATTEMPTS, [message('bank-a/d-7', `${index}`), ...numbered(5)]);
        const consumer = await log.consume('projector', [ATTEMPTS]);
        const slices = await readAll(consumer, 180);
        const ofKey = slices.flatMap(({ records }) => records).filter(({ key }) => key === 'bank-a/d-7');
        const marks = texts(ofKey).filter((text) => /^\d+$/.test(text));
        expect(marks).toEqual(marks.map((_, index) => `${index}`));
        expect(marks).toHaveLength(30);
        await consumer.close();
      });

      it('reads several topics, each slice naming its own', async () => {
        await log.append(ATTEMPTS, numbered(50));
        await log.append('patch.dead-letters', numbered(20));
        await log.append(ADMIN, numbered(10));
        const consumer = await log.consume('watch', [ATTEMPTS, 'patch.dead-letters', ADMIN]);
        const slices = await readAll(consumer, 80);
        const count = (topic: Topic): number =>
          slices
            .filter((slice) => slice.topic === topic)
            .reduce((sum, { records }) => sum + records.length, 0);
        expect([count(ATTEMPTS), count('patch.dead-letters'), count(ADMIN)]).toEqual([50, 20, 10]);
        await consumer.close();
      });

      it('returns at once with maxRecords, never with more', async () => {
        await log.append(ATTEMPTS, numbered(500));
        const consumer = await log.consume('projector', [ATTEMPTS]);
        const slices = await consumer.read({ ...EVERYTHING, maxRecords: 100, maxWaitMs: LONG_MS });
        expect(textsOf(slices)).toHaveLength(100);
        await consumer.close();
      });

      it('keeps to maxBytes, but lets a single larger record through', async () => {
        const value = Buffer.alloc(10_000, 'v');
        await log.append(
          ADMIN,
          Array.from({ length: 20 }, () => message('k', value)),
        );
        await log.append(ADMIN, [message('k', Buffer.alloc(200_000, 'w'))]);
        const consumer = await log.consume('projector', [ADMIN]);
        const sizes: number[] = [];
        for (let read = 0; read < 21;) {
          const slices = await consumer.read({ maxRecords: 1_000, maxBytes: 50_000, maxWaitMs: 1_000 });
          const records = slices.flatMap((slice) => slice.records);
          const bytes = records.reduce((sum, record) => sum + record.value.length, 0);
          expect(bytes <= 50_000 || records.length === 1).toBe(true);
          sizes.push(...records.map((record) => record.value.length));
          read += records.length;
        }
        expect(sizes).toEqual([...new Array<number>(20).fill(10_000), 200_000]);
        await consumer.close();
      });

      it('waits for more until maxRecords are there', async () => {
        const consumer = await log.consume('projector', [ADMIN]);
        await log.append(ADMIN, [message('k', 'first')]);
        const reading = consumer.read({ maxRecords: 2, maxBytes: 1_000_000, maxWaitMs: LONG_MS });
        await log.append(ADMIN, [message('k', 'second')]);
        expect(textsOf(await reading)).toEqual(['first', 'second']);
        await consumer.close();
      });

      it('returns what there is when the wait is over, possibly nothing', async () => {
        const consumer = await log.consume('projector', [ADMIN]);
        expect(await consumer.read({ ...EVERYTHING, maxWaitMs: 50 })).toEqual([]);
        await log.append(ADMIN, [message('k', 'one')]);
        expect(textsOf(await readAll(consumer, 1))).toEqual(['one']);
        expect(await consumer.read({ ...EVERYTHING, maxWaitMs: 50 })).toEqual([]);
        await consumer.close();
      });

      it('ends a waiting read when the signal aborts, and goes on later without loss', async () => {
        const consumer = await log.consume('projector', [ADMIN]);
        const abort = new AbortController();
        const reading = consumer.read({ ...EVERYTHING, maxWaitMs: LONG_MS }, abort.signal);
        setTimeout(() => {
          abort.abort();
        }, 30);
        expect(textsOf(await reading)).toEqual([]);
        await log.append(ADMIN, [message('k', 'after')]);
        expect(textsOf(await readAll(consumer, 1))).toEqual(['after']);
        await consumer.close();
      });

      it('leaves out a paused partition until it is resumed', async () => {
        const positions = await log.append(ATTEMPTS, numbered(200));
        const partition = positions[0]?.partition ?? 0;
        const inside = positions.filter((position) => position.partition === partition).length;
        const consumer = await log.consume('projector', [ATTEMPTS]);
        consumer.pause(ATTEMPTS, partition);
        const others = await readAll(consumer, 200 - inside);
        expect(others.some((slice) => slice.partition === partition)).toBe(false);
        expect(await consumer.read({ ...EVERYTHING, maxWaitMs: 100 })).toEqual([]);
        consumer.resume(ATTEMPTS, partition);
        const late = await readAll(consumer, inside);
        expect(late.every((slice) => slice.partition === partition)).toBe(true);
        await consumer.close();
      });
    });

    describe('commit and seek', () => {
      it('starts a new member where the group has committed, not where it has read', async () => {
        await log.append(ADMIN, numbered(30));
        const first = await log.consume('projector', [ADMIN]);
        await first.commit(await readAll(first, 10));
        await readAll(first, 10);
        await first.close();
        const second = await log.consume('projector', [ADMIN]);
        expect(offsets((await readAll(second, 20)).flatMap(({ records }) => records))).toEqual(
          Array.from({ length: 20 }, (_, index) => index + 10),
        );
        await second.close();
      });

      it('tells the committed offsets, 0 where there are none, without joining too', async () => {
        await log.append(ATTEMPTS, [message('bank-a/d-1', 'x'), message('bank-a/d-1', 'y')]);
        const partition = partitionOfKey('bank-a/d-1', 12);
        const consumer = await log.consume('projector', [ATTEMPTS]);
        expect(await log.committedOffsets('projector', ATTEMPTS)).toEqual(new Array(12).fill(0));
        await consumer.commit(await readAll(consumer, 2));
        const expected = Array.from({ length: 12 }, (_, index) => (index === partition ? 2 : 0));
        expect(await log.committedOffsets('projector', ATTEMPTS)).toEqual(expected);
        const committed = [...(await consumer.committed())].sort((a, b) => a.partition - b.partition);
        expect(committed).toEqual(
          expected.map((offset, index) => ({ topic: ATTEMPTS, partition: index, offset })),
        );
        await consumer.close();
      });

      it('keeps groups independent of each other', async () => {
        await log.append(ADMIN, numbered(10));
        const one = await log.consume('blue', [ADMIN]);
        await one.commit(await readAll(one, 10));
        const other = await log.consume('green', [ADMIN]);
        expect(textsOf(await readAll(other, 10))).toHaveLength(10);
        expect(await log.committedOffsets('green', ADMIN)).toEqual([0]);
        expect(await log.committedOffsets('blue', ADMIN)).toEqual([10]);
        await one.close();
        await other.close();
      });

      it('replays from where it is sought to; the committed offset stays', async () => {
        await log.append(ADMIN, numbered(20));
        const consumer = await log.consume('projector', [ADMIN]);
        await consumer.commit(await readAll(consumer, 20));
        await consumer.seek({ topic: ADMIN, partition: 0, offset: 5 });
        expect(offsets((await readAll(consumer, 15)).flatMap(({ records }) => records))[0]).toBe(5);
        expect(await log.committedOffsets('projector', ADMIN)).toEqual([20]);
        await consumer.close();
      });
    });

    describe('assignment', () => {
      const named = ({ topic, partition }: { topic: Topic; partition: number }): string =>
        `${topic}/${partition}`;

      it('is every partition for the only member, under a number that stays while nothing changes', async () => {
        const consumer = await log.consume('projector', [ATTEMPTS, ADMIN]);
        const { number, partitions } = consumer.assignment;
        const all = Array.from({ length: 12 }, (_, partition) => named({ topic: ATTEMPTS, partition }));
        expect(partitions.map(named).sort()).toEqual([...all, named({ topic: ADMIN, partition: 0 })].sort());
        await log.append(ADMIN, numbered(5));
        await consumer.commit(await readAll(consumer, 5));
        expect(consumer.assignment.number).toBe(number);
        await consumer.close();
      });
    });

    describe('the log as a whole', () => {
      it('tells where partitions begin and end', async () => {
        expect(await log.beginOffsets(ATTEMPTS)).toEqual(new Array(12).fill(0));
        const positions = await log.append(ATTEMPTS, numbered(100));
        const ends = Array.from(
          { length: 12 },
          (_, index) => positions.filter(({ partition }) => partition === index).length,
        );
        expect(await log.endOffsets(ATTEMPTS)).toEqual(ends);
        expect(await log.beginOffsets(ATTEMPTS)).toEqual(new Array(12).fill(0));
      });

      it('reads any range of a partition, without a group', async () => {
        await log.append(ADMIN, numbered(50));
        await log.append(ADMIN, numbered(50, 50));
        expect(offsets(await log.readRange(ADMIN, 0, 45, 10))).toEqual([
          45, 46, 47, 48, 49, 50, 51, 52, 53, 54,
        ]);
        expect(texts(await log.readRange(ADMIN, 0, 99, 10))).toEqual(['message 99']);
        expect(await log.readRange(ADMIN, 0, 100, 10)).toEqual([]);
        expect(await log.readRange(ADMIN, 0, 5_000, 10)).toEqual([]);
        expect(await log.readRange(ADMIN, 0, 0, 0)).toEqual([]);
      });

      it('keeps messages, positions and commits when it is opened again', async () => {
        const before = await log.append(ADMIN, numbered(40));
        const consumer = await log.consume('projector', [ADMIN]);
        await consumer.commit(await readAll(consumer, 25));
        await consumer.close();
        const again = await opened.reopen();
        expect(texts(await again.readRange(ADMIN, 0, 0, 100))).toHaveLength(40);
        expect(await again.committedOffsets('projector', ADMIN)).toEqual([25]);
        const after = await again.append(ADMIN, numbered(1));
        expect(after[0]?.offset).toBe((before.at(-1)?.offset ?? 0) + 1);
        const resumed = await again.consume('projector', [ADMIN]);
        expect(textsOf(await readAll(resumed, 16))).toHaveLength(16);
        await resumed.close();
      });

      it('tells where a time begins in each partition, its end where nothing came since', async () => {
        const [old] = await log.append(ADMIN, [message('k', 'old')]);
        await new Promise((resolve) => setTimeout(resolve, 20));
        const betweenMs = Date.now();
        await new Promise((resolve) => setTimeout(resolve, 20));
        await log.append(ADMIN, [message('k', 'new'), message('k', 'newer')]);
        expect(await log.offsetsAtTime(ADMIN, 1_000)).toEqual([old?.offset]);
        expect(await log.offsetsAtTime(ADMIN, betweenMs)).toEqual([1]);
        expect(await log.offsetsAtTime(ADMIN, Date.now() + 60_000)).toEqual([3]);
        expect(await log.offsetsAtTime(ATTEMPTS, 1_000)).toEqual(new Array(12).fill(0));
      });

      it('never loses a later message to deleteBefore, and reads on behind what is gone', async () => {
        await log.append('patch.dead-letters', [message('k', 'old')]);
        const cutMs = Date.now() + 60_000;
        await log.deleteBefore('patch.dead-letters', 1_000);
        expect(textsOf(await readAll(await log.consume('a', ['patch.dead-letters']), 1))).toEqual(['old']);
        await log.deleteBefore('patch.dead-letters', cutMs);
        const [position] = await log.append('patch.dead-letters', [message('k', 'new')]);
        expect(position?.offset).toBe(1);
        const begin = (await log.beginOffsets('patch.dead-letters'))[position?.partition ?? 0] ?? 0;
        const consumer = await log.consume('b', ['patch.dead-letters']);
        expect(textsOf(await readAll(consumer, 2 - begin)).at(-1)).toBe('new');
        await consumer.close();
      });

      it('ends a waiting read when the consumer is closed', async () => {
        const consumer = await log.consume('projector', [ADMIN]);
        const reading = consumer.read({ ...EVERYTHING, maxWaitMs: LONG_MS });
        await consumer.close();
        expect(textsOf(await endOf(reading))).toEqual([]);
      });

      it('ends a waiting read when the log is closed, and then refuses appends', async () => {
        const consumer = await log.consume('projector', [ADMIN]);
        const reading = consumer.read({ ...EVERYTHING, maxWaitMs: LONG_MS });
        await log.close();
        expect(textsOf(await endOf(reading))).toEqual([]);
        await expect(log.append(ADMIN, numbered(1))).rejects.toMatchObject({
          name: 'LogUnavailableError',
          reason: 'closed',
        });
      });

      it('either keeps or refuses an append that runs while the log is closed', async () => {
        const appending = Array.from({ length: 20 }, (_, index) =>
          log.append(ADMIN, numbered(10, index * 10)),
        );
        const closing = log.close();
        const results = await Promise.allSettled(appending);
        await closing;
        const again = await opened.reopen();
        const stored = new Set(texts(await again.readRange(ADMIN, 0, 0, 1_000)));
        for (const [index, result] of results.entries())
          if (result.status === 'fulfilled') expect(stored.has(`message ${index * 10 + 9}`)).toBe(true);
          else expect(result.reason).toBeInstanceOf(LogUnavailableError);
      });
    });
  });
}

/** A read that the end of its consumer or log cut short: nothing, whether the adapter returns or says `closed`. */
async function endOf(reading: Promise<readonly LogSlice[]>): Promise<readonly LogSlice[]> {
  try {
    return await reading;
  } catch (error) {
    expect(error).toMatchObject({ name: 'LogUnavailableError', reason: 'closed' });
    return [];
  }
}
