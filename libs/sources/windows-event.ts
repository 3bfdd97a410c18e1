import type { AttemptReport } from '#domain/attempt-event.js';
import { codeOf, RESTART_CODES, SUCCESS } from './code-text.js';
import type { SetAsideReason } from './reading-account.js';
import { packageStateName } from './package-state-names.js';
import { READER_VERSION } from './source-reader.js';
import { asideReasonOf, channelOf, guidOf, kbIn } from './update-names.js';

/** One Windows event, whoever carried it here. */
export interface WindowsEvent {
  readonly provider: string;
  readonly eventId: number;
  readonly channel: string;
  /** Null when the shipper or the text does not say it. */
  readonly recordId: number | null;
  /** UTC, cut to milliseconds; null when the zone is not known. */
  readonly timeCreated: string | null;
  /** The time as written, for text without a zone. */
  readonly timeText?: string;
  readonly computer: string;
  /** EventData or UserData by field name as written; '' = present and empty. */
  readonly data: ReadonlyMap<string, string>;
}

export type EventReading =
  | { readonly kind: 'report'; readonly report: AttemptReport }
  | { readonly kind: 'aside'; readonly reason: SetAsideReason };

const CLIENT = 'microsoft-windows-windowsupdateclient';
const SERVICING = 'microsoft-windows-servicing';
const WUSA = 'microsoft-windows-wusa';

/** Events count states from here: 5000 Absent … 5112 Installed. Logs before about 1803 write the name. */
const FIRST_STATE = 5000;
const REPAIR_CLIENT = 'AutoCorruptionRepair';

const aside = (reason: SetAsideReason): EventReading => ({ kind: 'aside', reason });

/**
 * One event → a report of what it says about an update attempt, or why it says nothing about one. A failure is told even
 * when the event does not say of which update.
 */
export function readWindowsEvent(event: WindowsEvent): EventReading {
  switch (event.provider.toLowerCase()) {
    case CLIENT:
      return readClientEvent(event);
    case SERVICING:
      return readServicingEvent(event);
    case WUSA:
      return readWusaEvent(event);
    default:
      return aside('other_provider');
  }
}

function common(
  event: WindowsEvent,
  parser: string,
): Pick<
  AttemptReport,
  'deviceName' | 'naturalKey' | 'occurredAt' | 'occurredAtText' | 'utcOffset' | 'timeSource' | 'parser'
> {
  const { channel, recordId, timeCreated, computer } = event;
  return {
    ...(computer !== '' && { deviceName: computer.slice(0, 255) }),
    ...(recordId !== null &&
      timeCreated !== null && {
        naturalKey: {
          kind: 'event_log' as const,
          channel: channel.toLowerCase().slice(0, 256) || 'unknown',
          recordId,
          timeCreated,
        },
      }),
    occurredAt: timeCreated,
    occurredAtText: timeCreated ?? event.timeText?.slice(0, 64) ?? '(undated)',
    utcOffset: timeCreated === null ? null : '+00:00',
    timeSource: timeCreated === null ? 'unknown' : 'utc',
    parser: { name: parser, version: READER_VERSION },
  };
}

/** What a numbered event of the update client is; absent numbers are notices. */
const CLIENT_EVENTS: Readonly<
  Record<
    number,
    'succeeded' | 'failed' | 'download_failed' | 'started' | 'removed' | 'not_removed' | SetAsideReason
  >
> = {
  19: 'succeeded',
  20: 'failed',
  23: 'removed',
  24: 'not_removed',
  31: 'download_failed',
  43: 'started',
  44: 'started',
  25: 'scan',
  26: 'scan',
  41: 'download_progress',
};

function readClientEvent(event: WindowsEvent): EventReading {
  const meaning = CLIENT_EVENTS[event.eventId] ?? 'notice';
  const title = field(event, 'updateTitle');
  const updateId = guidOf(field(event, 'updateGuid'));
  const serviceId = guidOf(field(event, 'serviceGuid'));
  const kb = title === undefined ? undefined : kbIn(title);
  if (
    meaning !== 'succeeded' &&
    meaning !== 'failed' &&
    meaning !== 'download_failed' &&
    meaning !== 'started' &&
    meaning !== 'removed' &&
    meaning !== 'not_removed'
  )
    return aside(meaning);
  const ignored = asideReasonOf({ title, kb, serviceId });
  if (ignored !== null) return aside(ignored);
  const failing = meaning === 'failed' || meaning === 'download_failed' || meaning === 'not_removed';
  if (kb === undefined && updateId === undefined && !failing) return aside('no_update_named');
  const revision = Number(field(event, 'updateRevisionNumber'));
  const code = eventCode(event, 'errorCode');
  const restart = code !== undefined && RESTART_CODES.has(code);
  const channel = channelOf(serviceId);
  return {
    kind: 'report',
    report: {
      source: 'windows_update_client',
      ...common(event, 'windows-event'),
      operation: meaning === 'removed' || meaning === 'not_removed' ? 'uninstall' : 'install',
      ...(kb !== undefined && { targetKb: kb }),
      ...(updateId !== undefined && { updateId }),
      ...(Number.isInteger(revision) &&
        revision >= 0 &&
        revision <= 0xffffffff && { updateRevision: revision }),
      ...(title !== undefined && { updateTitle: title.slice(0, 1024) }),
      ...(channel !== undefined && { channel }),
      outcome:
        meaning === 'started' ? 'unknown' : failing ? (restart ? 'pending_reboot' : 'failed') : 'succeeded',
      ...(failing && code !== undefined && code !== SUCCESS && { hresult: code }),
      ...(meaning === 'download_failed' && { stage: 'download' as const }),
      ...(meaning === 'started' && { startedAt: event.timeCreated }),
    },
  };
}

