import Table from 'cli-table3';

/** A result for scripts: one JSON object on one line of stdout. */
export function printJson(item: unknown): void {
  process.stdout.write(`${JSON.stringify(item)}\n`);
}

/** A result for people on stdout. */
export function printText(text: string): void {
  process.stdout.write(`${printable(text)}\n`);
}

/** Progress and hints: stderr, so that a pipe sees results only. */
export function note(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

/** What logs and messages say must not steer the reader's terminal: control characters but tab and line end as `\\x1b`. */
const printable = (text: string): string =>
  text
    .replaceAll('\r\n', '\n')
    .replace(/[^\P{Cc}\t\n]/gu, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`);

export type Cell = string | number | boolean | null | undefined;

/** A table for people: no colours (logs and mails keep it readable), '–' for what is not known. */
export function renderTable(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const table = new Table({ head: [...head], style: { head: [], border: [], compact: true } });
  for (const row of rows)
    table.push(row.map((cell) => (cell === null || cell === undefined || cell === '' ? '–' : String(cell))));
  return table.toString();
}

const WIDEST = 40;

/** For a table's column: the beginning and the end of what is too wide (`package:Package_for_Rollu…19041.4780.1.7`); --json has it whole. */
export function shorten(text: string): string {
  if (text.length <= WIDEST) return text;
  const end = Math.floor(WIDEST / 3);
  return `${text.slice(0, WIDEST - end - 1)}…${text.slice(-end)}`;
}

/** A table of names and values. */
export function renderFacts(facts: readonly (readonly [string, Cell])[]): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${name.padEnd(width)}  ${value ?? '–'}`).join('\n');
}

const pad = (value: number): string => String(value).padStart(2, '0');

/**
 * An ISO instant in the reader's own zone with the offset written out: `2024-09-10 17:00:00 +08:00`.
 * '–' for null; text that is no instant comes back as it is.
 */
export function formatTime(instant: string | null | undefined): string {
  if (!instant) return '–';
  const time = new Date(instant);
  if (Number.isNaN(time.getTime())) return instant;
  const offset = -time.getTimezoneOffset();
  const sign = offset < 0 ? '-' : '+';
  const zone = `${sign}${pad(Math.floor(Math.abs(offset) / 60))}:${pad(Math.abs(offset) % 60)}`;
  const day = `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}`;
  return `${day} ${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())} ${zone}`;
}
