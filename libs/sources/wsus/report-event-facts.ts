import type { AttemptReport } from '#domain/attempt-event.js';
import { codeOf, SUCCESS } from '../code-text.js';
import { excerptOf } from '../excerpt.js';
import type { SetAsideReason } from '../reading-account.js';
import { READER_VERSION } from '../source-reader.js';
import { announcedTitle, asideReasonOf, guidOf, kbIn } from '../update-names.js';

/** What an event number of a Windows Update client means (wsus-schema.md §3); Status alone never decides. */
const MEANING: Readonly<Record<number, 'failed' | 'succeeded' | 'pending_reboot' | 'cancelled' | 'started'>> =
  {
    161: 'failed',
    163: 'cancelled',
    167: 'started',
    181: 'started',
    182: 'failed',
    183: 'succeeded',
    184: 'pending_reboot',
    186: 'cancelled',
    190: 'succeeded',
    191: 'pending_reboot',
    195: 'failed',
    197: 'succeeded',
    198: 'failed',
    199: 'pending_reboot',
    200: 'failed',
  };
const ASIDE: Readonly<Record<number, SetAsideReason>> = {
  147: 'scan',
  148: 'scan',
  149: 'scan',
  156: 'scan',
  162: 'download_progress',
  188: 'notice',
  194: 'notice',
  202: 'notice',
};
const DOWNLOAD_FAILED = 161;
const LONGEST_TEXT = 8_000;
/** 1 = events of clients, 2 = the server's own synchronisation. */
const CLIENT_EVENTS = '1';

/** A client's event as WSUS knows it, whatever it travelled in: the client's log, a table, SOAP, SUSDB. Texts as written. */
export interface ReportEventFacts {
  readonly eventInstanceId: string;
  readonly namespaceId: string;
  readonly eventId: string;
  readonly updateId: string;
  readonly revision: string;
  /** `80242016`, `0x80242016` or the signed number. */
  readonly hresult: string;
  /** The message, or what it is made of: titles with their KBs. */
  readonly text: string;
  readonly time: Pick<AttemptReport, 'occurredAt' | 'occurredAtText' | 'utcOffset' | 'timeSource'>;
  /** Who observed it and of which device. */
  readonly origin: Pick<
    AttemptReport,
    'source' | 'deviceName' | 'deviceAliases' | 'osBuild' | 'channel' | 'model'
  >;
  readonly parserName: string;
}

/** One event → a report, why it gives none, or null when it is none. */
export function readReportEvent(facts: ReportEventFacts): AttemptReport | SetAsideReason | null {
  const eventInstanceId = guidOf(facts.eventInstanceId);
  const eventId = Number(facts.eventId);
  const { time } = facts;
  const text = facts.text.slice(0, LONGEST_TEXT).trimEnd();
  const isClient = facts.namespaceId === CLIENT_EVENTS;
  if (eventInstanceId === undefined || !isClient || !/^\d{1,6}$/.test(facts.eventId)) return null;
  const aside = ASIDE[eventId];
  if (aside !== undefined) return aside;
  const meaning = MEANING[eventId];
  if (meaning === undefined) return 'notice';
  const updateId = guidOf(facts.updateId);
  const kb = kbIn(text);
  if (updateId === undefined && kb === undefined) return 'no_update_named';
  const title = titleIn(text);
  const ignored = asideReasonOf({ title, kb });
  if (ignored !== null) return ignored;
  const hresult = codeOf(facts.hresult);
  const outcome = meaning === 'started' ? 'unknown' : meaning;
  const revision = Number(facts.revision);
  return {
    ...facts.origin,
    naturalKey: { kind: 'report_event', eventInstanceId },
    operation: 'install',
    ...(kb !== undefined && { targetKb: kb }),
    ...(updateId !== undefined && { updateId }),
    ...(facts.revision !== '' &&
      Number.isInteger(revision) &&
      revision >= 0 &&
      revision <= 0xffffffff && { updateRevision: revision }),
    ...(title !== undefined && { updateTitle: title }),
    outcome,
    ...(hresult !== undefined && hresult !== SUCCESS && { hresult }),
    ...(eventId === DOWNLOAD_FAILED && { stage: 'download' as const }),
    ...time,
    ...(meaning === 'started' && { startedAt: time.occurredAt }),
    ...(outcome === 'failed' && text !== '' && { excerpt: excerptOf([text]) }),
    parser: { name: facts.parserName, version: READER_VERSION },
  };
}

const titleIn = (text: string): string | undefined =>
  announcedTitle(text)?.slice(0, 500) ?? /[:：]\s*([^:：]{1,500}?)[.。]?$/.exec(text)?.[1];
