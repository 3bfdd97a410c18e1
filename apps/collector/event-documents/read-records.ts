import { eventsInDocument } from '#sources/event-documents/read-event-documents.js';
import { isTree } from '#sources/event-documents/tree.js';
import type { Tree } from '#sources/event-documents/tree.js';
import { missingFacts } from '#domain/required-facts.js';
import { readWindowsEvent } from '#sources/windows-event.js';
import type { WindowsEvent } from '#sources/windows-event.js';
import type { RecordReading } from './event-intake.js';

/** One event of a document → what is to be done with it. A failure that names no update can be counted nowhere. */
function readEvent(event: WindowsEvent | null): RecordReading {
  if (event === null) return { kind: 'refused', why: 'this is no Windows event in a form that is known' };
  const reading = readWindowsEvent(event);
  if (reading.kind === 'aside') return { kind: 'aside' };
  const { report } = reading;
  const [missing] = missingFacts(report);
  return missing === undefined ? { kind: 'report', report } : { kind: 'refused', why: missing.message };
}

/** The records of one document: one, or as many as an OTLP export has. */
export const readDocument = (document: Tree): RecordReading[] => eventsInDocument(document).map(readEvent);

const NO_OBJECT: RecordReading = { kind: 'refused', why: 'the line is no JSON object' };

/** An action of a `_bulk` request: its name, the index it asks for, and its document. */
export interface BulkAction {
  readonly action: string;
  readonly index: string;
  readonly reading: RecordReading;
}

/** The actions of a `_bulk` body: a line that names the action, then a line with the document, unless it is a deletion. */
export function readBulk(text: string): BulkAction[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const actions: BulkAction[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const [action = '', target] = Object.entries(objectIn(lines[at] ?? '') ?? {})[0] ?? [];
    const index = isTree(target) && typeof target['_index'] === 'string' ? target['_index'] : '';
    if (!/^(?:create|index|update|delete)$/.test(action)) {
      actions.push({
        action: 'index',
        index,
        reading: { kind: 'refused', why: 'this line names no action' },
      });
    } else if (action === 'create' || action === 'index') {
      at += 1;
      const document = objectIn(lines[at] ?? '');
      actions.push({
        action,
        index,
        reading: document === null ? NO_OBJECT : (readDocument(document)[0] ?? NO_OBJECT),
      });
    } else {
      if (action === 'update') at += 1;
      actions.push({ action, index, reading: { kind: 'refused', why: 'events are only added here' } });
    }
  }
  return actions;
}

function objectIn(line: string): Tree | null {
  try {
    const value: unknown = JSON.parse(line);
    return isTree(value) ? value : null;
  } catch {
    return null;
  }
}
