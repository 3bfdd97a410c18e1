import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { ClickHouseClient } from '@clickhouse/client';
import { spawn, spawnSync } from 'node:child_process';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { runClickHouse } from '../../../test/harness/ask-clickhouse.js';
import { startTestEngine } from '../../../test/harness/test-engine.js';
import type { TestEngine } from '../../../test/harness/test-engine.js';

let engine: TestEngine;
let writer: ClickHouseClient;
let reader: ClickHouseClient;

beforeAll(async () => {
  engine = await startTestEngine();
  const log = { level: ClickHouseLogLevel.OFF };
  writer = createClient({ url: engine.urlFor('writer'), log });
  reader = createClient({ url: engine.urlFor('reader'), log });
  await writer.command({ query: 'CREATE DATABASE rollcall_blue' });
  await writer.command({
    query:
      'CREATE TABLE rollcall_blue.facts (id UInt32, name String, tags Array(String), at Nullable(DateTime64(3))) ENGINE = MergeTree ORDER BY id',
  });
});
beforeEach(() => writer.command({ query: 'TRUNCATE TABLE rollcall_blue.facts' }));
afterAll(async () => {
  await writer.close();
  await reader.close();
  await engine.stop();
});

const rowsStored = () =>
  runClickHouse(
    engine,
    'reader',
    'SELECT id, name, tags, at FROM rollcall_blue.facts ORDER BY id FORMAT JSONCompactEachRow',
  );

/** Waits until the query to abort is there, or gone. */
async function untilRunning(expected: '0' | '1'): Promise<void> {
  const count = "SELECT count() FROM system.processes WHERE query_id = 'to-abort'";
  for (let attempt = 0; attempt < 200; attempt++) {
    if ((await runClickHouse(engine, 'writer', count)) === expected) return;
    await sleep(50);
  }
  throw new Error(`there are not ${expected} running`);
}

describe('the official client', () => {
  it('pings', async () => {
    expect(await writer.ping()).toEqual({ success: true });
  });

  it('inserts JSONCompactEachRow and reads it back typed', async () => {
    await writer.insert({
      table: 'rollcall_blue.facts',
      columns: ['id', 'name', 'tags', 'at'],
      format: 'JSONCompactEachRow',
      values: [
        [1, 'eins 一', ['a', 'b'], '2026-09-09 10:00:00.123'],
        [2, 'tab\tquote"\\', [], null],
      ],
    });
    const result = await reader.query({
      query: 'SELECT id, name, tags FROM rollcall_blue.facts ORDER BY id',
      format: 'JSONEachRow',
    });
    expect(await result.json()).toEqual([
      { id: 1, name: 'eins 一', tags: ['a', 'b'] },
      { id: 2, name: 'tab\tquote"\\', tags: [] },
    ]);
  });

  it('inserts RowBinary through exec', async () => {
    const name = Buffer.from('binär');
    const row = Buffer.concat([Buffer.from([7, 0, 0, 0, name.length]), name, Buffer.from([1, 1, 0x78, 1])]);
    const { stream } = await writer.exec({
      query: 'INSERT INTO rollcall_blue.facts FORMAT RowBinary',
      values: Readable.from([row], { objectMode: false }),
    });
    stream.resume();
    await new Promise((resolve) => stream.once('end', resolve));
    expect(await rowsStored()).toBe('[7, "binär", ["x"], null]');
  });

  it.each([
    ['request', { request: true, response: false }],
    ['response', { request: false, response: true }],
  ])('compresses the %s with gzip', async (_direction, compression) => {
    const client = createClient({ url: engine.urlFor('writer'), compression });
    const values = Array.from({ length: 5_000 }, (_, id) => [id, 'n'.repeat(100), [], null]);
    await client.insert({ table: 'rollcall_blue.facts', format: 'JSONCompactEachRow', values });
    const result = await client.query({
      query: 'SELECT id FROM rollcall_blue.facts ORDER BY id',
      format: 'JSONCompactEachRow',
    });
    expect(await result.json()).toEqual(values.map(([id]) => [id]));
    await client.close();
  });

  it('binds query parameters without a way out of their quotes', async () => {
    const result = await reader.query({
      query: 'SELECT {name: String} AS name, {ids: Array(UInt32)} AS ids, {none: Nullable(String)} AS none',
      query_params: { name: "'; DROP DATABASE rollcall_blue --\n\t\\", ids: [1, 2], none: null },
      format: 'JSONEachRow',
    });
    expect(await result.json()).toEqual([
      { name: "'; DROP DATABASE rollcall_blue --\n\t\\", ids: [1, 2], none: null },
    ]);
  });

  it('streams rows', async () => {
    const result = await reader.query({
      query: 'SELECT number FROM numbers(200000)',
      format: 'JSONCompactEachRow',
    });
    let sum = 0;
    for await (const rows of result.stream<[number]>()) {
      for (const row of rows) sum += row.json<[number]>()[0];
    }
    expect(sum).toBe((199_999 * 200_000) / 2);
  });

  it('takes settings per request', async () => {
    const ask = (value: number) =>
      reader.query({
        query: "SELECT getSetting('max_block_size') AS size",
        format: 'JSONEachRow',
        clickhouse_settings: { max_block_size: String(value) },
      });
    expect(await (await ask(1234)).json()).toEqual([{ size: 1234 }]);
  });

  it('gets typed errors', async () => {
    await expect(reader.query({ query: 'SELECT * FROM rollcall_blue.nothing' })).rejects.toMatchObject({
      code: '60',
      type: 'UNKNOWN_TABLE',
    });
    await expect(reader.query({ query: 'SELEC 1' })).rejects.toMatchObject({
      code: '62',
    });
    await expect(
      reader.insert({ table: 'rollcall_blue.facts', values: [[1]], format: 'JSONCompactEachRow' }),
    ).rejects.toMatchObject({ code: expect.stringMatching(/^(164|497)$/) as unknown });
    await expect(
      writer.insert({
        table: 'rollcall_blue.facts',
        values: [['no number']],
        format: 'JSONCompactEachRow',
        columns: ['id'],
      }),
    ).rejects.toMatchObject({ type: expect.stringMatching(/CANNOT_PARSE/) as unknown });
  });

  it('meets an error in the middle of a stream as an error', async () => {
    const result = await reader.query({
      query: "SELECT throwIf(number = 3000000, 'late') AS a FROM numbers(4000000)",
      format: 'JSONCompactEachRow',
    });
    await expect(result.text()).rejects.toThrow();
  });

  it('aborts a query, and the engine stops working on it', async () => {
    const abort = new AbortController();
    const query = reader.query({
      query: 'SELECT count() FROM system.numbers WHERE NOT sleepEachRow(0.001) SETTINGS max_block_size = 100',
      query_id: 'to-abort',
      abort_signal: abort.signal,
    });
    const refused = expect(query).rejects.toThrow();
    await untilRunning('1');
    abort.abort();
    await refused;
    await untilRunning('0');
  });
});

