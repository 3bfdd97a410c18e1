import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { DATA_SOURCE, chosen, clickHouseQuery, view } from './clickhouse-query.js';

/** What every panel says of itself. `unit` is one of Grafana's ids: `short`, `percentunit`, `s` … */
export interface PanelWords {
  readonly title: string;
  /** What is counted, and what to do about it: shown behind the (i). */
  readonly description: string;
  readonly unit: string;
  readonly sql: string;
}

/** From which value on a number is yellow and red. */
export interface Limits {
  readonly warn: number;
  readonly bad: number;
}

const limitsOf = ({ warn, bad }: Limits): ThresholdsConfigBuilder =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
    { value: null, color: 'green' },
    { value: warn, color: 'yellow' },
    { value: bad, color: 'red' },
  ]);
const plain = new ThresholdsConfigBuilder()
  .mode(ThresholdsMode.Absolute)
  .steps([{ value: null, color: 'blue' }]);

/** One number. */
export const statPanel = ({ title, description, unit, sql }: PanelWords, limits?: Limits): Builder<Panel> =>
  new Stat()
    .title(title)
    .description(description)
    .datasource(DATA_SOURCE)
    .unit(unit)
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
    .thresholds(limits ? limitsOf(limits) : plain)
    .noValue('–')
    .withTarget(clickHouseQuery(sql));

/** Stacked bars over time. The SQL gives `time`, one text column that names the series, and one number. */
export const barsOverTimePanel = ({ title, description, unit, sql }: PanelWords): Builder<Panel> =>
  new TimeSeries()
    .title(title)
    .description(description)
    .datasource(DATA_SOURCE)
    .unit(unit)
    .drawStyle(GraphDrawStyle.Bars)
    .fillOpacity(80)
    .lineWidth(0)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal))
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .withTarget(clickHouseQuery(sql, 'timeseries'));

/** Ranked bars: the SQL gives a text column and one number, largest first. */
export const rankingPanel = ({ title, description, unit, sql }: PanelWords): Builder<Panel> =>
  new BarGauge()
    .title(title)
    .description(description)
    .datasource(DATA_SOURCE)
    .unit(unit)
    .thresholds(plain)
    .reduceOptions(new ReduceDataOptionsBuilder().values(true).limit(20).calcs([]))
    .withTarget(clickHouseQuery(sql));

/** Rows. `units` gives columns that are no plain count a unit of their own. */
export function tablePanel(
  { title, description, unit, sql }: PanelWords,
  units: Readonly<Record<string, string>> = {},
): Builder<Panel> {
  const table = new Table()
    .title(title)
    .description(description)
    .datasource(DATA_SOURCE)
    .unit(unit)
    .filterable(true)
    .withTarget(clickHouseQuery(sql));
  for (const [column, columnUnit] of Object.entries(units)) {
    table.overrideByName(column, [{ id: 'unit', value: columnUnit }]);
  }
  return table;
}

/** The panel that every dashboard has: numbers without their age are worth nothing. */
export const dataAgePanel = (): Builder<Panel> =>
  statPanel(
    {
      title: 'Data age',
      description:
        'Time since the newest report arrived. Red: nothing for six hours; look at collector and shippers.',
      unit: 's',
      sql: `SELECT dateDiff('second', max(as_of), now64(3)) AS age_seconds FROM ${view('freshness')} WHERE ${chosen('bank')}`,
    },
    { warn: 3_600, bad: 6 * 3_600 },
  );
