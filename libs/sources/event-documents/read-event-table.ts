import { CsvRows } from '../csv-rows.js';
import type { CsvRow } from '../csv-rows.js';
import { detach } from '../line-splitter.js';
import { AccountKeeper } from '../reading-account.js';
import type { FoundReport, ReadingEnd, SourceReader } from '../source-reader.js';
import { takeEvent } from '../take-event.js';
import { windowsEventOf } from './event-viewer-rows.js';

/** Columns of EventLogRecord (Get-WinEvent) and EventLogEntry (Get-EventLog), lower case. */
const COLUMNS = {
  provider: ['providername', 'source'],
  eventId: ['id', 'eventid'],
  time: ['timecreated', 'timegenerated', 'timewritten'],
  message: ['message'],
  computer: ['machinename', 'pscomputername'],
  channel: ['logname', 'containerlog'],
} as const;
type Column = keyof typeof COLUMNS;
const NEEDED: readonly Column[] = ['provider', 'eventId', 'time', 'message'];

/** Whether a line is the head of `Get-WinEvent … | Export-Csv` (or Get-EventLog), whatever columns were selected. */
export function isEventTableHead(line: string): boolean {
  if (line.length > 4_096 || !/message/i.test(line)) return false;
  const names = line.split(/[,;\t]/).map((cell) => cell.replaceAll('"', '').trim().toLowerCase());
  return NEEDED.every((column) => COLUMNS[column].some((name) => names.includes(name)));
}

/**
 * Events as a table that PowerShell wrote. It holds the message of each event and none of its named fields, so an update
 * has no id here, and times are text in the form of the machine's region, without a zone.
 */
export class EventTableReader implements SourceReader {
  private readonly rows = new CsvRows((row) => {
    this.row(row);
  });
  private readonly account = new AccountKeeper();
  private columns: readonly string[] | null = null;
  private found: FoundReport[] = [];

  push(bytes: Uint8Array): readonly FoundReport[] {
    this.rows.push(bytes);
    return this.found.splice(0);
  }

  finish(): ReadingEnd {
    this.rows.finish();
    return { reports: this.found.splice(0), account: this.account.close('event_table') };
  }

  private row(row: CsvRow | null): void {
    if (row === null) this.account.setAside('blank');
    else if (this.columns === null) {
      this.columns = row.cells.map((cell) => cell.trim().toLowerCase());
      this.account.setAside('routine');
    } else this.event(row, this.columns);
  }

  private event({ line, cells }: CsvRow, columns: readonly string[]): void {
    const cell = (column: Column) => {
      const name = COLUMNS[column].find((one) => columns.includes(one));
      return name === undefined ? '' : detach((cells[columns.indexOf(name)] ?? '').trim());
    };
    const [provider, eventId] = [cell('provider'), cell('eventId')];
    if (provider === '' || !/^\d{1,5}$/.test(eventId)) {
      this.account.notUnderstood();
      return;
    }
    const event = windowsEventOf({
      provider,
      eventId: Number(eventId),
      channel: cell('channel'),
      computer: cell('computer'),
      timeText: cell('time'),
      message: cell('message'),
    });
    const found = takeEvent(this.account, event);
    if (found !== null) this.found.push({ line, ...found });
  }
}
