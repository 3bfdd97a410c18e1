const MARKS = /^[\s>|*+-]{1,40}(?=["\d])/;

/** A line of a log without what quotations, lists and indented blocks of a page put before it. */
export function withoutMarks(line: string): string {
  const first = line.charCodeAt(0);
  return first >= 48 && first <= 57 ? line : line.replace(MARKS, '');
}
