import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import { OtherRulesError } from '../store-writers.js';
import { clusterStatements } from './cluster-ddl.js';
import type { Cluster } from './cluster-ddl.js';
import { withStoreErrors } from './connection.js';
import { databaseOf, PUBLIC_DATABASE, PUBLIC_VIEWS } from './tables.js';
import type { Generation } from '#domain/generation.js';

const folder = new URL('./migrations/', import.meta.url);

/**
 * Brings the database of a generation to today's tables: applies what is missing, in order of the file names.
 * @throws OtherRulesError when an applied file's checksum differs from today's file
 */
export async function migrate(
  client: ClickHouseClient,
  generation: Generation,
  cluster?: Cluster,
): Promise<void> {
  const database = databaseOf(generation);
  const run = runner(client, cluster);
  await run(`CREATE DATABASE IF NOT EXISTS ${database}`);
  await run(
    `CREATE TABLE IF NOT EXISTS ${database}.migrations (name String COMMENT 'File', checksum String COMMENT 'SHA-256 of the file', applied_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was applied') ENGINE = MergeTree ORDER BY name COMMENT 'Applied migrations of this generation.'`,
  );
  const applied = await appliedChecksums(client, database);
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort()) {
    const sql = await readFile(new URL(name, folder), 'utf8');
    const checksum = createHash('sha256').update(sql).digest('hex');
    const known = applied.get(name);
    if (known !== undefined && known !== checksum) {
      throw new OtherRulesError(`migration ${name} was changed after it was applied to ${database}`);
    }
    if (known !== undefined) continue;
    for (const statement of statementsOf(sql, database)) await run(statement);
    await run(`INSERT INTO ${database}.migrations (name, checksum) VALUES ('${name}', '${checksum}')`);
  }
}

/**
 * Points the public views at a generation: one atomic replace per view. They run with the rights of whoever made them,
 * so that readers of one bank need no grant on the tables below (row filters on the views hold; see docs/decisions/0010-bank-readers-see-views-only.md).
 */
export async function publishViews(
  client: ClickHouseClient,
  generation: Generation,
  cluster?: Cluster,
): Promise<void> {
  const run = runner(client, cluster);
  await run(`CREATE DATABASE IF NOT EXISTS ${PUBLIC_DATABASE}`);
  for (const view of PUBLIC_VIEWS) {
    await run(
      `CREATE OR REPLACE VIEW ${PUBLIC_DATABASE}.${view} DEFINER = CURRENT_USER SQL SECURITY DEFINER AS SELECT * FROM ${databaseOf(generation)}.${view}`,
    );
  }
}

/** Empties a generation so that a rebuild can fill it anew. */
export async function dropGeneration(
  client: ClickHouseClient,
  generation: Generation,
  cluster?: Cluster,
): Promise<void> {
  await runner(client, cluster)(`DROP DATABASE IF EXISTS ${databaseOf(generation)} SYNC`);
}

/** Runs a statement where its tables are: here, or on every server of a cluster. Rows to insert are sent once. */
function runner(
  client: ClickHouseClient,
  cluster: Cluster | undefined,
): (statement: string) => Promise<void> {
  const run = async (where: ClickHouseClient, query: string): Promise<void> => {
    await withStoreErrors(() => where.command({ query }));
  };
  if (!cluster) return (statement) => run(client, statement);
  return async (statement) => {
    const servers = statement.startsWith('INSERT') ? [client] : (cluster.shards ?? [client]);
    for (const each of clusterStatements(statement, cluster))
      await Promise.all(servers.map((server) => run(server, each)));
  };
}

async function appliedChecksums(client: ClickHouseClient, database: string): Promise<Map<string, string>> {
  const result = await withStoreErrors(() =>
    client.query({ query: `SELECT name, checksum FROM ${database}.migrations`, format: 'JSONEachRow' }),
  );
  const rows = await result.json<{ name: string; checksum: string }>();
  return new Map(rows.map((row) => [row.name, row.checksum]));
}

/**
 * Statements of a file for one database. A crash between two statements of a file leaves the file unapplied, so
 * each statement must be repeatable.
 */
export function statementsOf(sql: string, database: string): string[] {
  return sql
    .replaceAll('{database}', database)
    .replace(/^CREATE (TABLE|VIEW) /gm, 'CREATE $1 IF NOT EXISTS ')
    .split(/;\s*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement.length > 0);
}
