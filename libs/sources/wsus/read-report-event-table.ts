import { CsvRows } from '../csv-rows.js';
import type { CsvRow } from '../csv-rows.js';
import { detach } from '../line-splitter.js';
import { eventInstant } from '../event-documents/event-instant.js';
import { AccountKeeper } from '../reading-account.js';
import type { FoundReport, ReadingEnd, SourceReader } from '../source-reader.js';
import { reportEventTime } from '../windows-update-log/report-event.js';
import { readReportEvent } from './report-event-facts.js';
import type { ReportEventFacts } from './report-event-facts.js';

/**
 * Column names as exports of the client's log, of SUSDB and of the server's event history (`IUpdateEvent`) write them,
 * lower case.
 */
const COLUMNS = {
  eventInstanceId: ['eventinstanceid', 'id'],
  time: ['timeattarget', 'creationdate'],
  namespaceId: ['namespaceid', 'eventnamespaceid'],
  eventId: ['eventid', 'wsuseventid'],
  updateId: ['updateid'],
  revision: ['revisionnumber'],
  hresult: ['win32hresulthex', 'win32hresult', 'errorcode'],
  message: ['message', 'replacementstrings', 'miscdata'],
  computer: ['computername', 'fulldomainname', 'computer'],
  computerId: ['computerid', 'targetid', 'computertargetid'],
} as const;
type Column = keyof typeof COLUMNS;

/** Whether a line is the head of a table of REPORT EVENT rows. */
export const isReportEventHead = (line: string): boolean =>
  (/(?:^|[,;\t])"?EventInstanceId"?[,;\t]/i.test(line) && /[,;\t]"?EventId"?(?:[,;\t]|$)/i.test(line)) ||
  (/(?:^|[,;\t])"?WsusEventId"?(?:[,;\t]|$)/i.test(line) &&
    /(?:^|[,;\t])"?CreationDate"?(?:[,;\t]|$)/i.test(line));

/** Numbers of the events that the event history gives by name; others are notices. */
const NUMBERS: Readonly<Record<string, string>> = {
  ClientDetectionFailed: '148',
  ClientDownloadFailed: '161',
  ClientDownloadSucceeded: '162',
  ClientDownloadCanceled: '163',
  ClientInstallationStarted: '181',
  ClientInstallationFailed: '182',
  ClientInstallationSucceeded: '183',
  ClientInstallationCompletedWithReboot: '184',
  ClientInstallationCanceled: '186',
};
const eventNumber = (text: string): string =>
  NUMBERS[text] ?? (/^Client[A-Za-z]{1,60}$/.test(text) ? '0' : text);

/**
 * A table of the events that clients report to WSUS (tabs or CSV, with a head row): rows cut out of clients' logs, or an
 * export of SUSDB's event table, which also names the computer. Times without a zone stay text.
 */
export class ReportEventTableReader implements SourceReader {
  private readonly rows = new CsvRows((row) => {
    this.row(row);
  });
  private readonly account = new AccountKeeper();
  private columns: Readonly<Record<Column, number>> | null = null;
  private found: FoundReport[] = [];

  push(bytes: Uint8Array): readonly FoundReport[] {
    this.rows.push(bytes);
    return this.found.splice(0);
  }

  finish(): ReadingEnd {
    this.rows.finish();
    return { reports: this.found.splice(0), account: this.account.close('report_events') };
  }

  private row(row: CsvRow | null): void {
    if (row === null) this.account.setAside('blank');
    else if (this.columns === null) {
      this.columns = columnsOf(row.cells);
      this.account.setAside('routine');
    } else this.event(row, this.columns);
  }

  private event({ line, cells }: CsvRow, columns: Readonly<Record<Column, number>>): void {
    const cell = (column: Column) => detach(cells[columns[column]] ?? '');
    const time = timeOf(cell('time'));
    const computer = cell('computer').slice(0, 255);
    const computerId = cell('computerId').slice(0, 128);
    const isServer = computer !== '' || computerId !== '';
    const facts: ReportEventFacts = {
      eventInstanceId: cell('eventInstanceId'),
      namespaceId: columns.namespaceId === -1 ? '1' : cell('namespaceId'),
      eventId: eventNumber(cell('eventId')),
      updateId: cell('updateId'),
      revision: cell('revision'),
      hresult: cell('hresult'),
      text: cell('message'),
      time,
      origin: {
        source: isServer ? 'wsus' : 'windows_update_log',
        ...(computer !== '' && { deviceName: computer }),
        ...(computerId !== '' && { deviceAliases: [{ kind: 'wsus_computer', value: computerId }] }),
      },
      parserName: 'report-events',
    };
    if (typeof time.occurredAt === 'string') this.account.covers(time.occurredAt);
    const report = cell('time') === '' ? null : readReportEvent(facts);
    if (report === null) this.account.notUnderstood();
    else if (typeof report === 'string') this.account.setAside(report);
    else {
      this.account.understood();
      this.account.report();
      this.found.push({ line, report });
    }
  }
}

function columnsOf(head: readonly string[]): Readonly<Record<Column, number>> {
  const names = head.map((cell) => cell.trim().toLowerCase());
  const at = (column: Column) =>
    names.findIndex((name) => (COLUMNS[column] as readonly string[]).includes(name));
  return Object.fromEntries(Object.keys(COLUMNS).map((column) => [column, at(column as Column)])) as Record<
    Column,
    number
  >;
}

function timeOf(text: string): ReportEventFacts['time'] {
  const written = reportEventTime(text);
  if (written !== null) return written;
  const utc = eventInstant(text);
  return {
    occurredAt: utc,
    occurredAtText: text.slice(0, 64) || '(undated)',
    utcOffset: utc === null ? null : '+00:00',
    timeSource: utc === null ? 'unknown' : 'utc',
  };
}
