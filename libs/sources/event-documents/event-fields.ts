import { isTree, textOf } from './tree.js';

/** How deep a shipper may nest the fields of one event. */
const DEEPEST = 4;

/**
 * The named fields of EventData or UserData in any form shippers give them: members of an object, a list of one-key maps
 * (OpenTelemetry), a list of `{Name, Value}` (converted XML), the element of the provider around them.
 */
export function fieldsOf(value: unknown): Map<string, string> {
  const fields = new Map<string, string>();
  collect(value, fields, 0);
  return fields;
}

function collect(value: unknown, fields: Map<string, string>, depth: number): void {
  if (depth > DEEPEST) return;
  if (Array.isArray(value)) {
    for (const item of value as readonly unknown[]) collect(item, fields, depth + 1);
    return;
  }
  if (typeof value === 'string' && /^\s*[{[]/.test(value) && depth === 0) {
    collect(parse(value), fields, 1);
    return;
  }
  if (!isTree(value)) return;
  const name = textOf(value['Name'] ?? value['name'] ?? value['@Name']);
  const content = textOf(value['#text'] ?? value['Value'] ?? value['value'] ?? value['_']);
  if (name !== undefined && content !== undefined) {
    fields.set(name, content);
    return;
  }
  for (const [key, member] of Object.entries(value)) {
    const text = textOf(member);
    if (text === undefined) collect(member, fields, depth + 1);
    else if (key !== 'xml_name') fields.set(key, text);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

const GUID = /^\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$/i;

/**
 * Names for fields that come by position only (StringInserts). Events of the update client are told apart by the form of
 * each value, because their number of fields differs between versions; those of servicing by their order.
 */
export function namesOfInserts(
  provider: string,
  eventId: number,
  inserts: readonly string[],
): Map<string, string> {
  return provider.toLowerCase() === 'microsoft-windows-servicing'
    ? servicingFields(eventId, inserts)
    : clientFields(inserts);
}

function clientFields(inserts: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  const free = (name: string) => !fields.has(name);
  for (const text of inserts) {
    if (GUID.test(text)) fields.set(free('updateGuid') ? 'updateGuid' : 'serviceGuid', text);
    else if (free('errorCode') && free('updateTitle') && /^(?:0x[0-9a-f]{1,8}|[1-4]\d{9})$/i.test(text))
      fields.set('errorCode', text);
    else if (/^\d{1,9}$/.test(text) && !free('updateGuid')) fields.set('updateRevisionNumber', text);
    else if (free('updateTitle')) fields.set('updateTitle', text);
  }
  return fields;
}

function servicingFields(eventId: number, inserts: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  const rest = [...inserts];
  const take = (name: string) => {
    const text = rest.shift();
    if (text !== undefined) fields.set(name, text);
  };
  /** Newer versions print the state's name behind its number. */
  const takeState = (name: string) => {
    const isNumber = /^\d+$/.test(rest[0] ?? '');
    take(name);
    if (isNumber && rest[0] !== undefined && !/^(?:0x[0-9a-f]+|\d+)$/i.test(rest[0])) take(`${name}Textized`);
  };
  take('PackageIdentifier');
  if (eventId === 1) takeState('InitialPackageState');
  if (eventId >= 1 && eventId <= 4) takeState('IntendedPackageState');
  if (eventId >= 2 && eventId <= 4) take('ErrorCode');
  take('Client');
  return fields;
}
