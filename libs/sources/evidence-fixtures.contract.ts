import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createReader, recogniseFormat } from './recognise.js';
import type { FoundReport, ReadingEnd, SourceReader } from './source-reader.js';

const folder = join(dirname(fileURLToPath(import.meta.url)), '../../test/fixtures/evidence');

/** Logs of our own, shaped like real ones, which every spec of the readers uses. */
export const EVIDENCE_FIXTURES = [
  'cbs-corrupt-folder.log',
  'cbs-rollback-over-two-starts.log',
  'cbs-sessions.log',
  'windows-update-decoded.log',
  'windows-update-legacy.log',
  'wevtutil-events.xml',
  'event-documents.ndjson',
  'event-viewer.txt',
  'get-packages.txt',
  'systeminfo.txt',
  'hotfixes.csv',
  'report-events.tsv',
  'powershell-events.csv',
  'powershell-events.txt',
  'wsus-updates.csv',
] as const;

export const fixtureBytes = (name: (typeof EVIDENCE_FIXTURES)[number]): Buffer =>
  readFileSync(join(folder, name));
export const fixtureText = (name: (typeof EVIDENCE_FIXTURES)[number]): string =>
  fixtureBytes(name).toString('utf8');

/** Reads bytes in pieces of `size` with the reader of their own kind, or the one given. */
export function readAll(bytes: Uint8Array, given: SourceReader | null = null, size = 65_536): ReadingEnd {
  const reader = given ?? createReader(recogniseFormat(bytes));
  if (reader === null) throw new Error('kind not recognised');
  const reports: FoundReport[] = [];
  for (let at = 0; at < bytes.length; at += size) reports.push(...reader.push(bytes.subarray(at, at + size)));
  const end = reader.finish();
  return { ...end, reports: [...reports, ...end.reports] };
}
