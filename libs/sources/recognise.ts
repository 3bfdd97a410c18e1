import { isViewerLine } from './event-documents/event-viewer-rows.js';
import { EventListReader, isEventListLine } from './event-documents/read-event-list.js';
import { EventTableReader, isEventTableHead } from './event-documents/read-event-table.js';
import { EventDocumentReader } from './event-documents/read-event-documents.js';
import { EventViewerTextReader } from './event-documents/read-event-viewer-text.js';
import { EventLogFileReader } from './event-log-file/read-event-log-file.js';
import { EventXmlReader } from './event-xml/read-event-xml.js';
import { CbsLogReader } from './cbs-log/read-cbs-log.js';
import { isBareVerdict, readHeader } from './cbs-log/cbs-record.js';
import { HotfixListReader, isHotfixHead } from './inventory/read-hotfix-list.js';
import { isPackageLine, PackageListReader } from './inventory/read-package-list.js';
import { isSystemInfoLine, SystemInfoReader } from './inventory/read-system-info.js';
import { LineSplitter } from './line-splitter.js';
import type { SourceFormat } from './reading-account.js';
import type { SourceReader } from './source-reader.js';
import { isReportEventHead, ReportEventTableReader } from './wsus/read-report-event-table.js';
import { isWsusListingHead, WsusListingReader } from './wsus/read-wsus-listing.js';
import { DecodedUpdateLogReader } from './windows-update-log/read-decoded-log.js';
import { isTraceLine } from './windows-update-log/handler-exits.js';
import { LegacyUpdateLogReader } from './windows-update-log/read-legacy-log.js';
import { withoutMarks } from './windows-update-log/without-marks.js';
import { isReportingEvent, ReportingEventsReader } from './windows-update-log/read-reporting-events.js';

/** How much of a file's beginning is looked at. */
export const HEAD_BYTES = 64 * 1024;

const DECODED =
  /^"?\d{4}(?:[/-]|\. ?)\d{2}(?:[/-]|\. ?)\d{2}\.?[ \t]+\d{2}[:.]\d{2}[:.]\d{2}[.,]\d{3,7}(?:[ \t]+|"?[,;]"?)\d+(?:[ \t]+|"?[,;]"?)\d+(?:[ \t]+|"?[,;]"?)\S/;
const LEGACY = /^\d{4}-\d{2}-\d{2}[ \t]+\d{2}:\d{2}:\d{2}:\d{3}[ \t]+\d+[ \t]+[0-9a-f]+[ \t]+\w+[ \t]/i;

/** Names that only documents of Windows events have: Winlogbeat, OpenTelemetry, Fluent Bit, Datadog, PowerShell. */
const EVENT_JSON =
  /^[\s\S]{0,4000}?"(?:winlog|winlog\.event_id|event_id|EventID|EventId|EventRecordID|EventRecordId|ProviderName|resourceLogs|computer_name)"\s*:/;

/** The kind of evidence a file holds, by what stands in it and never by its name; `unknown` = nothing Rollcall reads. */
export function recogniseFormat(head: Uint8Array): SourceFormat {
  const bytes = head.subarray(0, HEAD_BYTES);
  const magic = Buffer.from(bytes.subarray(0, 8)).toString('latin1');
  if (magic === 'ElfFile\0') return 'evtx';
  const votes = new Map<SourceFormat, number>();
  const vote = (format: SourceFormat) => votes.set(format, (votes.get(format) ?? 0) + 1);
  let dismLines = 0;
  const splitter = new LineSplitter((line) => {
    const bare = withoutMarks(line);
    if (DECODED.test(bare) || isTraceLine(bare)) vote('windows_update_log');
    else if (LEGACY.test(bare)) vote('windows_update_log_legacy');
    else if (/<Event[\s>]/.test(line) && line.includes('schemas.microsoft.com/win/2004/08/events'))
      vote('event_xml');
    else if (EVENT_JSON.test(line)) vote('event_documents');
    else if (isEventTableHead(line)) vote('event_table');
    // Whatever stands in its rows: messages may begin as lines of other kinds do.
    else if (votes.has('event_table')) vote('event_table');
    else if (isEventListLine(line)) vote('event_list');
    else if (isViewerLine(line)) vote('event_viewer_text');
    else if (isReportEventHead(line)) vote('report_events');
    // Rows below a head are of its table.
    else if (isReportingEvent(line)) vote(votes.has('report_events') ? 'report_events' : 'reporting_events');
    else if (isWsusListingHead(line)) vote('wsus_listing');
    else if (isHotfixHead(line)) vote('hotfix_list');
    else if (isPackageLine(line)) vote('package_list');
    else if (isSystemInfoLine(line)) vote('system_info');
    else {
      const header = readHeader(line);
      if (header === null ? !isBareVerdict(line) : header.component === '') return;

      if (header?.component === 'DISM') dismLines++;
      vote('cbs_log');
    }
  });
  splitter.push(bytes);
  splitter.finish();
  const [best] = [...votes].sort(([, left], [, right]) => right - left);
  if (best === undefined) return isChunkFile(bytes) ? 'evtx' : 'unknown';
  return best[0] === 'cbs_log' && dismLines * 2 > best[1] ? 'dism_log' : best[0];
}

/** An .evtx whose file header is damaged still has its first chunk at 4 KB. */
const isChunkFile = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.subarray(4096, 4104)).toString('latin1') === 'ElfChnk\0';

/** A reader for a kind; null for `unknown`. */
export function createReader(format: SourceFormat): SourceReader | null {
  switch (format) {
    case 'cbs_log':
    case 'dism_log':
      return new CbsLogReader(format);
    case 'windows_update_log':
      return new DecodedUpdateLogReader();
    case 'windows_update_log_legacy':
      return new LegacyUpdateLogReader();
    case 'evtx':
      return new EventLogFileReader();
    case 'event_xml':
      return new EventXmlReader();
    case 'event_documents':
      return new EventDocumentReader();
    case 'event_list':
      return new EventListReader();
    case 'event_table':
      return new EventTableReader();
    case 'event_viewer_text':
      return new EventViewerTextReader();
    case 'package_list':
      return new PackageListReader();
    case 'system_info':
      return new SystemInfoReader();
    case 'hotfix_list':
      return new HotfixListReader();
    case 'report_events':
      return new ReportEventTableReader();
    case 'wsus_listing':
      return new WsusListingReader();
    case 'reporting_events':
      return new ReportingEventsReader();
    case 'unknown':
      return null;
  }
}
