import type { WindowsEvent } from '../windows-event.js';
import { fieldsOf, namesOfInserts } from './event-fields.js';
import { eventInstant } from './event-instant.js';
import { messageFields } from './message-fields.js';
import { countOf, isTree, textAt, textOf, treeAt, valueAt } from './tree.js';
import type { Tree } from './tree.js';

/** What a shipper's document says of its event, before it is checked. */
interface Found {
  readonly provider: string | undefined;
  readonly eventId: unknown;
  readonly channel: string | undefined;
  readonly recordId: unknown;
  readonly time: string | undefined;
  readonly computer: string | undefined;
  readonly message: string | undefined;
  readonly fields: Map<string, string>;
}

/**
 * The Windows event in one document of a shipper: Winlogbeat 6, 7 and 8 (also as exported from Elasticsearch), Datadog,
 * Fluent Bit (winlog, winevtlog), the body of an OpenTelemetry `windowseventlog` record (also as Sumo writes it), what
 * EvtxECmd and evtx_dump make of a file, and `ConvertTo-Json` of what Get-WinEvent and Get-EventLog give. The device is the event's own computer, never the host that forwards it. Null = the document holds no Windows event.
 * @param recordTime UTC instant of the record around the document, for events that say no time themselves
 */
export function eventOfDocument(document: Tree, recordTime: string | null = null): WindowsEvent | null {
  const found = find(document);
  if (found === null) return null;
  const eventId = countOf(found.eventId);
  const timeCreated = eventInstant(found.time ?? '') ?? recordTime;
  if (found.provider === undefined || eventId === undefined || timeCreated === null) return null;
  const data = found.fields;
  if (found.message !== undefined) {
    for (const [name, value] of messageFields(found.provider, eventId, found.message))
      if (!hasField(data, name)) data.set(name, value);
  }
  return {
    provider: found.provider,
    eventId,
    channel: found.channel ?? '',
    recordId: countOf(found.recordId) ?? null,
    timeCreated,
    computer: found.computer ?? '',
    data,
  };
}

/** Shippers differ in case; an empty field is as good as none. */
function hasField(data: ReadonlyMap<string, string>, name: string): boolean {
  const lower = name.toLowerCase();
  for (const [key, value] of data) {
    // The number of a state and its name are two fields for one fact.
    if (value !== '' && (key.toLowerCase() === lower || key.toLowerCase() === `${lower}textized`))
      return true;
  }
  return false;
}

function find(document: Tree): Found | null {
  const source = document['_source'];
  if (isTree(source)) return find(source);
  if (isTree(document['Event'])) return ofDatadog(document['Event']);
  if (valueAt(document, 'winlog.event_id') !== undefined) return ofWinlogbeat(document);
  if (document['event_id'] !== undefined && document['computer_name'] !== undefined)
    return ofWinlogbeat6(document);
  if (document['Provider'] !== undefined && document['EventId'] !== undefined) return ofEvtxCommand(document);
  if (isOfPowerShell(document)) return ofPowerShell(document);
  if (document['EventID'] !== undefined && (document['ProviderName'] ?? document['SourceName']) !== undefined)
    return ofFluentBit(document);
  if (document['event_id'] !== undefined && document['provider'] !== undefined)
    return ofOpenTelemetry(document);
  const inner = document['body'] ?? document['Body'] ?? document['attributes'];
  return isTree(inner) ? find(inner) : null;
}

const merged = (...maps: readonly Map<string, string>[]): Map<string, string> =>
  new Map(maps.flatMap((map) => [...map]));

function ofWinlogbeat(document: Tree): Found {
  return {
    provider: textAt(document, 'winlog.provider_name', 'event.provider'),
    eventId: valueAt(document, 'winlog.event_id'),
    channel: textAt(document, 'winlog.channel'),
    recordId: valueAt(document, 'winlog.record_id'),
    time: textAt(document, 'winlog.time_created', '@timestamp'),
    computer: textAt(document, 'winlog.computer_name'),
    message: textAt(document, 'message', 'event.original'),
    fields: merged(
      fieldsOf(valueAt(document, 'winlog.event_data') ?? flatFields(document, 'winlog.event_data.')),
      fieldsOf(valueAt(document, 'winlog.user_data') ?? flatFields(document, 'winlog.user_data.')),
    ),
  };
}

/** Members whose whole path is their name (`winlog.event_data.errorCode`). */
const flatFields = (document: Tree, start: string): Tree =>
  Object.fromEntries(
    Object.entries(document)
      .filter(([name]) => name.startsWith(start))
      .map(([name, value]) => [name.slice(start.length), value]),
  );

