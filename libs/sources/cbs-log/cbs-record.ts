/** The first line of a CBS, DISM or CSI record. `stamp` is the time as written, '' when the copy has none. */
export interface CbsHeader {
  readonly stamp: string;
  readonly level: string;
  readonly component: string;
  /** Where the message begins in the line. */
  readonly messageAt: number;
}

const COMPONENTS = new Set(['CBS', 'CSI', 'DISM', 'SXS', 'DPX', 'DEPLOY', 'MIG']);
const PASTED =
  /^\s{0,4}(?:(20xx[-\w]* [\d:]{5,8}|<DateTime>|\d{4}[–—-]\d\d[–—-]\d\d \d\d:\d\d:\d\d),?\s*)?(Info|Error|Warning),?[ \t]+(?:\[0x[0-9a-f]{6}\][ \t]*)?(CBS|CSI|DISM|SXS|DPX|DEPLOY|MIG)(?:[ \t]+|$)/i;

const STAMP = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d, /;
/** What `findstr`, `grep -n`, quotes and lists put before a record: their marks, a file's name or a number with a colon. */
const PREFIX = /^[\s>|*+-]{0,40}(?:\S{1,200}:)?\s{0,40}$/;

/** Reads a record's head (log-formats.md §2), also of pasted copies with lost padding or dates; null = not a record's first line. */
export function readHeader(line: string): CbsHeader | null {
  if (isStamped(line)) return afterStamp(line, line.slice(0, 19), 20);
  const at = STAMP.exec(line.slice(0, 300))?.index ?? 0;
  if (at > 0 && PREFIX.test(line.slice(0, at))) return afterStamp(line, line.slice(at, at + 19), at + 20);
  const pasted = PASTED.exec(line);
  if (!pasted) return null;
  const [head, stamp = '', level = '', component = ''] = pasted;
  return { stamp: stamp.replace(/[–—]/g, '-'), level, component, messageAt: head.length };
}

/** What quotations and lists of a page put before a bare message. */
const MARKS = String.raw`^[\s>|*+-]{0,40}`;
const BARE = new RegExp(
  `${MARKS}(?=(?:Exec: Processing |Session: \\d+_\\d+ |Startup: [A-Z]|(?:SQM: )?Reporting (?:package|selectable) |WER: Generating |Setting (?:ExecuteState key|original failure)|Retrieved original |Failed to (?:process single|(?:execute|resolve) execution|perform operation)|[0-9a-f]{8}(?:@\\S{1,40})? \\(F\\) ))`,
);
const BARE_VERDICT = new RegExp(`${MARKS}(?:Exec: Processing complete\\.|WER: Generating failure report )`);

/**
 * Reads a decisive record of a copy that lost all of its heads, as articles print them; null = the line begins none.
 * Only for logs without a single head: in others such a line goes on with the record before it.
 */
export function readBareHeader(line: string): CbsHeader | null {
  const marks = BARE.exec(line)?.[0];
  if (marks === undefined) return null;
  const isCsi = /^[0-9a-f]{8}/.test(line.slice(marks.length, marks.length + 8));
  return { stamp: '', level: '', component: isCsi ? 'CSI' : 'CBS', messageAt: marks.length };
}

/** Whether a line is a verdict of CBS that lost its head. */
export const isBareVerdict = (line: string): boolean => BARE_VERDICT.test(line);

/** `dddd-dd-dd dd:dd:dd,` by the places of its signs: the form of nearly every line. */
function isStamped(line: string): boolean {
  return (
    line.charCodeAt(4) === 45 &&
    line.charCodeAt(7) === 45 &&
    line.charCodeAt(10) === 32 &&
    line.charCodeAt(13) === 58 &&
    line.charCodeAt(16) === 58 &&
    line.charCodeAt(19) === 44 &&
    isDigit(line.charCodeAt(0)) &&
    isDigit(line.charCodeAt(18))
  );
}

const isDigit = (code: number) => code >= 48 && code <= 57;
const isBlank = (code: number) => code === 32 || code === 9;

function skipBlanks(line: string, from: number): number {
  let at = from;
  while (at < line.length && isBlank(line.charCodeAt(at))) at++;
  return at;
}

function endOfWord(line: string, from: number): number {
  let at = from;
  while (at < line.length && !isBlank(line.charCodeAt(at)) && line.charCodeAt(at) !== 44) at++;
  return at;
}

function afterStamp(line: string, stamp: string, from: number): CbsHeader | null {
  const levelAt = skipBlanks(line, from);
  const levelEnd = endOfWord(line, levelAt);
  if (levelEnd === levelAt || levelEnd - levelAt > 12) return null;
  const level = line.slice(levelAt, levelEnd);
  let at = skipBlanks(line, line.charCodeAt(levelEnd) === 44 ? levelEnd + 1 : levelEnd);
  if (line.charCodeAt(at) === 91 && line.startsWith('[0x', at)) {
    const close = line.indexOf(']', at);
    if (close !== -1 && close - at <= 12) at = skipBlanks(line, close + 1);
  }
  const end = endOfWord(line, at);
  const word = end - at <= 6 ? line.slice(at, end) : '';
  if (COMPONENTS.has(word)) return { stamp, level, component: word, messageAt: skipBlanks(line, end) };
  return { stamp, level, component: '', messageAt: at };
}
