import { LineSplitter } from './line-splitter.js';

const LONGEST_ROW = 262_144;
const QUOTE = '"';

/** A row of a CSV file: its cells, and the line it begins at. */
export interface CsvRow {
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * Cuts bytes into the rows of a CSV file (RFC 4180): quoted cells may hold separators, doubled quotes and line ends. The
 * separator (comma, semicolon or tab) is taken from the first row. A row whose quote never closes is ended at 256 KB.
 */
export class CsvRows {
  private readonly lines = new LineSplitter((line) => {
    this.take(line);
  });
  private lineNumber = 0;
  private begunAt = 0;
  private pending: string | null = null;
  private separator: string | null = null;

  /** @param onRow told each row; null for a blank line or one that is no data (`#TYPE …` of PowerShell) */
  constructor(private readonly onRow: (row: CsvRow | null) => void) {}

  push(bytes: Uint8Array): void {
    this.lines.push(bytes);
  }

  finish(): void {
    this.lines.finish();
    if (this.pending !== null) this.give(this.pending);
  }

  private take(line: string): void {
    this.lineNumber++;
    const text = this.pending === null ? line : `${this.pending}\n${line}`;
    if (this.pending === null) this.begunAt = this.lineNumber;
    const isOpen = countQuotes(text) % 2 === 1 && text.length < LONGEST_ROW;
    this.pending = isOpen ? text : null;
    if (!isOpen) this.give(text);
  }

  private give(text: string): void {
    this.pending = null;
    if (text.trim() === '' || text.startsWith('#TYPE ')) {
      this.onRow(null);
      return;
    }
    this.separator ??= separatorOf(text);
    this.onRow({ line: this.begunAt, cells: cellsOf(text, this.separator) });
  }
}

function countQuotes(text: string): number {
  let count = 0;
  for (let at = text.indexOf(QUOTE); at !== -1; at = text.indexOf(QUOTE, at + 1)) count++;
  return count;
}

/** The separator that stands most often outside of quotes. */
function separatorOf(head: string): string {
  const bare = head.replace(/"[^"]*"/g, '');
  const count = (mark: string) => bare.split(mark).length;
  return ['\t', ';', ','].reduce((best, mark) => (count(mark) > count(best) ? mark : best), ',');
}

function cellsOf(text: string, separator: string): string[] {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    if (text[at] === QUOTE) {
      let end = text.indexOf(QUOTE, at + 1);
      while (end !== -1 && text[end + 1] === QUOTE) end = text.indexOf(QUOTE, end + 2);
      if (end === -1) end = text.length;
      cells.push(text.slice(at + 1, end).replaceAll('""', QUOTE));
      at = text.indexOf(separator, end + 1);
    } else {
      const end = text.indexOf(separator, at);
      cells.push(text.slice(at, end === -1 ? undefined : end).trim());
      at = end;
    }
    if (at === -1) return cells;
    at += separator.length;
  }
}
