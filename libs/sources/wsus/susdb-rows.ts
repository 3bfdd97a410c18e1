import { z } from 'zod';
import type { AttemptReport } from '#domain/attempt-event.js';
import type { SetAsideReason } from '../reading-account.js';
import { READER_VERSION } from '../source-reader.js';
import { guidOf, kbIn } from '../update-names.js';
import { readReportEvent } from './report-event-facts.js';

const susdbEventSchema = z
  .object({
    eventInstanceId: z.string(),
    namespaceId: z.number(),
    eventId: z.number(),
    computerId: z.string(),
    computerName: z.string().nullable(),
    updateId: z.string(),
    revision: z.number(),
    timeAtTarget: z.date(),
    timeAtServer: z.date(),
    /** Signed, as SQL Server keeps it. */
    win32HResult: z.number(),
    title: z.string().nullable(),
    knowledgeBaseArticle: z.string().nullable(),
  })
  .readonly();

/** A row of `SUSDB_QUERIES.events`. Times are UTC. */
export type SusdbEvent = z.infer<typeof susdbEventSchema>;

/** A row as the server gave it; null when a column is missing or of another type than this version knows. */
export function susdbEventOf(row: unknown): SusdbEvent | null {
  const read = susdbEventSchema.safeParse(row);
  return read.success ? read.data : null;
}

/** A row of `SUSDB_QUERIES.states`: what WSUS concludes about an update on a computer, without code and time. */
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
