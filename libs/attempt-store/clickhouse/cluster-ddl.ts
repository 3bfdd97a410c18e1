import type { ClickHouseClient } from '@clickhouse/client';

/** A ClickHouse of several shards. */
export interface Cluster {
  /** Its name in the servers' `remote_servers`. */
  readonly name: string;
  /**
   * One client per shard: statements about tables go to each, and tables are not replicated. Without them statements are
   * sent `ON CLUSTER` and tables are replicated, which needs Keeper and the macros `shard` and `replica`.
   */
  readonly shards?: readonly ClickHouseClient[];
}

/** What decides the shard of a row. Everything about one device lies together; what a bank must read in one state, too. */
const BY_DEVICE = 'cityHash64(bank, device_key)';
const BY_BANK = 'cityHash64(bank)';
export const SHARDING_KEYS: Readonly<Record<string, string>> = {
  reports: BY_DEVICE,
  inventories: BY_DEVICE,
  device_aliases: BY_DEVICE,
  canonical_devices: BY_DEVICE,
  histories: BY_DEVICE,
  remedy_events: BY_DEVICE,
  // One statement must see one state of a bank's links: they lie on one shard.
  link_journal: BY_BANK,
  kb_links: BY_BANK,
  alert_states: BY_BANK,
  signatures: 'cityHash64(signature_id)',
  generation: 'cityHash64(rules_hash)',
  migrations: 'cityHash64(name)',
};

const CREATE_TABLE = /^CREATE TABLE IF NOT EXISTS (\w+)\.(\w+)\s/;
const ENGINE = /\bENGINE = (\w*MergeTree)(?:\(([^)]*)\))?/;

/** What a statement of a migration becomes on a cluster: a table is a local one on every shard, and one over all of them. */
export function clusterStatements(statement: string, cluster: Cluster): string[] {
  const on = cluster.shards ? '' : ` ON CLUSTER '${cluster.name}'`;
  const created = CREATE_TABLE.exec(statement);
  if (created) {
    const [, database = '', table = ''] = created;
    return [
      createLocal(statement, database, table, cluster),
      `CREATE TABLE IF NOT EXISTS ${database}.${table}${on} AS ${database}.${table}_local ENGINE = Distributed('${cluster.name}', '${database}', '${table}_local', ${shardingKeyOf(table)})`,
    ];
  }
  const altered = /^ALTER TABLE (\w+)\.(\w+)\s/.exec(statement);
  if (altered) {
    const [whole, database = '', table = ''] = altered;
    return [`${table}_local`, table].map(
      (name) => `ALTER TABLE ${database}.${name}${on} ${statement.slice(whole.length)}`,
    );
  }
  return [
    statement
      .replace(/^(CREATE (?:OR REPLACE )?VIEW (?:IF NOT EXISTS )?\w+\.\w+)/, `$1${on}`)
      .replace(/^(CREATE DATABASE IF NOT EXISTS \w+|DROP DATABASE IF EXISTS \w+)/, `$1${on}`),
  ];
}

function createLocal(statement: string, database: string, table: string, cluster: Cluster): string {
  const local = `CREATE TABLE IF NOT EXISTS ${database}.${table}_local`;
  const body = statement.slice(`CREATE TABLE IF NOT EXISTS ${database}.${table}`.length);
  if (cluster.shards) return local + body;
  return `${local} ON CLUSTER '${cluster.name}'${body.replace(
    ENGINE,
    (_, engine: string, version?: string) => {
      const place = `'/clickhouse/tables/{uuid}/{shard}', '{replica}'`;
      return `ENGINE = Replicated${engine}(${place}${version === undefined || version === '' ? '' : `, ${version}`})`;
    },
  )}`;
}

function shardingKeyOf(table: string): string {
  const key = SHARDING_KEYS[table];
  if (key === undefined) throw new Error(`say in cluster-ddl.ts by what table ${table} is sharded`);
  return key;
}
