import { isUtf8 } from 'node:buffer';
import { NotProtobuf, readOtlpProtobuf } from '#sources/event-documents/otlp-protobuf.js';
import { isTree } from '#sources/event-documents/tree.js';
import type { Tree } from '#sources/event-documents/tree.js';
import type { RecordReading } from '../event-documents/event-intake.js';
import { readDocument } from '../event-documents/read-records.js';

/**
 * The records of a message that a log shipper wrote to a topic of its own: a document of Winlogbeat, an OpenTelemetry
 * export as JSON or protobuf, an event as XML; or a list of documents. null = it is nothing of these.
 */
export function readRawMessage(value: Buffer): readonly RecordReading[] | null {
  const documents = documentsIn(value);
  if (documents === null) return null;
  return documents.flatMap((document) =>
    isTree(document) ? readDocument(document) : [{ kind: 'refused', why: 'the document is no JSON object' }],
  );
}

function documentsIn(value: Buffer): readonly unknown[] | null {
  if (isUtf8(value)) {
    const text = value.toString('utf8').trim();
    if (text.startsWith('<')) return [exportOf(text)];
    const json = jsonIn(text);
    if (json !== undefined) return Array.isArray(json) ? (json as unknown[]) : [json];
  }
  return protobufIn(value);
}

/** undefined = no JSON that could hold documents. */
function jsonIn(text: string): unknown {
  if (!/^[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An export begins with the tag of its one field; every other first byte means that it is something else. */
function protobufIn(value: Buffer): readonly Tree[] | null {
  if (value[0] !== 0x0a) return null;
  try {
    return [readOtlpProtobuf(value)];
  } catch (error) {
    if (error instanceof NotProtobuf) return null;
    throw error;
  }
}

/** A raw event is what the receiver hands on as the body of a record. */
const exportOf = (xml: string): Tree => ({
  resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: xml } }] }] }],
});
