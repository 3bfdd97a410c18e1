/**
 * A table written into the query itself: `format(TSV, 'a String, …', '…')`. One string literal parses many times
 * faster than an IN list of tuples, needs no temporary table and works on a cluster.
 */
export function inlineTable(
  columns: Readonly<Record<string, string>>,
  rows: readonly (readonly (string | number)[])[],
): string {
  const structure = Object.entries(columns)
    .map(([name, type]) => `${name} ${type}`)
    .join(', ');
  const lines = rows.map((row) => row.map((cell) => escapeTsv(String(cell))).join('\t')).join('\n');
  return `format(TSV, ${quote(structure)}, ${quote(lines)})`;
}

/** Room for the inline tables of the largest batch; the server's default of 256 KiB is meant for people. */
export const INLINE_QUERY_SETTINGS = { max_query_size: String(256 * 1024 * 1024) } as const;

/** A string literal of ClickHouse SQL. */
export const quote = (text: string): string => `'${text.replace(/[\\']/g, (char) => `\\${char}`)}'`;

const TSV_ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\0': '\\0',
};

const escapeTsv = (text: string): string =>
  text.replace(/[\\\t\n\r\0]/g, (char) => TSV_ESCAPES[char] ?? char);
