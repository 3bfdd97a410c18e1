import { SaxesParser } from 'saxes';
import type { AttemptReport } from '#domain/attempt-event.js';
import type { SetAsideReason } from '../reading-account.js';
import { eventInstant } from '../event-documents/event-instant.js';
import { readReportEvent } from './report-event-facts.js';

/** What a `ReportEventBatch` request held: reports, and how many of its events gave none and why. */
export interface ReportEventBatch {
  readonly reports: readonly AttemptReport[];
  readonly setAside: Readonly<Partial<Record<SetAsideReason, number>>>;
  readonly notUnderstood: number;
}

const MOST_EVENTS = 10_000;
const DEEPEST = 64;

/**
 * The SOAP request by which a client reports to WSUS (MS-WUSP, `ReportEventBatch`), as a reverse proxy can mirror it.
 * TimeAtTarget is UTC. Null when the XML is no such request. Entities and document types are never expanded.
 */
export function readReportEventBatch(xml: string): ReportEventBatch | null {
  if (xml.includes('<!DOCTYPE')) return null;
  const path: string[] = [];
  const events: Map<string, string>[] = [];
  const seen = new Set<string>();
  let content = '';
  const parser = new SaxesParser();
  try {
    parser.on('opentag', ({ name }) => {
      const local = name.slice(name.indexOf(':') + 1);
      if (path.length > DEEPEST) throw new Error('nested too deep');
      path.push(local);
      content = '';
      if (local === 'ReportEventBatch') seen.add(local);
      if (local === 'ReportingEvent' && events.length < MOST_EVENTS) events.push(new Map());
    });
    parser.on('text', (text) => {
      content += text;
    });
    parser.on('closetag', () => {
      const at = path.slice(path.lastIndexOf('ReportingEvent') + 1).join('/');
      const event = events.at(-1);
      if (path.includes('ReportingEvent') && event !== undefined && content.trim() !== '') {
        const known = event.get(at);
        event.set(at, known === undefined ? content.trim() : `${known} ${content.trim()}`.slice(0, 8_000));
      }
      path.pop();
      content = '';
    });
    parser.write(xml).close();
  } catch {
    return null;
  }
  return seen.size > 0 ? reportsOf(events) : null;
}

function reportsOf(events: readonly ReadonlyMap<string, string>[]): ReportEventBatch {
  const reports: AttemptReport[] = [];
  const setAside: Partial<Record<SetAsideReason, number>> = {};
  let notUnderstood = 0;
  for (const event of events) {
    const report = reportOf(event);
    if (report === null) notUnderstood += 1;
    else if (typeof report === 'string') setAside[report] = (setAside[report] ?? 0) + 1;
    else reports.push(report);
  }
  return { reports, setAside, notUnderstood };
}

function reportOf(event: ReadonlyMap<string, string>): AttemptReport | SetAsideReason | null {
  const basic = (name: string) => event.get(`BasicData/${name}`) ?? '';
  const extended = (name: string) => event.get(`ExtendedData/${name}`) ?? '';
  const timeText = basic('TimeAtTarget');
  const occurredAt = eventInstant(timeText) ?? eventInstant(`${timeText}Z`);
  if (occurredAt === null) return null;
  const computerId = basic('TargetID/Sid');
  const computer = event.get('PrivateData/ComputerDnsName') ?? '';
  const model = extended('ComputerModel');
  const build = extended('OSVersion/Build');
  return readReportEvent({
    eventInstanceId: basic('EventInstanceID'),
    namespaceId: basic('NamespaceID'),
    eventId: basic('EventID'),
    updateId: basic('UpdateID/UpdateID'),
    revision: basic('UpdateID/RevisionNumber'),
    hresult: unsigned(basic('Win32HResult')),
    text: extended('ReplacementStrings/string'),
    time: { occurredAt, occurredAtText: timeText, utcOffset: '+00:00', timeSource: 'utc' },
    origin: {
      source: 'wsus',
      channel: 'wsus',
      ...(computer !== '' && { deviceName: computer.slice(0, 255) }),
      ...(computerId !== '' && {
        deviceAliases: [{ kind: 'wsus_computer', value: computerId.slice(0, 128) }],
      }),
      ...(/^\d{4,6}$/.test(build) && { osBuild: build }),
      ...(model !== '' && { model: model.slice(0, 128) }),
    },
    parserName: 'report-event-batch',
  });
}

const unsigned = (text: string): string =>
  /^-?\d{1,10}$/.test(text) ? `0x${(Number(text) >>> 0).toString(16).padStart(8, '0')}` : '';
