import { isTree } from './tree.js';
import type { Tree } from './tree.js';

/** A log record of an OTLP export with its values unwrapped; `body` is what the receiver made of one event. */
export interface OtlpRecord {
  readonly body: unknown;
  readonly attributes: Tree;
  readonly timeUnixNano: unknown;
}

const MOST_DEPTH = 32;

/** Whether a document is an OTLP export of logs. */
export const isOtlpExport = (document: Tree): boolean =>
  Array.isArray(document['resourceLogs']) || Array.isArray(document['resource_logs']);

/** The log records of an OTLP/JSON export (`ExportLogsServiceRequest`), in order. Parts that are no records are passed over. */
export function* otlpRecords(document: Tree): Generator<OtlpRecord> {
  for (const resource of listOf(document['resourceLogs'] ?? document['resource_logs'])) {
    for (const scope of listOf(resource['scopeLogs'] ?? resource['scope_logs'])) {
      for (const record of listOf(scope['logRecords'] ?? scope['log_records'])) {
        yield {
          body: plainValue(record['body']),
          attributes: plainMembers(record['attributes']),
          timeUnixNano: record['timeUnixNano'] ?? record['time_unix_nano'],
        };
      }
    }
  }
}

function* listOf(value: unknown): Generator<Tree> {
  if (!Array.isArray(value)) return;
  for (const item of value as readonly unknown[]) if (isTree(item)) yield item;
}

/** An `AnyValue` as plain JSON. */
function plainValue(value: unknown, depth = 0): unknown {
  if (!isTree(value) || depth > MOST_DEPTH) return undefined;
  const list = value['arrayValue'];
  if (isTree(list)) {
    const items = list['values'];
    return Array.isArray(items) ? items.map((item) => plainValue(item, depth + 1)) : [];
  }
  const map = value['kvlistValue'];
  if (isTree(map)) return plainMembers(map['values'], depth + 1);
  return value['stringValue'] ?? value['intValue'] ?? value['doubleValue'] ?? value['boolValue'];
}

function plainMembers(list: unknown, depth = 0): Tree {
  const members: [string, unknown][] = [];
  for (const member of listOf(list)) {
    if (typeof member['key'] === 'string')
      members.push([member['key'], plainValue(member['value'], depth + 1)]);
  }
  return Object.fromEntries(members);
}
