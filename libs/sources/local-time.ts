/** Reads `YYYY-MM-DD HH:MM:SS` (also with `/` or `T`) as if it were UTC; null when it is no date. Milliseconds. */
export function localTextToMs(text: string): number | null {
  const found = /^(\d{4})[-/](\d{2})[-/](\d{2})[ T\t](\d{2}):(\d{2}):(\d{2})/.exec(text);
  if (!found) return null;
  const [year, month, day, hour, minute, second] = found.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  const back = new Date(ms);
  return back.getUTCDate() === day && back.getUTCMonth() === month - 1 && hour < 24 && minute < 60
    ? ms
    : null;
}

/** `+08:00` from minutes east of UTC. */
export function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.trunc(size / 60))}:${two(size % 60)}`;
}

/** The UTC instant (ISO, ms) of a local time read as UTC, given the minutes east of UTC. */
export function toUtc(localMs: number, offsetMinutes: number): string {
  return new Date(localMs - offsetMinutes * 60_000).toISOString();
}
