import { SaxesParser } from 'saxes';
import { AccountKeeper } from '../reading-account.js';
import type { FoundReport, ReadingEnd, SourceReader } from '../source-reader.js';
import { TextPieces } from '../text-pieces.js';
import { takeEvent } from '../take-event.js';
import { instantOf } from '../windows-event.js';
import type { WindowsEvent } from '../windows-event.js';
import { EventElements } from './event-elements.js';

const LONGEST_EVENT = 1 << 20;

/**
 * Events as XML: `wevtutil qe /f:xml` (no root element, often one line), evtxexport, Event Viewer's export with a root.
 * Each `<Event …>…</Event>` is parsed by itself, so a damaged one costs no other. Records are counted as events.
 */
export class EventXmlReader implements SourceReader {
  private readonly pieces = new TextPieces((text) => {
    this.text(text);
  });
  private readonly account = new AccountKeeper();
  private found: FoundReport[] = [];
  private pending = '';

  push(bytes: Uint8Array): readonly FoundReport[] {
    this.pieces.push(bytes);
    return this.found.splice(0);
  }

  finish(): ReadingEnd {
    this.pieces.finish();
    if (/<(?:\w{1,16}:)?Event[\s>]/.test(this.pending)) this.account.notUnderstood();
    return { reports: this.found.splice(0), account: this.account.close('event_xml') };
  }

  private text(text: string): void {
    this.pending += text;
    for (;;) {
      const start = /<Event[\s>]/.exec(this.pending);
      if (start === null) {
        this.pending = this.pending.slice(-8);
        return;
      }
      const from = start.index;
      const end = this.pending.indexOf('</Event>', from);
      if (end === -1) {
        this.pending = this.pending.slice(from);
        if (this.pending.length > LONGEST_EVENT) {
          this.account.notUnderstood();
          this.pending = this.pending.slice(6);
          continue;
        }
        return;
      }
      this.events(this.pending.slice(from, end + 8));
      this.pending = this.pending.slice(end + 8);
    }
  }

  /** An event without its end swallows the next one's: then the last start is the one that ends here. */
  private events(xml: string): void {
    const last = Math.max(xml.lastIndexOf('<Event '), xml.lastIndexOf('<Event>'), 0);
    if (last > 0) this.account.notUnderstood();
    this.event(xml.slice(last));
  }

  private event(xml: string): void {
    const event = readEventXml(xml);
    const found = takeEvent(this.account, event);
    if (found !== null) this.found.push(found);
  }
}

/** One `<Event …>…</Event>`; null when it is no XML or lacks provider, number or a UTC time. */
export function readEventXml(xml: string): WindowsEvent | null {
  const elements = new EventElements();
  const parser = new SaxesParser();
  try {
    parser.on('opentag', ({ name, attributes }) => {
      elements.open(name, attributes);
    });
    parser.on('text', (text) => {
      elements.text(text);
    });
    parser.on('cdata', (text) => {
      elements.text(text);
    });
    parser.on('closetag', () => {
      elements.close();
    });
    parser.write(xml).close();
  } catch {
    return null;
  }
  return elements.event(instantOf);
}
