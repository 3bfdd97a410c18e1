import type { AttemptReport } from './attempt-event.js';

/** Year first, as logs write local time; the signs between the numbers are those of the machine's region. */
const LOCAL =
  /^(\d{4})(?:[/-]|\. ?)(\d{2})(?:[/-]|\. ?)(\d{2})\.?[ T\t]+(\d{2})[:.](\d{2})[:.](\d{2})(?:[.,:](\d{3})\d{0,6})?$/;
const DAY_MS = 24 * 3_600_000;

/**
 * The UTC time of a report that only says its local time, by the zone its bank configured; null when the report knows its
 * time, the text is no local time, or the zone makes it two moments or none (the hours in which clocks are changed).
 */
export function timeInZone(
  report: AttemptReport,
  timeZone: string,
): Pick<AttemptReport, 'occurredAt' | 'utcOffset' | 'timeSource'> | null {
  if (typeof report.occurredAt === 'string') return null;
  const found = LOCAL.exec(report.occurredAtText ?? '');
  if (!found) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0] = found
    .slice(1)
    .map((digits: string | undefined) => Number(digits ?? 0));
  const localMs = Date.UTC(year, month - 1, day, hour, minute, second, ms);
  const back = new Date(localMs);
  if (back.getUTCMonth() !== month - 1 || back.getUTCDate() !== day || back.getUTCHours() !== hour)
    return null;
  const offsets = new Set([localMs - DAY_MS, localMs + DAY_MS].map((at) => offsetMs(at, timeZone)));
  const moments = [...offsets].filter((offset) => offsetMs(localMs - offset, timeZone) === offset);
  const [offset] = moments;
  if (offset === undefined || moments.length > 1) return null;
  return {
    occurredAt: new Date(localMs - offset).toISOString(),
    utcOffset: offsetText(offset),
    timeSource: 'bank_zone',
  };
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** How far the zone's clocks are ahead of UTC at a moment. */
function offsetMs(atMs: number, timeZone: string): number {
  let clock = clocks.get(timeZone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
      ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
    clocks.set(timeZone, clock);
  }
  const part: Record<string, number> = {};
  for (const { type, value } of clock.formatToParts(atMs)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(atMs / 1_000) * 1_000;
}

function offsetText(offset: number): string {
  const minutes = Math.abs(Math.round(offset / 60_000));
  const two = (value: number) => String(value).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
