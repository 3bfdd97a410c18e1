import type { AttemptReport } from '#domain/attempt-event.js';
import { excerptOf } from '../excerpt.js';
import { offsetText } from '../local-time.js';
import type { SetAsideReason } from '../reading-account.js';
import { readReportEvent } from '../wsus/report-event-facts.js';
import type { ReportEventFacts } from '../wsus/report-event-facts.js';

/**
 * The columns of a pasted row, which has blanks for tabs, or nothing where a console cut it; its last ones, of words, stay
 * together. The source of an event is always three digits.
 */
const PASTED =
  /^(\{[0-9a-f-]{36}\})\s+(\S+ \S+)\s+(\d+)\s+(\d{1,3})(?: \[\w{1,64}\])?\s*(\d{3})\s*(\{[0-9a-f-]{36}\})\s+(\d+)\s+((?:0x)?[0-9a-f]{1,8})\s+(.*)$/i;

function columnsOf(row: string): readonly string[] {
  if (row.includes('\t')) return row.split('\t');
  const [, ...columns] = PASTED.exec(row) ?? [];
  return [...columns.slice(0, 8), '', '', '', ...columns.slice(8)];
}

/** Reads a row of REPORT EVENT columns; a report, why it gives none, or null when it is no such row. */
export function reportEvent(row: string): AttemptReport | SetAsideReason | null {
  const [
    eventInstanceId = '',
    timeText = '',
    namespaceId = '',
    eventId = '',
    ,
    updateId = '',
    revision = '',
    hresult = '',
    ,
    ,
    ,
    message = '',
  ] = columnsOf(row);
  const time = reportEventTime(timeText);
  if (time === null) return null;
  const facts = {
    eventInstanceId,
    namespaceId,
    eventId: /^\d{1,6}(?= \[\w{1,64}\]$)/.exec(eventId)?.[0] ?? eventId,
    updateId,
    revision,
    hresult,
    text: message,
  };
  const report = readReportEvent({
    ...facts,
    time,
    origin: { source: 'windows_update_log' },
    parserName: 'windows-update-log',
  });
  return report === null || typeof report === 'string' || report.excerpt === undefined
    ? report
    : { ...report, excerpt: excerptOf([row.replaceAll('\t', ' ')]) };
}

/** `2018-11-12 08:42:17:718+0200`: colon before the milliseconds, zone without one; null when it is no such time. */
export function reportEventTime(text: string): ReportEventFacts['time'] | null {
  const found = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}):(\d{3})([+-])(\d{2})(\d{2})$/.exec(text);
  if (!found) return null;
  const [, date = '', clock = '', ms = '', sign = '+', hours = '', minutes = ''] = found;
  const offsetMinutes = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
  const local = Date.parse(`${date}T${clock}.${ms}Z`);
  if (Number.isNaN(local) || Math.abs(offsetMinutes) > 14 * 60) return null;
  return {
    occurredAt: new Date(local - offsetMinutes * 60_000).toISOString(),
    occurredAtText: text,
    utcOffset: offsetText(offsetMinutes),
    timeSource: 'offset_in_log',
  };
}
