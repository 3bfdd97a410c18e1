import { databaseOf } from '../tables.js';

/**
 * Per table: which of several rows with one key stays (the one with the largest version), the key people know a row by,
 * and the cells to compare. Left out on purpose: times of ingestion and arrival, versions, and rows that were taken back
 * (a rebuild never writes them).
 */
const COMPARED = [
  {
    table: 'reports',
    version: 'earliness',
    key: "concat(bank, '/', kb_key, '/', device_key, '/', event_id, '/', copy_hash)",
    cells: '* EXCEPT (received_at)',
    only: '1',
  },
  {
    table: 'inventories',
    version: 'earliness',
    key: "concat(bank, '/', device_key, '/', event_id)",
    cells: '* EXCEPT (received_at, event)',
    only: '1',
  },
  {
    table: 'device_aliases',
    version: '0',
    key: "concat(bank, '/', alias_kind, '/', alias_key, '/', device_key)",
    cells: '*',
    only: '1',
  },
  {
    table: 'kb_links',
    version: '0',
    key: "concat(bank, '/', update_id, '.', toString(update_revision), '/', kb)",
    cells: '*',
    only: '1',
  },
  {
    table: 'canonical_devices',
    version: 'version',
    key: "concat(bank, '/', device_key)",
    cells: '* EXCEPT (version)',
    only: 'device_key != canonical_key',
  },
  {
    table: 'histories',
    version: 'version',
    key: "concat(bank, '/', kb, '/', device_key)",
    cells: '* EXCEPT (version, `attempts.arrived_at`, `failures.arrived_at`)',
    only: "latest_outcome != '' OR notEmpty(`attempts.outcome`)",
  },
  {
    table: 'alert_states',
    version: 'event_no',
    key: "concat(bank, '/', alert_id)",
    cells: '* EXCEPT (event_no)',
    only: '1',
  },
  {
    table: 'remedy_events',
    version: 'earliness',
    key: "concat(bank, '/', device_key, '/', event_id)",
    cells: '* EXCEPT (received_at)',
    only: '1',
  },
] as const;

/**
 * For each table the keys of rows that stand in one generation only, or with other cells: one row `table: key` each.
 * Rows are compared by hashes in groups, which go to disk when they are too many for the memory; keys as text, sets of them
 * (`DISTINCT`) and merging all parts at once (`FINAL`) would each take more than there is at ten million reports.
 */
export const differenceQueries = (limit: number): readonly string[] =>
  COMPARED.map(({ table, version, key, cells, only }) => {
    const both = (columns: string) =>
      (['blue', 'green'] as const)
        .map(
          (side) =>
            `SELECT cityHash64(${key}) AS hash, ${columns}, '${side}' AS side FROM ${databaseOf(side)}.${table}`,
        )
        .join(' UNION ALL ');
    const told = both(`if(${only}, cityHash64(tuple(${cells})), 0) AS told, ${version} AS version`);
    const newest = (side: string) => `argMaxIf(told, (version, told), side = '${side}')`;
    return `SELECT DISTINCT concat('${table}: ', key) AS key
      FROM (${both(`${key} AS key`)})
      WHERE hash IN (
        SELECT hash FROM (${told}) GROUP BY hash HAVING ${newest('blue')} != ${newest('green')} ORDER BY hash LIMIT ${limit})
      ORDER BY key`;
  });
