import { readEventXml } from '../event-xml/read-event-xml.js';
import { AccountKeeper } from '../reading-account.js';
import type { FoundReport, ReadingEnd, SourceReader } from '../source-reader.js';
import { takeEvent } from '../take-event.js';
import type { WindowsEvent } from '../windows-event.js';
import { nanosInstant } from './event-instant.js';
import { eventOfDocument } from './event-of-document.js';
import { JsonDocuments } from './json-documents.js';
import { isOtlpExport, otlpRecords } from './otlp-logs.js';
import type { OtlpRecord } from './otlp-logs.js';
import { isTree, parseTree } from './tree.js';
import type { Tree } from './tree.js';

/** What one document holds: its events, null where one could not be read. */
export function eventsInDocument(document: Tree): (WindowsEvent | null)[] {
  if (!isOtlpExport(document)) return [eventOfDocument(document)];
  return [...otlpRecords(document)].map(eventOfOtlp);
}

/** The receiver gives an event as a map, as its JSON text, or raw as XML. */
function eventOfOtlp({ body, attributes, timeUnixNano }: OtlpRecord): WindowsEvent | null {
  const recordTime = nanosInstant(timeUnixNano);
  if (typeof body === 'string') {
    return body.trimStart().startsWith('<')
      ? readEventXml(body)
      : eventOfDocument(parseTree(body), recordTime);
  }
  return eventOfDocument(isTree(body) ? body : attributes, recordTime);
}

/**
 * Event documents of log shippers as JSON: NDJSON, an array, or documents one behind the other; OTLP exports count each of
 * their log records. Which shipper wrote a document is seen from the document itself.
 */
export class EventDocumentReader implements SourceReader {
  private readonly account = new AccountKeeper();
  private found: FoundReport[] = [];
  private readonly documents = new JsonDocuments((text) => {
    this.take(text);
  });

  push(bytes: Uint8Array): readonly FoundReport[] {
    this.documents.push(bytes);
    return this.found.splice(0);
  }

  finish(): ReadingEnd {
    this.documents.finish();
    return { reports: this.found.splice(0), account: this.account.close('event_documents') };
  }

  private take(text: string | null): void {
    const document = text === null ? {} : parseTree(text);
    for (const event of eventsInDocument(document)) this.event(event);
  }

  private event(event: WindowsEvent | null): void {
    const found = takeEvent(this.account, event);
    if (found !== null) this.found.push(found);
  }
}
