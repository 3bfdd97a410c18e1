import { detach, LineSplitter } from '../line-splitter.js';
import { AccountKeeper } from '../reading-account.js';
import type { FoundReport, ReadingEnd, SourceReader } from '../source-reader.js';
import { takeEvent } from '../take-event.js';
import { windowsEventOf } from './event-viewer-rows.js';
import type { ViewerEvent } from './event-viewer-rows.js';

/** Properties of EventLogRecord and EventLogEntry, lower case; all else before a colon is text of a value. */
const PROPERTIES: ReadonlySet<string> = new Set(
  `message id version qualifiers level task opcode keywords recordid providername providerid logname processid threadid
  machinename userid timecreated activityid relatedactivityid containerlog matchedqueryids bookmark leveldisplayname
  opcodedisplayname taskdisplayname keywordsdisplaynames properties eventid index entrytype instanceid category
  categorynumber source replacementstrings timegenerated timewritten username data site container pscomputername`.split(
    /\s+/,
  ),
);
/** `Name   : value`, the names padded to one width. */
const LABELLED = /^([A-Za-z]{2,24})\s{1,24}:(?: (.*))?$/;
/** Above each table of Format-Table. */
const GROUP = /^\s{0,8}ProviderName: (\S{1,128})\s*$/;
const TABLE_HEAD = /^TimeCreated\s+Id\s+LevelDisplayName\s+Message\s*$/;
const RULE = /^-[- ]{3,}$/;
/** Groups: time, number, message; the level between them is a word of the machine's language. */
const TABLE_ROW = /^(\S[^\n]{5,40}?:\d\d(?: [^\d\s]{1,6})?)\s+(\d{1,5})\s+[^\d\s]{1,40}\s+(\S.*)$/;
const LONGEST_VALUE = 16_384;

interface OpenEvent {
  readonly line: number;
  readonly values: Map<string, string>;
  last: string;
}

/** Whether a line is of what Get-WinEvent shows: as a list, or as its own table. */
export const isEventListLine = (line: string): boolean =>
  GROUP.test(line) || /^(?:TimeCreated|ProviderName|TimeGenerated)\s{1,24}: \S/.test(line);

/**
 * What Get-WinEvent or Get-EventLog show as text: `Format-List` (with the properties that were selected) and the table
 * that stands for it by default, whose messages are cut at the console's edge. An event and the lines of its message are
 * one record. Times are local without a zone and stay text.
 */
export class EventListReader implements SourceReader {
  private readonly lines = new LineSplitter((line) => {
    this.line(line);
  });
  private readonly account = new AccountKeeper();
  private found: FoundReport[] = [];
  private open: OpenEvent | null = null;
  private group = '';
  private lineNumber = 0;

  push(bytes: Uint8Array): readonly FoundReport[] {
    this.lines.push(bytes);
    return this.found.splice(0);
  }

  finish(): ReadingEnd {
    this.lines.finish();
    this.close();
    return { reports: this.found.splice(0), account: this.account.close('event_list') };
  }

  private line(line: string): void {
    this.lineNumber++;
    const labelled = LABELLED.exec(line);
    const label = labelled?.[1]?.toLowerCase() ?? '';
    if (PROPERTIES.has(label)) this.property(label, labelled?.[2] ?? '');
    else if (GROUP.test(line)) {
      this.close();
      this.group = detach(GROUP.exec(line)?.[1] ?? '');
      this.account.setAside('routine');
    } else if (this.group !== '' && (TABLE_HEAD.test(line) || RULE.test(line)))
      this.account.setAside('routine');
    else if (this.group !== '' && this.open === null && TABLE_ROW.test(line)) this.tableRow(line);
    else if (this.open !== null) this.continuation(this.open, line);
    else if (line.trim() === '') this.account.setAside('blank');
    else this.account.notUnderstood();
  }

  /** A property that the open event has already begins the next one. */
  private property(name: string, value: string): void {
    if (this.open?.values.has(name)) this.close();
    this.open ??= { line: this.lineNumber, values: new Map(), last: '' };
    this.open.values.set(name, detach(value.slice(0, LONGEST_VALUE)));
    this.open.last = name;
  }

  private continuation({ values, last }: OpenEvent, line: string): void {
    const value = values.get(last) ?? '';
    if (value.length < LONGEST_VALUE) values.set(last, `${value} ${detach(line.trim())}`);
  }

  private tableRow(line: string): void {
    const [, timeText = '', eventId = '', message = ''] = TABLE_ROW.exec(line) ?? [];
    this.event(this.lineNumber, {
      provider: this.group,
      eventId: Number(eventId),
      channel: '',
      computer: '',
      timeText: detach(timeText),
      message: detach(message),
    });
  }

  private close(): void {
    const { open } = this;
    if (open === null) return;
    this.open = null;
    const value = (...names: readonly string[]) =>
      names.map((name) => (open.values.get(name) ?? '').trim()).find((text) => text !== '') ?? '';
    const [provider, eventId] = [value('providername', 'source'), value('id', 'eventid')];
    if (provider === '' || !/^\d{1,5}$/.test(eventId)) {
      this.account.notUnderstood();
      return;
    }
    this.event(open.line, {
      provider,
      eventId: Number(eventId),
      channel: value('logname', 'containerlog'),
      computer: value('machinename', 'pscomputername'),
      timeText: value('timecreated', 'timegenerated', 'timewritten'),
      message: value('message'),
    });
  }

  private event(line: number, viewer: ViewerEvent): void {
    const event = windowsEventOf(viewer);
    const found = takeEvent(this.account, event);
    if (found !== null) this.found.push({ line, ...found });
  }
}
