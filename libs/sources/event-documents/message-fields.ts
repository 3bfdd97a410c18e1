import { announcedTitle, kbIn } from '../update-names.js';

/** What is behind is the text of something else. */
const LONGEST_MESSAGE = 8_000;

/** Words of the state names in rendered messages, Chinese to the names CBS itself uses. */
const STATE_WORDS: Readonly<Record<string, string>> = {
  已安装: 'Installed',
  不存在: 'Absent',
  已暂存: 'Staged',
  已解析: 'Resolved',
  已解决: 'Resolved',
  已取代: 'Superseded',
};

/**
 * What a rendered message says about the fields its event should have: for shippers that drop UserData, and for text of
 * the Event Viewer. Code and KB are found in any language, names of states in English and Chinese. Codes may be decimal
 * (2388526074 = 0x8e5e03fa).
 */
export function messageFields(provider: string, eventId: number, whole: string): Map<string, string> {
  const message = whole.slice(0, LONGEST_MESSAGE).trimEnd();
  const fields = new Map<string, string>();
  const set = (name: string, value: string | undefined) => {
    if (value !== undefined && value !== '') fields.set(name, value);
  };
  const code = codeIn(message);
  if (provider.toLowerCase() === 'microsoft-windows-servicing') {
    set('PackageIdentifier', packageIn(message));
    const [start, target] = statesIn(message);
    if (eventId === 1) set('InitialPackageState', start);
    set('IntendedPackageState', target);
    set('Client', /(?:Client id|客户端 ID)\s*[:：]\s*([^.。\r\n]{1,128})/i.exec(message)?.[1]?.trim());
    if (eventId === 3) set('ErrorCode', code);
    return fields;
  }
  // A Store app has a title and no KB; other messages without one say nothing of an update.
  if (kbIn(message) === undefined && announcedTitle(message) === undefined) return fields;
  set('updateTitle', titleIn(message));
  set('errorCode', code);
  return fields;
}

function codeIn(message: string): string | undefined {
  const hex = /\b0x[0-9a-f]{8}\b/i.exec(message)?.[0];
  if (hex !== undefined) return hex;
  const decimal = /(?:\berror|错误)\s*[:：]?\s*(-?\d{1,10})\b/i.exec(message)?.[1];
  return decimal === undefined || decimal === '0' ? undefined : decimal;
}

function packageIn(message: string): string | undefined {
  const identity = /[\w.-]{1,200}~[0-9a-f]{16}~\w*~[\w-]*~[\d.]{1,40}\d/i.exec(message)?.[0];
  return identity ?? /\bpackage (KB\d{6,8})\b/i.exec(message)?.[1] ?? kbIn(message);
}

function statesIn(message: string): [string | undefined, string | undefined] {
  const named = (text: string | undefined) =>
    text === undefined ? undefined : (STATE_WORDS[text.trim()] ?? text.trim());
  const start = /(?:Current state is|当前状态为)\s*([^.。\r\n]{1,40})/i.exec(message)?.[1];
  const target =
    /(?:Target state is|目标状态为)\s*([^.。\r\n]{1,40})/i.exec(message)?.[1] ??
    /changed to the ([\w ]{1,40}) state/i.exec(message)?.[1] ??
    /更改为\s*(\S{1,20}?)\s*状态/.exec(message)?.[1];
  return [named(start), named(target)];
}

/** The title: behind the sentence that announces it, or in quotes; else the whole message, which names the KB. */
function titleIn(message: string): string {
  const found =
    /["“]([^"”]{1,1000}?KB\d{6,8}[^"”]{0,100})["”]/i.exec(message)?.[1] ?? announcedTitle(message) ?? message;
  return found.slice(0, 1_000);
}
