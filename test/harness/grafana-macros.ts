/** What a user chose in Grafana: variable → values; absent = All. Times as the picker gives them. */
export interface GrafanaChoice {
  readonly variables: Readonly<Record<string, readonly string[]>>;
  readonly fromMs: number;
  readonly toMs: number;
}

const INTERVAL_SECONDS = 3_600;

/**
 * The SQL that the ClickHouse plugin would send: its macros and Grafana's variables replaced.
 * @throws Error when a macro or variable is left that this does not know
 */
export function expandMacros(rawSql: string, { variables, fromMs, toMs }: GrafanaChoice): string {
  const time = (ms: number): string => `toDateTime(${Math.floor(ms / 1_000)})`;
  const quoted = (name: string): string => (variables[name] ?? []).map((value) => `'${value}'`).join(',');
  const sql = rawSql
    .replace(/\$__conditionalAll\((.*?), \$(\w+)\)/g, (_, condition: string, name: string) =>
      variables[name] ? condition : '1=1',
    )
    .replace(/\$\{(\w+):singlequote\}/g, (_, name: string) => quoted(name))
    .replace(
      /\$__timeFilter\(((?:[^()]|\([^()]*\))*)\)/g,
      (_, column: string) => `${column} >= ${time(fromMs)} AND ${column} <= ${time(toMs)}`,
    )
    .replace(
      /\$__timeInterval\((\w+)\)/g,
      (_, column: string) => `toStartOfInterval(toDateTime(${column}), INTERVAL ${INTERVAL_SECONDS} second)`,
    )
    .replace(/\$__fromTime/g, time(fromMs))
    .replace(/\$__toTime/g, time(toMs));
  const left = /\$(?:__)?\{?\w+/.exec(sql);
  if (left) throw new Error(`this macro or variable is not known: ${left[0]} in ${rawSql}`);
  return sql;
}
