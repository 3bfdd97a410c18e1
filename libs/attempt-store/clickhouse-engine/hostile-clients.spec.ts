import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { askClickHouse, runClickHouse } from '../../../test/harness/ask-clickhouse.js';
import * as hostile from '../../../test/harness/hostile-clients.js';
import { startTestEngine } from '../../../test/harness/test-engine.js';
import type { TestEngine } from '../../../test/harness/test-engine.js';

const ROWS_A_BATCH = 500;
let engine: TestEngine;

beforeAll(async () => {
  engine = await startTestEngine();
  await runClickHouse(engine, 'writer', 'CREATE DATABASE rollcall_blue');
  await runClickHouse(
    engine,
    'writer',
    'CREATE TABLE rollcall_blue.kept (batch UInt32, row UInt32, text String) ENGINE = MergeTree ORDER BY (batch, row)',
  );
  await runClickHouse(
    engine,
    'writer',
    'CREATE TABLE rollcall_blue.attacked (text String) ENGINE = MergeTree ORDER BY text',
  );
});
afterAll(() => engine.stop());

/** A well-behaved writer: inserts batch after batch and remembers which were acknowledged. */
async function writeWhile(storm: Promise<unknown>): Promise<number[]> {
  const storming = new AbortController();
  const ended = storm.finally(() => {
    storming.abort();
  });
  const acknowledged: number[] = [];
  for (let batch = 0; !storming.signal.aborted; batch++) {
    const rows = Array.from({ length: ROWS_A_BATCH }, (_, row) =>
      JSON.stringify([batch, row, 'x'.repeat(50)]),
    );
    const insert = `INSERT INTO rollcall_blue.kept FORMAT JSONCompactEachRow\n${rows.join('\n')}`;
    if ((await askClickHouse(engine, 'writer', insert)).status === 200) acknowledged.push(batch);
    await sleep(20);
  }
  await ended;
  return acknowledged;
}

/** Every kind of misbehaviour at once. */
async function storm(): Promise<void> {
  const { port, url, passwords } = engine;
  const insert = [
    `POST /?query=${encodeURIComponent('INSERT INTO rollcall_blue.attacked FORMAT JSONCompactEachRow')} HTTP/1.1`,
    'Host: x',
    'X-ClickHouse-User: writer',
    `X-ClickHouse-Key: ${passwords.writer}`,
    '',
  ].join('\r\n');
  const reader = { 'X-ClickHouse-User': 'reader', 'X-ClickHouse-Key': passwords.reader };
  // 20 MB a second and no end: the test's own process relays it all, so it must not go as fast as it can.
  const endless =
    "SELECT number, repeat('x', 10000), sleepEachRow(0.0005) FROM system.numbers SETTINGS max_block_size = 100 FORMAT JSONCompactEachRow";
  await Promise.all([
    hostile.repeat(400, 10, () => hostile.halfHeader(port, insert)),
    hostile.repeat(200, 5, () => hostile.halfSecondHeader(port, insert)),
    hostile.repeat(300, 5, () => hostile.halfBody(port, insert, '["half"]\n["a', 1_000_000)),
    hostile.repeat(50, 2, () => hostile.brokenChunks(port, insert)),
    hostile.repeat(20, 20, () => hostile.slowBody(port, insert, 5_000)),
    hostile.repeat(200, 5, () => hostile.garbage(port)),
    hostile.repeat(50, 2, () => hostile.hugeHeader(port, 200)),
    hostile.repeat(2_000, 16, (index) => hostile.abortedQuery(url, reader, endless, index % 4 === 0)),
  ]);
}

it('stays up in a storm of hostile clients and loses nothing acknowledged', async () => {
  const { pid } = engine;
  const acknowledged = await writeWhile(storm());

  expect(acknowledged.length).toBeGreaterThan(0);
  expect(engine.pid).toBe(pid);
  const whole = await runClickHouse(
    engine,
    'writer',
    `SELECT batch FROM rollcall_blue.kept GROUP BY batch HAVING count() = ${ROWS_A_BATCH} AND uniqExact(row) = ${ROWS_A_BATCH} ORDER BY batch`,
  );
  const stored = new Set(whole.split('\n').map(Number));
  expect(acknowledged.filter((batch) => !stored.has(batch))).toEqual([]);
  // Half a body is no insert.
  expect(
    await runClickHouse(engine, 'reader', "SELECT count() FROM rollcall_blue.attacked WHERE text LIKE 'a%'"),
  ).toBe('0');
}, 180_000);

it('ends the queries of readers who went away', async () => {
  const running = "SELECT count() FROM system.processes WHERE user = 'reader'";
  for (let attempt = 0; attempt < 100; attempt++) {
    if ((await runClickHouse(engine, 'writer', running)) === '0') break;
    await sleep(100);
  }
  expect(await runClickHouse(engine, 'writer', running)).toBe('0');
});
