const LEVEL_NAMES: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
};
const HIDDEN = new Set(['level', 'time', 'name', 'app', 'msg', 'pid', 'hostname']);

/** A child's log line for people: `12:00:01Z collector | info  message {more}`. What is not JSON stays as it is. */
export function formatLogLine(name: string, text: string): string {
  const record = parseRecord(text);
  const label = name.padEnd(9);
  if (!record) return `${label} | ${text}`;
  const level = LEVEL_NAMES[Number(record['level'])] ?? 'info';
  const time = typeof record['time'] === 'string' ? `${record['time'].slice(11, 19)}Z ` : '';
  const more = Object.fromEntries(Object.entries(record).filter(([key]) => !HIDDEN.has(key)));
  const rest = Object.keys(more).length === 0 ? '' : ` ${JSON.stringify(more)}`;
  const message = typeof record['msg'] === 'string' ? record['msg'] : '';
  return `${label} | ${time}${level.padEnd(5)} ${message}${rest}`;
}

/** True for a log record that says data was lost or somebody must act. */
export const isErrorLine = (text: string): boolean => Number(parseRecord(text)?.['level']) >= 50;

function parseRecord(text: string): Readonly<Record<string, unknown>> | null {
  if (!text.startsWith('{')) return null;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}
