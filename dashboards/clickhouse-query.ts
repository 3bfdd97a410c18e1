import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';
import { PUBLIC_DATABASE } from '#attempt-store/clickhouse/tables.js';
import type { PUBLIC_VIEWS } from '#attempt-store/clickhouse/tables.js';

/** The one data source of all panels; provisioned in `deploy/grafana`. */
export const DATA_SOURCE = {
  type: 'grafana-clickhouse-datasource',
  uid: 'rollcall-clickhouse',
} as const satisfies DataSourceRef;

/** Version of the plugin whose query shape this is (its `src/types/sql.ts`). */
const PLUGIN_VERSION = '4.0.0';
const FORMATS = { timeseries: 0, table: 1 } as const;
export type QueryFormat = keyof typeof FORMATS;

/** What the ClickHouse plugin stores in a panel's target. */
export interface ClickHouseTarget {
  readonly refId: string;
  readonly datasource: typeof DATA_SOURCE;
  readonly editorType: 'sql';
  readonly rawSql: string;
  readonly format: number;
  readonly queryType: QueryFormat;
  readonly pluginVersion: string;
}

/** Plain SQL as a target for the ClickHouse plugin; the SDK brings no builder for it. */
export function clickHouseQuery(sql: string, format: QueryFormat = 'table'): Builder<Dataquery> {
  const target: ClickHouseTarget = {
    refId: 'A',
    datasource: DATA_SOURCE,
    editorType: 'sql',
    rawSql: sql.trim(),
    format: FORMATS[format],
    queryType: format,
    pluginVersion: PLUGIN_VERSION,
  };
  return { build: () => ({ ...target, _implementsDataqueryVariant: () => undefined }) };
}

/** Full name of a public view; a view that does not exist does not compile. */
export const view = (name: (typeof PUBLIC_VIEWS)[number]): string => `${PUBLIC_DATABASE}.${name}`;

/** Template variables of every dashboard, each also the name of the column it filters. */
export const VARIABLES = ['bank', 'build', 'kb'] as const;

/** Condition on the chosen banks, builds and KBs; "All" leaves it out (a macro of the plugin). */
export const chosen = (...columns: readonly (typeof VARIABLES)[number][]): string =>
  (columns.length > 0 ? columns : VARIABLES)
    .map((column) => `$__conditionalAll(${column} IN (\${${column}:singlequote}), $${column})`)
    .join(' AND ');
