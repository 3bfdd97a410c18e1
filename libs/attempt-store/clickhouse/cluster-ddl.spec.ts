import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { askClickHouse, runClickHouse } from '../../../test/harness/ask-clickhouse.js';
import { startTestCluster } from '../../../test/harness/test-cluster.js';
import type { TestCluster } from '../../../test/harness/test-cluster.js';
import { reportOf, sampleAttempt } from '../../../test/harness/sample-events.js';
import { ClickHouseWriters } from './clickhouse-writers.js';
import { clusterStatements } from './cluster-ddl.js';
import { connectClickHouse } from './connection.js';
import { statementsOf } from './migrate.js';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster();
}, 60_000);
afterAll(() => cluster.stop());

/** Every statement of the migrations, and those that `migrate` makes itself. */
async function allStatements(): Promise<string[]> {
  const folder = new URL('./migrations/', import.meta.url);
  const files = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const texts = await Promise.all(files.map((name) => readFile(new URL(name, folder), 'utf8')));
  return [
    'CREATE DATABASE IF NOT EXISTS rollcall_blue',
    ...texts.flatMap((sql) => statementsOf(sql, 'rollcall_blue')),
    'DROP DATABASE IF EXISTS rollcall_blue SYNC',
  ];
}

describe('tables on a cluster', () => {
  it('replicated: every statement goes to the whole cluster, every table is replicated, and ClickHouse can parse it', async () => {
    const statements = (await allStatements()).flatMap((each) =>
      clusterStatements(each, { name: 'rollcall' }),
    );
    const [engine] = cluster.engines;
    for (const statement of statements) {
      expect(await askClickHouse(engine, 'writer', `EXPLAIN AST ${statement}`)).toMatchObject({ code: 0 });
      if (statement.startsWith('INSERT')) continue;
      expect(statement).toContain(` ON CLUSTER 'rollcall'`);
      expect(statement).not.toMatch(/ENGINE = \w*(?<!Replicated\w*)MergeTree/);
    }
    const engines = statements.flatMap((statement) => /ENGINE = \w+(\(.*\))?/.exec(statement)?.[0] ?? []);
    expect(engines).toContain(
      `ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', earliness)`,
    );
    expect(engines).toContain(
      `ENGINE = ReplicatedMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}')`,
    );
    expect(engines).toContain(
      `ENGINE = Distributed('rollcall', 'rollcall_blue', 'histories_local', cityHash64(bank, device_key))`,
    );
  });

  it('devices are spread over the shards, and the links of a bank lie on one', async () => {
    const client = connectClickHouse({ url: cluster.engines[0].urlFor('writer') });
    try {
      const writers = new ClickHouseWriters(client, 'rules-of-the-test', false, cluster.cluster);
      await writers.prepare('blue');
      const writer = writers.of('blue');
      const devices = Array.from({ length: 40 }, (_, n) => `d-${n}`);
      await writer.insertFacts({
        reports: devices.map((name) => ({
          report: reportOf(sampleAttempt(name)),
          updateTitle: '',
          excerpt: [],
          wsusServer: '',
        })),
        inventories: [],
        aliasLinks: [],
        kbLinks: [],
      });
      await writer.insertLinks(
        devices.map((subject) => ({ bank: 'bank-a', kind: 'alias', subject, object: 'smbios/x' })),
      );
      const countsOf = (table: string) =>
        Promise.all(
          cluster.engines.map((engine) =>
            runClickHouse(engine, 'writer', `SELECT count() FROM rollcall_blue.${table}`).then(Number),
          ),
        );
      const [here = 0, there = 0] = await countsOf('reports_local');
      expect(here).toBeGreaterThan(5);
      expect(there).toBeGreaterThan(5);
      expect(here + there).toBe(40);
      expect(await countsOf('reports')).toEqual([40, 40]);
      expect((await countsOf('link_journal_local')).sort()).toEqual([0, 40]);
    } finally {
      await client.close();
    }
  });

  it('refuses a table nobody has said the sharding of', () => {
    expect(() =>
      clusterStatements('CREATE TABLE IF NOT EXISTS x.strange (a UInt8) ENGINE = MergeTree', {
        name: 'rollcall',
      }),
    ).toThrow('strange');
  });
});
