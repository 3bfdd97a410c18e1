import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createClient } from '@clickhouse/client';
import { askClickHouse, runClickHouse } from '../../../test/harness/ask-clickhouse.js';
import { startTestEngine } from '../../../test/harness/test-engine.js';
import type { TestEngine } from '../../../test/harness/test-engine.js';
import { migrate, publishViews } from '../clickhouse/migrate.js';
import { ROLLCALL_SCHEMA } from './engine-schema.js';

const ACCESS_DENIED = 497;
const READONLY = 164;
let engine: TestEngine;

beforeAll(async () => {
  engine = await startTestEngine({ banks: ['north', 'south-1'] });
  const client = createClient({ url: engine.urlFor('writer') });
  await migrate(client, 'blue');
  await publishViews(client, 'blue');
  await client.close();
  // Two banks in one granule, so that a condition evaluated too early would meet the other bank's rows.
  await runClickHouse(
    engine,
    'writer',
    `INSERT INTO rollcall_blue.histories (bank, kb, device_key, version, latest_outcome)
     SELECT if(number % 2 = 0, 'north', 'south-1'), 'KB5000001', concat('d-', toString(number)), 1, 'failed' FROM numbers(100)`,
  );
});
afterAll(() => engine.stop());

describe('a reader of one bank', () => {
  it.each(ROLLCALL_SCHEMA.bankViews)('can ask view %s and sees no other bank', async (view) => {
    const answer = await askClickHouse(engine, 'bank_north', `SELECT DISTINCT bank FROM rollcall.${view}`);
    expect(answer.code).toBe(0);
    expect(['', 'north']).toContain(answer.text);
  });

  it('sees its own rows, all of them', async () => {
    const count = 'SELECT bank, count() FROM rollcall.latest_outcomes GROUP BY bank ORDER BY bank';
    expect(await runClickHouse(engine, 'bank_north', count)).toBe('north\t50');
    expect(await runClickHouse(engine, 'bank_south-1', count)).toBe('south-1\t50');
    expect(await runClickHouse(engine, 'reader', count)).toBe('north\t50\nsouth-1\t50');
  });

  it.each([
    ['a table', 'SELECT * FROM rollcall_blue.histories'],
    ['a view of a generation', 'SELECT * FROM rollcall_blue.attempts'],
    ['keys through mergeTreeIndex', "SELECT * FROM mergeTreeIndex('rollcall_blue', 'histories')"],
    ['running queries', 'SELECT * FROM system.processes'],
    ['sizes of tables', 'SELECT * FROM system.parts'],
    ['files', "SELECT * FROM file('/etc/hostname', 'LineAsString')"],
    ['addresses', "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')"],
    ['other servers', "SELECT * FROM remote('127.0.0.1', 'system.one')"],
  ])('is refused %s', async (_what, sql) => {
    expect((await askClickHouse(engine, 'bank_north', sql)).code).toBe(ACCESS_DENIED);
  });

  it('learns nothing of foreign rows by an error of its own condition', async () => {
    const probe =
      "SELECT count() FROM rollcall.latest_outcomes WHERE throwIf(bank != 'north', 'foreign row met') = 0";
    expect((await askClickHouse(engine, 'bank_north', probe)).text).toBe('50');
  });

  it.each([
    ['the old analyzer', 'allow_experimental_analyzer = 0'],
    [
      'filters below the view',
      `additional_table_filters = {'rollcall_blue.histories': 'throwIf(bank != \\'north\\') = 0'}`,
    ],
    ['longer queries', 'max_execution_time = 0'],
  ])('may not set %s', async (_what, setting) => {
    const answer = await askClickHouse(
      engine,
      'bank_north',
      `SELECT count() FROM rollcall.latest_outcomes SETTINGS ${setting}`,
    );
    expect([READONLY, 452]).toContain(answer.code);
  });

  it('may set what clients need', async () => {
    const sql = "SELECT 1 SETTINGS max_execution_time = 20, date_time_output_format = 'iso'";
    expect((await askClickHouse(engine, 'bank_north', sql)).text).toBe('1');
  });

  it('is refused a view that is INVOKER by mistake', async () => {
    await runClickHouse(
      engine,
      'writer',
      'CREATE OR REPLACE VIEW rollcall.alerts SQL SECURITY INVOKER AS SELECT * FROM rollcall_blue.alerts',
    );
    expect((await askClickHouse(engine, 'bank_north', 'SELECT * FROM rollcall.alerts')).code).toBe(
      ACCESS_DENIED,
    );
  });
});

describe('other users', () => {
  it.each(['reader', 'grafana', 'bank_north'])('%s cannot write', async (user) => {
    for (const sql of [
      "INSERT INTO rollcall_blue.histories (bank) VALUES ('north')",
      'TRUNCATE TABLE rollcall_blue.histories',
      'DROP VIEW rollcall.attempts',
      'CREATE TABLE rollcall.mine (a UInt8) ENGINE = Memory',
      "SELECT 1 INTO OUTFILE '/dev/null'",
      'SYSTEM STOP LISTEN HTTP',
      "KILL QUERY WHERE user = ''",
    ]) {
      const { code } = await askClickHouse(engine, user, sql);
      expect([sql, code !== 0]).toEqual([sql, true]);
    }
  });

  it('the writer stays in its databases', async () => {
    for (const sql of [
      'CREATE DATABASE elsewhere',
      "SELECT * FROM file('/etc/hostname', 'LineAsString')",
      "KILL QUERY WHERE user = ''",
    ]) {
      const { code } = await askClickHouse(engine, 'writer', sql);
      expect([sql, code]).toEqual([sql, ACCESS_DENIED]);
    }
  });

  it('the user without a password can do nothing', async () => {
    const answer = await fetch(engine.url, {
      method: 'POST',
      body: 'SELECT number FROM system.numbers LIMIT 1',
    });
    expect(answer.headers.get('x-clickhouse-exception-code')).toBe('201');
  });

  it('limits hold: grafana cannot raise its time, nor ask for too many rows', async () => {
    expect((await askClickHouse(engine, 'grafana', 'SELECT 1 SETTINGS max_execution_time = 61')).code).toBe(
      452,
    );
    expect(
      (await askClickHouse(engine, 'grafana', 'SELECT number FROM numbers(1000001) FORMAT Null')).code,
    ).toBe(396);
  });
});