function ofWinlogbeat6(document: Tree): Found {
  return {
    provider: textAt(document, 'source_name'),
    eventId: document['event_id'],
    channel: textAt(document, 'log_name'),
    recordId: document['record_number'],
    time: textAt(document, '@timestamp'),
    computer: textAt(document, 'computer_name'),
    message: textAt(document, 'message'),
    fields: merged(fieldsOf(document['event_data']), fieldsOf(document['user_data'])),
  };
}

function ofDatadog(event: Tree): Found {
  const system = treeAt(event, 'System');
  const id = system['EventID'];
  return {
    provider: textAt(system, 'Provider.Name', 'Provider.@Name', 'Provider.#attributes.Name'),
    eventId: isTree(id) ? (id['value'] ?? id['#text']) : id,
    channel: textAt(system, 'Channel'),
    recordId: system['EventRecordID'],
    time: textAt(
      system,
      'TimeCreated.SystemTime',
      'TimeCreated.@SystemTime',
      'TimeCreated.#attributes.SystemTime',
    ),
    computer: textAt(system, 'Computer'),
    message: textAt(event, 'RenderingInfo.Message'),
    fields: merged(fieldsOf(event['EventData']), fieldsOf(event['UserData'])),
  };
}

function ofFluentBit(document: Tree): Found {
  const provider = textAt(document, 'ProviderName', 'SourceName');
  const inserts = document['StringInserts'];
  const texts = Array.isArray(inserts) ? inserts.map((insert) => textOf(insert) ?? '') : [];
  return {
    provider,
    eventId: document['EventID'],
    channel: textAt(document, 'Channel'),
    recordId: document['EventRecordID'] ?? document['RecordNumber'],
    time: textAt(document, 'TimeCreated', 'TimeGenerated'),
    computer: textAt(document, 'Computer', 'ComputerName'),
    message: textAt(document, 'Message'),
    fields: namesOfInserts(provider ?? '', countOf(document['EventID']) ?? 0, texts),
  };
}

function ofEvtxCommand(document: Tree): Found {
  const payload = treeAt(document, 'Payload');
  return {
    provider: textAt(document, 'Provider'),
    eventId: document['EventId'],
    channel: textAt(document, 'Channel'),
    recordId: document['EventRecordId'] ?? document['RecordNumber'],
    time: textAt(document, 'TimeCreated'),
    computer: textAt(document, 'Computer'),
    message: undefined,
    fields: merged(fieldsOf(payload['EventData']), fieldsOf(payload['UserData'])),
  };
}

/** Names that EventLogRecord (Get-WinEvent) and EventLogEntry (Get-EventLog) alone have. */
const isOfPowerShell = (document: Tree): boolean =>
  (document['Id'] !== undefined && document['ProviderName'] !== undefined) ||
  (document['EventID'] !== undefined && document['Source'] !== undefined);

function ofPowerShell(document: Tree): Found {
  const provider = textAt(document, 'ProviderName', 'Source');
  const eventId = document['Id'] ?? document['EventID'];
  const properties = document['Properties'] ?? document['ReplacementStrings'];
  const texts = Array.isArray(properties)
    ? properties.map((one: unknown) => textOf(isTree(one) ? one['Value'] : one) ?? '')
    : [];
  return {
    provider,
    eventId,
    channel: textAt(document, 'LogName', 'ContainerLog'),
    recordId: document['RecordId'] ?? document['Index'],
    // PowerShell 5 wraps a date whose way of display was chosen.
    time: textAt(document, 'TimeCreated', 'TimeCreated.value', 'TimeGenerated', 'TimeGenerated.value'),
    computer: textAt(document, 'MachineName', 'PSComputerName'),
    message: textAt(document, 'Message'),
    fields: namesOfInserts(provider ?? '', countOf(eventId) ?? 0, texts),
  };
}

function ofOpenTelemetry(body: Tree): Found {
  const id = body['event_id'];
  const isNumbered = isTree(id) || (typeof id === 'string' && id.startsWith('{'));
  const data = body['event_data'];
  return {
    provider: textAt(treeAt(body, 'provider'), 'name') ?? textAt(body, 'provider.name'),
    eventId: isNumbered ? treeAt(body, 'event_id')['id'] : id,
    channel: textAt(body, 'channel'),
    recordId: body['record_id'],
    time: textAt(body, 'system_time'),
    computer: textAt(body, 'computer'),
    message: textAt(body, 'message'),
    fields: merged(
      fieldsOf(isTree(data) && 'data' in data ? data['data'] : data),
      fieldsOf(body['user_data']),
    ),
  };
}
