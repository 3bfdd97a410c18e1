import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  DashboardBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { DATA_SOURCE, VARIABLES, view } from './clickhouse-query.js';

const GRID_WIDTH = 24;
/** Panels side by side. Widths add up to at most 24. */
export interface PanelRow {
  readonly height: number;
  readonly panels: readonly { readonly width: number; readonly panel: Builder<Panel> }[];
}

/** As many panels of one width as there are, side by side. */
export const sideBySide = (height: number, ...panels: readonly Builder<Panel>[]): PanelRow => ({
  height,
  panels: panels.map((panel) => ({ width: Math.floor(GRID_WIDTH / panels.length), panel })),
});

export interface DashboardWords {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Grafana's relative time, e.g. `now-30d`. */
  readonly from: string;
  readonly rows: readonly PanelRow[];
}

/** Schema v1: what file provisioning of every Grafana since 7 reads; v2 needs a Grafana of 2025. */
// eslint-disable-next-line @typescript-eslint/no-deprecated -- for that reason
export type Dashboard = ReturnType<DashboardBuilder['build']>;

/** A dashboard in house style: the three variables, rows laid out from the top, nothing editable by hand. */
export function dashboard({ uid, title, description, from, rows }: DashboardWords): Dashboard {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- see Dashboard
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['rollcall'])
    .timezone('browser')
    .readonly()
    .refresh('1m')
    .time({ from, to: 'now' });
  for (const name of VARIABLES) builder.withVariable(variable(name));
  let y = 0;
  let id = 1;
  for (const { height, panels } of rows) {
    let x = 0;
    for (const { width, panel } of panels) {
      builder.withPanel({
        build: () => ({ ...panel.build(), id: id++, gridPos: { x, y, w: width, h: height } }),
      });
      x += width;
    }
    y += height;
  }
  return builder.build();
}

/** All values of a column; later variables offer what the earlier ones leave. */
function variable(name: (typeof VARIABLES)[number]): QueryVariableBuilder {
  const sql = {
    bank: `SELECT DISTINCT bank FROM ${view('latest_outcomes')} ORDER BY bank`,
    build: `SELECT DISTINCT build FROM ${view('latest_outcomes')} WHERE bank IN (\${bank:singlequote}) ORDER BY build`,
    kb: `SELECT DISTINCT kb FROM ${view('latest_outcomes')} WHERE bank IN (\${bank:singlequote}) ORDER BY kb`,
  }[name];
  const all = { text: 'All', value: '$__all', selected: true };
  return new QueryVariableBuilder(name)
    .label(name === 'kb' ? 'KB' : name)
    .datasource(DATA_SOURCE)
    .query(sql)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.Disabled)
    .multi(true)
    .includeAll(true)
    .current(all);
}
