import type { WantedReports } from '../../attempt-store.js';
import { inlineTable, quote } from '../inline-table.js';
import { REPORT_SELECT } from '../report-columns.js';
import type { reportFromRow } from '../report-columns.js';

export type StoredReportRow = Parameters<typeof reportFromRow>[0];

/** Every stored copy of the reports under these keys, at least one, but those that the asker has. */
export function storedReportsQuery(database: string, keys: readonly WantedReports[]): string {
  const wanted = inlineTable(
    { bank: 'String', kb_key: 'String', device_key: 'String' },
    keys.map((key) => [key.bank, key.kbKey, key.deviceKey]),
  );
  // Plain IN lists over the first key columns let the index skip parts; the tuple filter is exact.
  const banks = [...new Set(keys.map((key) => quote(key.bank)))].join(', ');
  const kbKeys = [...new Set(keys.map((key) => quote(key.kbKey)))].join(', ');
  return `SELECT ${REPORT_SELECT} FROM ${database}.reports
       PREWHERE bank IN (${banks}) AND kb_key IN (${kbKeys})
         AND (bank, kb_key, device_key) IN (SELECT bank, kb_key, device_key FROM ${wanted})${isUnknown(keys)}`;
}

/** Condition: none of those that the asker has. */
function isUnknown(keys: readonly WantedReports[]): string {
  const known = keys.flatMap((key) => key.known ?? []);
  if (known.length === 0) return '';
  const copies = inlineTable(
    { copy_hash: 'String', received_ms: 'Int64' },
    known.map((report) => [report.copyHash, report.receivedAtMs]),
  );
  return ` AND (copy_hash, toUnixTimestamp64Milli(received_at)) NOT IN (SELECT copy_hash, received_ms FROM ${copies})`;
}