/** Not spawnSync: the proxy lives in this process and must go on while curl asks. */
function curl(words: readonly string[], body = ''): Promise<{ exitCode: number | null; text: string }> {
  return new Promise((resolve) => {
    const child = spawn('curl', ['-sS', '--max-time', '20', ...words], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
    child.on('close', (exitCode) => {
      resolve({ exitCode, text });
    });
    child.stdin.end(body);
  });
}

describe('curl', () => {
  if (spawnSync('curl', ['--version']).status !== 0) {
    it('is not checked here: there is no curl', () => {
      console.warn('curl: not checked (not installed)');
    });
    return;
  }

  it('queries with a password', async () => {
    const { text } = await curl([
      '-u',
      `reader:${engine.passwords.reader}`,
      engine.url,
      '--data-binary',
      'SELECT 40 + 2',
    ]);
    expect(text).toBe('42\n');
  });

  it('is answered on health addresses and on no page of the engine', async () => {
    expect((await curl([`${engine.url}/ping`])).text).toBe('Ok.\n');
    for (const path of ['/play', '/dashboard', '/binary', '/js/x.js', '//', '/ping/', '/../play']) {
      const { text } = await curl([
        '--path-as-is',
        '-o',
        '/dev/null',
        '-w',
        '%{http_code}',
        engine.url + path,
      ]);
      expect([path, text]).toEqual([path, '404']);
    }
  });

  it('uploads a large body, with Expect: 100-continue and chunked', async () => {
    const body = Array.from({ length: 60_000 }, (_, id) => `[${id},"${'c'.repeat(20)}",[],null]`).join('\n');
    const url = `${engine.url}/?query=INSERT%20INTO%20rollcall_blue.facts%20FORMAT%20JSONCompactEachRow`;
    const headers = ['-H', 'Expect: 100-continue', '-H', 'Transfer-Encoding: chunked'];
    const upload = [
      '--fail-with-body',
      ...headers,
      '-u',
      `writer:${engine.passwords.writer}`,
      '--data-binary',
      '@-',
      url,
    ];
    expect(await curl(upload, body)).toEqual({ exitCode: 0, text: '' });
    expect(await runClickHouse(engine, 'reader', 'SELECT count() FROM rollcall_blue.facts')).toBe('60000');
  });
});
