import { readFileSync } from 'node:fs';
import type { AttemptReport } from '#domain/attempt-event.js';
import { buildEvent } from '#domain/build-event.js';
import { resolveKb } from '#domain/kb/kb-links.js';
import type { UpdateKb } from '#domain/kb/kb-links.js';
import { createPseudonyms } from '#domain/pseudonym.js';
import type { History, Report } from '#domain/report.js';
import { tellHistory } from '#domain/tell-history.js';
import { createReader, recogniseFormat } from '#sources/recognise.js';
import { reportOf } from '../harness/sample-events.js';

const evidence = new URL('./evidence/', import.meta.url);
const BANK = 'bank-a';

/** What the bank knows of a device beside its logs. */
export interface DeviceFacts extends Partial<
  Pick<AttemptReport, 'osBuild' | 'channel' | 'upgradedFrom' | 'utcOffset'>
> {
  readonly deviceKey: string;
}

/** The reports in a log of the cases, as `rollcall import` finds them for this device. */
export function reportsIn(file: string, device: DeviceFacts): readonly AttemptReport[] {
  const bytes = readFileSync(new URL(file, evidence));
  const reader = createReader(recogniseFormat(bytes));
  if (!reader) throw new Error(`${file}: kind not recognised`);
  const found = reader.push(bytes);
  const end = reader.finish();
  if (end.account.notUnderstood > 0)
    throw new Error(`${file}: ${end.account.notUnderstood} records not understood`);
  return [...found, ...end.reports].map(({ report }) => ({ ...report, deviceName: undefined, ...device }));
}

/** Everything Rollcall concludes about one device and KB. */
export interface ToldHistory extends History {
  readonly kb: string;
  readonly deviceKey: string;
  readonly reports: readonly Report[];
}

/** The way of reports through collector and projector without their processes: event, report, history of each device and KB. */
export function tell(sent: readonly AttemptReport[], timeZone: string | null = null): readonly ToldHistory[] {
  const events = sent.map((report) => buildEvent({ ...report }, undefined, { ...arrival, timeZone }));
  const reports = events.flatMap((event) =>
    event.eventType === 'patch.update_attempt' ? [reportOf(event)] : [],
  );
  const links = reports.flatMap(({ kbKey, updateId, updateRevision }): UpdateKb[] =>
    kbKey.startsWith('KB') && updateId !== '' ? [{ kb: kbKey, updateId, updateRevision }] : [],
  );
  const groups = new Map<string, Report[]>();
  for (const report of reports) {
    const key = `${report.deviceKey} ${resolveKb(report.kbKey, links)}`;
    groups.set(key, [...(groups.get(key) ?? []), report]);
  }
  return [...groups].map(([key, own]) => {
    const [deviceKey = '', kb = ''] = key.split(' ');
    return { kb, deviceKey, reports: own, ...tellHistory({ bank: BANK, kb, reports: own, builds: [] }) };
  });
}

const arrival = {
  bank: BANK,
  pseudonyms: createPseudonyms(Buffer.alloc(32, 1), false),
  receivedAt: '2025-01-01T00:00:00.000Z',
  honourReceivedAt: false,
  collector: { id: 'cases', version: '0' },
};
