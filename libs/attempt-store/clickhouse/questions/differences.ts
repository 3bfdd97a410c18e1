import { databaseOf } from '../tables.js';

/**
 * Per table: the key people know a row by, and the cells to compare. Left out on purpose: times of ingestion and
 * arrival, versions, and rows that were taken back (a rebuild never writes them).
 */
const COMPARED = [
  {
    table: 'reports',
    key: "concat(bank, '/', kb_key, '/', device_key, '/', event_id, '/', copy_hash)",
    cells: '* EXCEPT (received_at)',
    only: '1',
  },
  {
    table: 'inventories',
    key: "concat(bank, '/', device_key, '/', event_id)",
    cells: '* EXCEPT (received_at, event)',
    only: '1',
  },
  {
    table: 'device_aliases',
    key: "concat(bank, '/', alias_kind, '/', alias_key, '/', device_key)",
    cells: '*',
    only: '1',
  },
  {
    table: 'kb_links',
    key: "concat(bank, '/', update_id, '.', toString(update_revision), '/', kb)",
    cells: '*',
    only: '1',
  },
  {
    table: 'canonical_devices FINAL',
    key: "concat(bank, '/', device_key)",
    cells: '* EXCEPT (version)',
    only: 'device_key != canonical_key',
  },
  {
    table: 'histories FINAL',
    key: "concat(bank, '/', kb, '/', device_key)",
    cells: '* EXCEPT (version, `attempts.arrived_at`, `failures.arrived_at`)',
    only: "latest_outcome != '' OR notEmpty(`attempts.outcome`)",
  },
  {
    table: 'alert_states FINAL',
    key: "concat(bank, '/', alert_id)",
    cells: '* EXCEPT (event_no)',
    only: '1',
  },
  {
    table: 'remedy_events',
    key: "concat(bank, '/', device_key, '/', event_id)",
    cells: '* EXCEPT (received_at)',
    only: '1',
  },
] as const;

/**
 * Keys of rows that stand in one generation only, or with other cells: one row `table: key` each. Groups, unlike
 * `DISTINCT`, go to disk when they are too many for the memory.
 */
export function differencesQuery(limit: number): string {
  const perTable = COMPARED.map(({ table, key, cells, only }) => {
    const rows = (generation: 'blue' | 'green') =>
      `SELECT ${key} AS key, cityHash64(tuple(${cells})) AS cells, '${generation}' AS side FROM ${databaseOf(generation)}.${table} WHERE ${only}`;
    return `SELECT concat('${table.split(' ')[0]}: ', key) AS key FROM (${rows('blue')} UNION ALL ${rows('green')}) GROUP BY key, cells HAVING min(side) = max(side)`;
  });
  return `SELECT key FROM (${perTable.join(' UNION ALL ')}) GROUP BY key ORDER BY key LIMIT ${limit}`;
}
