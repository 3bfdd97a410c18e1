import { detach, LineSplitter } from '../line-splitter.js';
import { AccountKeeper } from '../reading-account.js';
import type { FoundReport, ReadingEnd, SourceReader } from '../source-reader.js';
import { reportEvent } from './report-event.js';

const ROW = /^\{[0-9a-f-]{36}\}\t\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}:\d{3}[+-]\d{4}\t\d+\t\d+/i;

/** Whether a line is a row of ReportingEvents.log. */
export const isReportingEvent = (line: string): boolean => ROW.test(line);

/**
 * ReportingEvents.log, which every version of the update client keeps: the columns of the legacy log's REPORT EVENT lines
 * without its own, often in UTF-16; the event's number may be followed by its name (`182 [AGENT_INSTALLING_FAILED]`).
 */
export class ReportingEventsReader implements SourceReader {
  private readonly lines = new LineSplitter((line) => {
    this.line(line);
  });
  private readonly account = new AccountKeeper();
  private found: FoundReport[] = [];
  private lineNumber = 0;

  push(bytes: Uint8Array): readonly FoundReport[] {
    this.lines.push(bytes);
    return this.found.splice(0);
  }

  finish(): ReadingEnd {
    this.lines.finish();
    return { reports: this.found.splice(0), account: this.account.close('reporting_events') };
  }

  private line(line: string): void {
    this.lineNumber++;
    const report = isReportingEvent(line) ? reportEvent(detach(line)) : null;
    if (report === null) {
      if (line.trim() === '') this.account.setAside('blank');
      else this.account.notUnderstood();
    } else if (typeof report === 'string') this.account.setAside(report);
    else {
      this.account.understood();
      this.account.report();
      if (typeof report.occurredAt === 'string') this.account.covers(report.occurredAt);
      this.found.push({ line: this.lineNumber, report });
    }
  }
}