function readServicingEvent(event: WindowsEvent): EventReading {
  const { eventId } = event;
  if (eventId === 1013 || eventId === 1014) return aside('repair_session');
  if (eventId < 1 || eventId > 4) return aside('feature_change');
  const client = field(event, 'Client') ?? '';
  if (client === REPAIR_CLIENT) return aside('repair_session');
  const identity = field(event, 'PackageIdentifier');
  // A shipper may drop the fields of a failure (OpenTelemetry): that it failed is a fact all the same.
  if (identity === undefined && eventId !== 3) return aside('no_update_named');
  const start = stateOf(event, 'InitialPackageState');
  const target = stateOf(event, 'IntendedPackageState');
  const code = eventCode(event, 'ErrorCode');
  const kb = kbIn(identity ?? '');
  const restart = code !== undefined && RESTART_CODES.has(code);
  const reached = target === 'Installed' || target === 'Absent' || target === 'Permanent';
  const outcome = (
    [
      undefined,
      'unknown',
      reached ? 'succeeded' : 'unknown',
      restart ? 'pending_reboot' : 'failed',
      'pending_reboot',
    ] as const
  )[eventId];
  return {
    kind: 'report',
    report: {
      source: 'servicing',
      ...common(event, 'windows-event'),
      operation:
        target === 'Absent'
          ? 'uninstall'
          : target === undefined || target === 'Superseded'
            ? 'unknown'
            : 'install',
      ...(kb !== undefined && { targetKb: kb }),
      ...(identity !== undefined &&
        (kb === undefined || identity.includes('~')) && { packageIdentity: identity.slice(0, 512) }),
      ...(start !== undefined && { packageStartState: start }),
      ...(target !== undefined && { packageTargetState: target }),
      ...(/^DISM/i.test(client) && { channel: 'dism' as const }),
      outcome: outcome ?? 'unknown',
      ...(code !== undefined && code !== SUCCESS && { hresult: code }),
      ...(eventId === 1 && { startedAt: event.timeCreated }),
    },
  };
}

/** 2 = installed, 3 = could not be installed: the stand-alone installer of .msu files. */
function readWusaEvent(event: WindowsEvent): EventReading {
  const { eventId } = event;
  if (eventId !== 2 && eventId !== 3) return aside('notice');
  const title = field(event, 'updateTitle') ?? field(event, 'title');
  const texts = title === undefined ? [...event.data.values()] : [title];
  const kb = texts.map((text) => kbIn(text)).find((known) => known !== undefined);
  if (kb === undefined && eventId !== 3) return aside('no_update_named');
  const code = eventCode(event, 'errorCode');
  const restart = code !== undefined && RESTART_CODES.has(code);
  return {
    kind: 'report',
    report: {
      source: 'wusa',
      ...common(event, 'windows-event'),
      operation: 'install',
      ...(kb !== undefined && { targetKb: kb }),
      ...(title !== undefined && { updateTitle: title.slice(0, 1024) }),
      channel: 'msu_wusa',
      outcome: restart ? 'pending_reboot' : eventId === 2 ? 'succeeded' : 'failed',
      ...(code !== undefined && code !== SUCCESS && { hresult: code }),
    },
  };
}

/** A field's text; exporters differ in case. Undefined when absent or empty. */
function field(event: WindowsEvent, name: string): string | undefined {
  const exact = event.data.get(name);
  if (exact !== undefined) return exact === '' ? undefined : exact;
  const lower = name.toLowerCase();
  for (const [key, value] of event.data) if (key.toLowerCase() === lower && value !== '') return value;
  return undefined;
}

/** Events write codes as `0x80070643` or in decimal; only a bare `80070643` is meant as hex. */
function eventCode(event: WindowsEvent, name: string): string | undefined {
  const text = (field(event, name) ?? '').trim();
  const isDecimal = /^-?\d{1,10}$/.test(text) && !/^[8c]\d{7}$/i.test(text);
  return codeOf(isDecimal ? `0x${(Number(text) >>> 0).toString(16)}` : text);
}

/** The number is the same in every language; the text beside it is not. */
function stateOf(event: WindowsEvent, name: string): string | undefined {
  const number = field(event, name);
  const text = packageStateName(Number(number) - FIRST_STATE) ?? field(event, `${name}Textized`) ?? number;
  return text?.slice(0, 64);
}

/** `2024-11-14T16:17:33.847495100Z` cut to milliseconds; null when it is no UTC instant. */
export function instantOf(text: string): string | null {
  const found = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(?:Z|\+00:00)$/.exec(text.trim());
  if (!found) return null;
  const [, date = '', clock = '', fraction = ''] = found;
  const instant = `${date}T${clock}.${fraction.slice(0, 3).padEnd(3, '0')}Z`;
  return Number.isNaN(Date.parse(instant)) ? null : instant;
}
