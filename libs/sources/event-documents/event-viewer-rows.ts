import type { WindowsEvent } from '../windows-event.js';
import { eventInstant } from './event-instant.js';
import { messageFields } from './message-fields.js';

/** What one event of the Event Viewer says as text. */
export interface ViewerEvent {
  readonly provider: string;
  readonly eventId: number;
  readonly channel: string;
  readonly computer: string;
  /** Local time as written, '' when the text has none. */
  readonly timeText: string;
  message: string;
}

/** The level is a word of the machine's language: what it is told by stands around it. */
const LEVEL = String.raw`\p{L}[\p{L} ]{1,23}`;
const PROVIDER = String.raw`Microsoft-Windows-(?:WindowsUpdateClient|Servicing|WUSA)|WindowsUpdateClient|Servicing|WUSA`;
/** Level, date and time, source, event id, task category, description: tabs or commas ("Save as"). */
const EXPORTED = new RegExp(
  String.raw`^"?${LEVEL}"?[\t,]"?(?=[^\t,"]{0,36}\d[:.]\d\d)([^\t,"]{6,40})"?[\t,]"?([^\t,"]{1,80})"?[\t,]"?(\d{1,5})"?[\t,]"?([^\t,"]{0,80})"?(?:[\t,](.*))?$`,
  'isu',
);
/** Level, computer, event id, source …, description: as printed in articles. */
const PRINTED = new RegExp(
  String.raw`^${LEVEL}[ \t]+(\S{1,255})[ \t]+(\d{1,5})[ \t]+(${PROVIDER})[ \t]+(.*)$`,
  'isu',
);
const HEAD = /^(?:Level|级别)[\t,](?:Date and Time|日期和时间)[\t,]/;
/** First line of what "Copy details as text" gives: a label of the machine's language, the name of a log. */
const COPIED =
  /^\s{0,8}(?:(?:Log Name|日志名称)\s*[:：]|[^\s:：\d][^:：\d]{1,28}[:：]\s+(?:System|Setup|Application|Security|ForwardedEvents|Microsoft-[\w-]{1,80}\/\w{1,40})\s*$)/;
const XML_BEGINS = /^\s*<Event[\s>]/;

/** Whether a line begins an event, or is the head, of a form that is read here. */
export const isViewerLine = (line: string): boolean =>
  HEAD.test(line) || COPIED.test(line) || viewerRow(line) !== null;

export const isViewerHead = (line: string): boolean => HEAD.test(line);
export const beginsCopied = (line: string): boolean => COPIED.test(line);

/** An event that stands in one row; null when the line is none. */
export function viewerRow(line: string): ViewerEvent | null {
  const printed = PRINTED.exec(line);
  if (printed) {
    const [, computer = '', id = '', provider = '', message = ''] = printed;
    return {
      provider: wholeName(provider),
      eventId: Number(id),
      channel: '',
      computer,
      timeText: '',
      message,
    };
  }
  const exported = EXPORTED.exec(line);
  if (!exported) return null;
  const [, timeText = '', provider = '', id = '', , message = ''] = exported;
  return { provider: wholeName(provider), eventId: Number(id), channel: '', computer: '', timeText, message };
}

const LABELS: Readonly<
  Record<string, 'channel' | 'provider' | 'eventId' | 'computer' | 'timeText' | 'message'>
> = {
  'log name': 'channel',
  日志名称: 'channel',
  source: 'provider',
  来源: 'provider',
  date: 'timeText',
  日期: 'timeText',
  'event id': 'eventId',
  '事件 id': 'eventId',
  computer: 'computer',
  计算机: 'computer',
  description: 'message',
  描述: 'message',
};

/** The XML that the Event Viewer adds to a copied event, which tells it exactly; null when there is none. */
export function copiedXml(lines: readonly string[]): string | null {
  const at = lines.findIndex((line) => XML_BEGINS.test(line));
  return at === -1 ? null : lines.slice(at).join('\n').trim();
}

const LABELLED = /^\s*([^:：]{2,30}?)\s*[:：]\s*(.*)$/;
/** The labels are always these, in this order, whatever their language. */
const ORDER = { channel: 0, provider: 1, timeText: 2, eventId: 3, computer: 8, message: 9 } as const;

/** An event copied as lines of `Label: value`; null when provider or number are missing. */
export function copiedEvent(lines: readonly string[]): ViewerEvent | null {
  return eventByLabels(lines) ?? eventByOrder(lines);
}

function eventByOrder(lines: readonly string[]): ViewerEvent | null {
  const value = (name: keyof typeof ORDER) => (LABELLED.exec(lines[ORDER[name]] ?? '')?.[2] ?? '').trim();
  const [provider, eventId] = [value('provider'), value('eventId')];
  const isComplete = lines.slice(0, ORDER.message + 1).every((line) => LABELLED.test(line));
  if (!isComplete || provider === '' || !/^\d{1,5}$/.test(eventId)) return null;
  const xmlAt = lines.findIndex((line) => XML_BEGINS.test(line));
  const message = lines.slice(ORDER.message + 1, xmlAt === -1 ? undefined : xmlAt - 1).join('\n');
  return {
    provider: wholeName(provider),
    eventId: Number(eventId),
    channel: value('channel'),
    computer: value('computer'),
    timeText: value('timeText'),
    message: `${value('message')}\n${message}`.trim(),
  };
}

function eventByLabels(lines: readonly string[]): ViewerEvent | null {
  const values: Partial<Record<(typeof LABELS)[string], string>> = {};
  for (const [at, line] of lines.entries()) {
    const found = LABELLED.exec(line);
    const label = LABELS[(found?.[1] ?? '').toLowerCase()];
    if (label === undefined) continue;
    if (label === 'message') {
      const end = lines.findIndex(
        (text, index) => index > at && /^\s*(?:Event Xml|事件 Xml)\s*[:：]/i.test(text),
      );
      const text = lines.slice(at + 1, end === -1 ? undefined : end).join('\n');
      values.message = `${found?.[2] ?? ''}\n${text}`.trim();
      break;
    }
    values[label] ??= (found?.[2] ?? '').trim();
  }
  const { provider, eventId, channel = '', computer = '', timeText = '', message = '' } = values;
  if (provider === undefined || eventId === undefined || !/^\d{1,5}$/.test(eventId)) return null;
  return { provider: wholeName(provider), eventId: Number(eventId), channel, computer, timeText, message };
}

/** "Save as" leaves the first part of the name out. */
const wholeName = (provider: string): string =>
  /^(?:WindowsUpdateClient|Servicing|WUSA)$/i.test(provider) ? `Microsoft-Windows-${provider}` : provider;

/** The event in the common form: everything it says stands in its message. Its computer may be blanked out. */
export function windowsEventOf(viewer: ViewerEvent): WindowsEvent {
  const { provider, eventId, channel, computer, timeText, message } = viewer;
  return {
    provider,
    eventId,
    channel,
    recordId: null,
    timeCreated: eventInstant(timeText),
    ...(timeText !== '' && { timeText }),
    computer: /^[x*.]+(?:\.|$)/i.test(computer) ? '' : computer,
    data: messageFields(provider, eventId, message),
  };
}
