import { detach, LineSplitter } from '../line-splitter.js';
import { AccountKeeper } from '../reading-account.js';
import type { OffsetStretch } from '../reading-account.js';
import type { FoundReport, ReadingEnd, SourceReader } from '../source-reader.js';
import { HandlerInstalls } from './handler-installs.js';
import { reportEvent } from './report-event.js';
import { withoutMarks } from './without-marks.js';

const MARK = 'REPORT EVENT: ';
/** Consoles are at least so wide: a shorter line was not cut. */
const NARROWEST_CONSOLE = 79;
const LONGEST_ROW = 16_384;

/** A REPORT EVENT row, which a console may have cut into several lines. */
interface OpenRow {
  readonly line: number;
  text: string;
  lineCount: number;
  lastLength: number;
}

/**
 * WindowsUpdate.log of Windows 7 to Server 2012 R2 (log-formats.md §3): tabs, local time, the zone printed at each start
 * of the logging. REPORT EVENT rows are results, each with its own zone; where they are missing, the handler's own lines.
 */
export class LegacyUpdateLogReader implements SourceReader {
  private readonly lines = new LineSplitter((line) => {
    this.line(line);
  });
  private readonly account = new AccountKeeper();
  private readonly zones: { utcOffset: string; from: string; to: string }[] = [];
  private readonly installs = new HandlerInstalls();
  private readonly toldKbs = new Set<string>();
  private found: FoundReport[] = [];
  private row: OpenRow | null = null;
  private lineNumber = 0;
  private lastSecond = '';

  push(bytes: Uint8Array): readonly FoundReport[] {
    this.lines.push(bytes);
    return this.found.splice(0);
  }

  finish(): ReadingEnd {
    this.lines.finish();
    this.closeRow();
    for (const install of this.installs.finish(this.toldKbs)) {
      this.account.report();
      this.found.push(install);
    }
    const offsets: OffsetStretch[] = this.zones;
    return {
      reports: this.found.splice(0),
      account: this.account.close('windows_update_log_legacy', offsets),
    };
  }

  private line(written: string): void {
    this.lineNumber++;
    const line = withoutMarks(written);
    const pasted = isStamped(line) ? null : PASTED.exec(line);
    if (pasted === null && !isStamped(line)) {
      if (this.continuesRow(written)) return;
      this.closeRow();
      if (line.trim() === '') this.account.setAside('blank');
      else this.account.notUnderstood();
      return;
    }
    this.closeRow();
    const second = pasted === null ? line.slice(0, 19) : `${pasted[1] ?? ''} ${pasted[2] ?? ''}`;
    if (second !== this.lastSecond) {
      this.lastSecond = second;
      this.account.covers(`${second.slice(0, 10)}T${second.slice(11)}`);
    }
    const at = line.indexOf(MARK);
    if (at !== -1)
      this.row = {
        line: this.lineNumber,
        text: line.slice(at + MARK.length),
        lineCount: 1,
        lastLength: line.length,
      };
    else if (line.includes('CBS ') && this.installs.take(line, this.lineNumber, stampOf(line)))
      this.account.understood();
    else {
      if (line.includes('Logging initialized')) this.zone(line, second.replace('\t', ' '));
      this.account.setAside('routine');
    }
  }

  /** Takes the rest of a row that the line before it left unfinished at the edge of a console. */
  private continuesRow(line: string): boolean {
    const { row } = this;
    if (row === null || line.trim() === '' || row.lastLength < NARROWEST_CONSOLE) return false;
    if (row.text.length < LONGEST_ROW) row.text += line;
    row.lineCount++;
    row.lastLength = line.length;
    return true;
  }

  private zone(line: string, at: string): void {
    const found = /tz: ([+-]\d{2})(\d{2})\)/.exec(line);
    if (!found) return;
    const utcOffset = `${found[1] ?? ''}:${found[2] ?? ''}`;
    const run = this.zones.at(-1);
    if (run?.utcOffset === utcOffset) run.to = detach(at);
    else this.zones.push({ utcOffset: detach(utcOffset), from: detach(at), to: detach(at) });
  }

  private closeRow(): void {
    const { row } = this;
    if (row === null) return;
    this.row = null;
    const report = reportEvent(detach(row.text));
    if (report === null) this.account.notUnderstood(row.lineCount);
    else if (typeof report === 'string') this.account.setAside(report, row.lineCount);
    else {
      this.account.understood(row.lineCount);
      this.account.report();
      if (report.targetKb !== undefined && report.outcome !== 'unknown') this.toldKbs.add(report.targetKb);
      this.found.push({ line: row.line, report });
    }
  }
}

const stampOf = (line: string): string => line.slice(0, 23).replace('\t', ' ');

/** `YYYY-MM-DD TAB HH:MM:SS:mmm TAB`, by the places of its signs. */
function isStamped(line: string): boolean {
  return (
    line.charCodeAt(4) === 45 &&
    line.charCodeAt(7) === 45 &&
    line.charCodeAt(10) === 9 &&
    line.charCodeAt(13) === 58 &&
    line.charCodeAt(16) === 58 &&
    line.charCodeAt(19) === 58 &&
    line.charCodeAt(23) === 9
  );
}

/** The same in a pasted copy, which has blanks for tabs. Groups: date, clock. */
const PASTED = /^(\d{4}-\d{2}-\d{2})[ \t]+(\d{2}:\d{2}:\d{2}):\d{3}[ \t]/;
