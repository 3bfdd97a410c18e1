import type { AttemptReport } from '#domain/attempt-event.js';
import type { SetAsideReason } from '../reading-account.js';
import { READER_VERSION } from '../source-reader.js';
import { guidOf, kbIn } from '../update-names.js';
import { readReportEvent } from './report-event-facts.js';

/** A row of `susdb-queries.ts`' `EVENTS`. Times are UTC. */
export interface SusdbEvent {
  readonly eventInstanceId: string;
  readonly namespaceId: number;
  readonly eventId: number;
  readonly computerId: string;
  readonly computerName: string | null;
  readonly updateId: string;
  readonly revision: number;
  readonly timeAtTarget: Date;
  readonly timeAtServer: Date;
  /** Signed, as SQL Server keeps it. */
  readonly win32HResult: number;
  readonly title: string | null;
  readonly knowledgeBaseArticle: string | null;
}

/** A row of `STATES`: what WSUS concludes about an update on a computer, without code and time. */
export interface SusdbState {
  readonly computerId: string;
  readonly computerName: string | null;
  readonly updateId: string;
  readonly state: number;
  readonly title: string | null;
  readonly knowledgeBaseArticle: string | null;
}

interface UpdateText {
  readonly title: string | null;
  readonly knowledgeBaseArticle: string | null;
}

/** Title and KB of an update, as the other sources write them: the column holds digits only. */
function textOf({ title, knowledgeBaseArticle }: UpdateText): string {
  const digits = /^\s*(?:KB)?(\d{6,8})\s*$/i.exec(knowledgeBaseArticle ?? '')?.[1];
  return `${title ?? ''}${digits === undefined ? '' : ` (KB${digits})`}`.trim();
}

const originOf = (row: { readonly computerId: string; readonly computerName: string | null }) => ({
  source: 'wsus' as const,
  channel: 'wsus' as const,
  ...(row.computerName !== null && row.computerName !== '' && { deviceName: row.computerName.slice(0, 255) }),
  ...(row.computerId !== '' && {
    deviceAliases: [{ kind: 'wsus_computer' as const, value: row.computerId.slice(0, 128) }],
  }),
});

/** One event of the server's table → a report, why it gives none, or null when it is no event of a client. */
export function reportOfSusdbEvent(row: SusdbEvent): AttemptReport | SetAsideReason | null {
  const occurredAt = row.timeAtTarget.toISOString();
  const report = readReportEvent({
    eventInstanceId: row.eventInstanceId,
    namespaceId: String(row.namespaceId),
    eventId: String(row.eventId),
    updateId: row.updateId,
    revision: String(row.revision),
    hresult: `0x${(row.win32HResult >>> 0).toString(16).padStart(8, '0')}`,
    text: textOf(row),
    time: { occurredAt, occurredAtText: occurredAt, utcOffset: '+00:00', timeSource: 'utc' },
    origin: originOf(row),
    parserName: 'susdb',
  });
  if (report === null || typeof report === 'string' || row.title === null || row.title === '') return report;
  return { ...report, updateTitle: row.title.slice(0, 1_024) };
}

const OUTCOME_OF_STATE: Readonly<Record<number, AttemptReport['outcome']>> = {
  1: 'not_applicable',
  4: 'succeeded',
  5: 'failed',
  6: 'pending_reboot',
};

/**
 * A summary state → a report without time and code, which never overrides one that has them; null for states that tell
 * nothing of an attempt (unknown, needed, downloaded).
 */
export function reportOfSusdbState(row: SusdbState): AttemptReport | null {
  const outcome = OUTCOME_OF_STATE[row.state];
  const updateId = guidOf(row.updateId);
  if (outcome === undefined || updateId === undefined) return null;
  const text = textOf(row);
  const kb = kbIn(text);
  return {
    ...originOf(row),
    operation: 'install',
    ...(kb !== undefined && { targetKb: kb }),
    updateId,
    ...(row.title !== null && row.title !== '' && { updateTitle: row.title.slice(0, 1_024) }),
    outcome,
    occurredAt: null,
    occurredAtText: '(summary)',
    utcOffset: null,
    timeSource: 'unknown',
    parser: { name: 'susdb', version: READER_VERSION },
  };
}
