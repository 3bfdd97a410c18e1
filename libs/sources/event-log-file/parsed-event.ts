import type { ParsedRecord } from 'winevtx';
import type { WindowsEvent } from '../windows-event.js';
import { fileTimeToIso } from './chunk.js';

type Tree = Readonly<Record<string, unknown>>;

const tree = (value: unknown): Tree => (typeof value === 'object' && value !== null ? (value as Tree) : {});

/** Text of a value as winevtx gives it: numbers, strings, `{Value}` nodes, lists. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value);
  const inner = tree(value)['Value'];
  return inner === undefined || inner === value ? undefined : textOf(inner);
}

const EPOCH_SECONDS = 11_644_473_600;

/** The exact time of an event: its own, or the record's where the two are the same up to winevtx' rounding. */
function timeOf(created: unknown, fileTime: bigint | undefined): string | null {
  const seconds = typeof created === 'number' ? created : Number.NaN;
  if (fileTime !== undefined) {
    const recordSeconds = Number(fileTime) / 1e7 - EPOCH_SECONDS;
    if (Number.isNaN(seconds) || Math.abs(recordSeconds - seconds) < 0.0001) return fileTimeToIso(fileTime);
  }
  if (Number.isNaN(seconds) || Math.abs(seconds) > 250_000_000_000) return null;
  return new Date(Math.floor(seconds * 1_000)).toISOString();
}

/** A parsed record in the common form; null when it has no provider, number or time. */
export function eventOf(record: ParsedRecord, fileTime: bigint | undefined): WindowsEvent | null {
  const event = tree(tree(record.event)['Event']);
  const system = tree(event['System']);
  const provider = textOf(tree(system['Provider'])['Name']);
  const eventId = Number(textOf(system['EventID']));
  const timeCreated = timeOf(tree(system['TimeCreated'])['SystemTime'], fileTime);
  if (provider === undefined || !Number.isInteger(eventId) || timeCreated === null) return null;
  const ownId = Number(textOf(system['EventRecordID']));
  return {
    provider,
    eventId,
    channel: textOf(system['Channel']) ?? '',
    recordId: Number.isSafeInteger(ownId) && ownId >= 0 ? ownId : record.recordID,
    timeCreated,
    computer: textOf(system['Computer']) ?? '',
    data: new Map([...fieldsOf(event['EventData']), ...userFields(event['UserData'])]),
  };
}

function* fieldsOf(value: unknown): Generator<[string, string]> {
  for (const [name, content] of Object.entries(tree(value))) {
    const text = textOf(content);
    if (text !== undefined) yield [name, text];
  }
}

/** UserData holds one element of the provider's own, which holds the fields. */
function* userFields(value: unknown): Generator<[string, string]> {
  for (const content of Object.values(tree(value))) yield* fieldsOf(content);
}
