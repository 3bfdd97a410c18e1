import type { AttemptReport } from '#domain/attempt-event.js';
import { codeOf, SUCCESS } from '../code-text.js';
import { offsetText } from '../local-time.js';
import type { SetAsideReason } from '../reading-account.js';
import { excerptOf } from '../excerpt.js';
import { READER_VERSION } from '../source-reader.js';
import { asideReasonOf, guidOf, kbIn } from '../update-names.js';

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

/** Reads a row of REPORT EVENT columns; a report, why it gives none, or null when it is no such row. */
export function reportEvent(row: string): AttemptReport | SetAsideReason | null {
  const columns = row.split('\t');
  const [
    instance,
    timeText = '',
    namespace,
    event = '',
    ,
    update,
    revisionText = '',
    codeText = '',
    ,
    ,
    ,
    ...message
  ] = columns;
  const eventInstanceId = guidOf(instance);
  const eventId = Number(event);
  const time = utcOf(timeText);
  if (eventInstanceId === undefined || namespace !== '1' || !/^\d+$/.test(event) || time === null)
    return null;
  const aside = ASIDE[eventId];
  if (aside !== undefined) return aside;
  const meaning = MEANING[eventId];
  if (meaning === undefined) return 'notice';
  const updateId = guidOf(update);
  if (updateId === undefined) return 'no_update_named';
  const text = message.join(' ');
  const kb = kbIn(text);
  const title =
    /(?:following updates?|install the following update)[^:]*?(?:with error \S+)?: (.{1,500}?)\.?\s*$/.exec(
      text,
    )?.[1];
  const ignored = asideReasonOf({ title, kb });
  if (ignored !== null) return ignored;
  const hresult = codeOf(codeText);
  const outcome = meaning === 'started' ? 'unknown' : meaning;
  const revision = Number(revisionText);
  return {
    source: 'windows_update_log',
    naturalKey: { kind: 'report_event', eventInstanceId },
    operation: 'install',
    ...(kb !== undefined && { targetKb: kb }),
    updateId,
    ...(Number.isInteger(revision) &&
      revision >= 0 &&
      revision <= 0xffffffff && { updateRevision: revision }),
    ...(title !== undefined && { updateTitle: title }),
    outcome,
    ...(hresult !== undefined && hresult !== SUCCESS && { hresult }),
    ...(eventId === DOWNLOAD_FAILED && { stage: 'download' as const }),
    ...time,
    ...(meaning === 'started' && { startedAt: time.occurredAt }),
    timeSource: 'offset_in_log',
    ...(outcome === 'failed' && { excerpt: excerptOf([row.replaceAll('\t', ' ')]) }),
    parser: { name: 'windows-update-log', version: READER_VERSION },
  };
}

interface WrittenTime {
  readonly occurredAt: string;
  readonly occurredAtText: string;
  readonly utcOffset: string;
}

/** `2018-11-12 08:42:17:718+0200`: colon before the milliseconds, zone without one. */
function utcOf(text: string): WrittenTime | null {
  const found = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}):(\d{3})([+-])(\d{2})(\d{2})$/.exec(text);
  if (!found) return null;
  const [, date = '', clock = '', ms = '', sign = '+', hours = '', minutes = ''] = found;
  const offsetMinutes = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
  const local = Date.parse(`${date}T${clock}.${ms}Z`);
  if (Number.isNaN(local) || Math.abs(offsetMinutes) > 14 * 60) return null;
  return {
    occurredAt: new Date(local - offsetMinutes * 60_000).toISOString(),
    occurredAtText: text,
    utcOffset: offsetText(offsetMinutes),
  };
}
