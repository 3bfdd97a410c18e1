import { detach, LineSplitter } from '../line-splitter.js';
import { readEventXml } from '../event-xml/read-event-xml.js';
import { AccountKeeper } from '../reading-account.js';
import type { FoundReport, ReadingEnd, SourceReader } from '../source-reader.js';
import { takeEvent } from '../take-event.js';
import type { WindowsEvent } from '../windows-event.js';
import {
  beginsCopied,
  copiedEvent,
  copiedXml,
  isViewerHead,
  viewerRow,
  windowsEventOf,
} from './event-viewer-rows.js';
import type { ViewerEvent } from './event-viewer-rows.js';

const MOST_LINES = 200;
/** What `wevtutil` prints above each event. */
const NUMBERED = /^Event\[\d{1,10}\]:?\s*$/;

type Open =
  | { readonly kind: 'row'; readonly line: number; readonly event: ViewerEvent; lineCount: number }
  | { readonly kind: 'copied'; readonly line: number; readonly lines: string[] };

/**
 * Text of the Event Viewer: "Save as" with tabs or commas, "Copy details as text" (in any language; its XML counts where it is there), rows as printed
 * in articles. An event and the lines of its description are one record. Times are local without a zone and stay text.
 */
export class EventViewerTextReader implements SourceReader {
  private readonly lines = new LineSplitter((line) => {
    this.line(line);
  });
  private readonly account = new AccountKeeper();
  private found: FoundReport[] = [];
  private open: Open | null = null;
  private lineNumber = 0;

  push(bytes: Uint8Array): readonly FoundReport[] {
    this.lines.push(bytes);
    return this.found.splice(0);
  }

  finish(): ReadingEnd {
    this.lines.finish();
    this.close();
    return { reports: this.found.splice(0), account: this.account.close('event_viewer_text') };
  }

  private line(line: string): void {
    this.lineNumber++;
    if (NUMBERED.test(line)) {
      this.close();
      this.account.setAside('routine');
      return;
    }
    if (beginsCopied(line)) {
      this.close();
      this.open = { kind: 'copied', line: this.lineNumber, lines: [detach(line)] };
      return;
    }
    const row = viewerRow(line);
    if (row !== null) {
      this.close();
      this.open = { kind: 'row', line: this.lineNumber, event: row, lineCount: 0 };
    } else if (isViewerHead(line)) {
      this.close();
      this.account.setAside('routine');
    } else this.continuation(line);
  }

  private continuation(line: string): void {
    const { open } = this;
    if (open === null) {
      if (line.trim() === '') this.account.setAside('blank');
      // The head of a table in another language: only names.
      else if (this.lineNumber === 1 && /^[^\d\t,]+(?:[\t,][^\d\t,]+){3,6}$/.test(line))
        this.account.setAside('routine');
      else this.account.notUnderstood();
    } else if (open.kind === 'copied') {
      if (open.lines.length < MOST_LINES) open.lines.push(detach(line));
    } else if (open.lineCount++ < MOST_LINES) open.event.message += `\n${line}`;
  }

  private close(): void {
    const { open } = this;
    if (open === null) return;
    this.open = null;
    const event = eventOf(open);
    const found = takeEvent(this.account, event);
    if (found !== null) this.found.push({ line: open.line, ...found });
  }
}

function eventOf(open: Open): WindowsEvent | null {
  if (open.kind === 'row') return windowsEventOf(open.event);
  const xml = copiedXml(open.lines);
  const exact = xml === null ? null : readEventXml(xml);
  const viewer = exact === null ? copiedEvent(open.lines) : null;
  return viewer === null ? exact : windowsEventOf(viewer);
}
