import { encodingOf } from '../text-pieces.js';
import { localTextToMs } from '../local-time.js';

/** A file of one folder that may be a part of a rolled CBS log. */
export interface LogPart {
  readonly path: string;
  /** The file's name without its folder. */
  readonly name: string;
  /** Local time of its first record as written; '' when its beginning has none. */
  readonly firstStamp: string;
}

/** Local time is never further from UTC than this; the rest is the time from the renaming to the first record. */
const FARTHEST_MS = (14 * 60 + 10) * 60_000;

/**
 * Puts the parts of a rolled log together: Windows renames a full CBS.log to `CbsPersist_<UTC time>.log` and begins a new
 * one. A part is joined to the one before it only when its first record was written when that one was renamed; so logs of
 * other machines, or with a part missing between them, stay by themselves. Every part is in exactly one list, in order.
 */
export function joinRolledLogs(parts: readonly LogPart[]): LogPart[][] {
  const sorted = [...parts].sort((left, right) => (orderOf(left) < orderOf(right) ? -1 : 1));
  const logs: LogPart[][] = [];
  for (const part of sorted) {
    const log = logs.at(-1);
    const before = log?.at(-1);
    if (log !== undefined && before !== undefined && follows(before, part)) log.push(part);
    else logs.push([part]);
  }
  return logs;
}

/** Whether a file's name is one that Windows gives to parts of this log. */
export const isLogPartName = (name: string): boolean => /^(?:CBS|CbsPersist_\d{14})\.log$/i.test(name);

const rolledAt = (name: string): string | null => /^CbsPersist_(\d{14})\.log$/i.exec(name)?.[1] ?? null;
const orderOf = ({ name }: LogPart): string => rolledAt(name) ?? '9';

function follows(before: LogPart, part: LogPart): boolean {
  const digits = rolledAt(before.name);
  if (digits === null) return false;
  const renamedMs = localTextToMs(
    digits.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3 $4:$5:$6'),
  );
  const firstMs = localTextToMs(part.firstStamp);
  return renamedMs !== null && firstMs !== null && Math.abs(firstMs - renamedMs) <= FARTHEST_MS;
}

/** The time of the first record in the beginning of a CBS log, as written; '' when there is none. */
export function firstStampOf(head: Uint8Array): string {
  const text = new TextDecoder(encodingOf(head)).decode(head);
  return /^\ufeff?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d), /m.exec(text)?.[1] ?? '';
}
