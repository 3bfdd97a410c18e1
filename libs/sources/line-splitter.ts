import { TextPieces } from './text-pieces.js';

/** Longer lines are cut: no decisive line is longer, and a 50 MB line must not fill the memory. */
export const LONGEST_LINE = 32_768;

/**
 * Cuts bytes into lines at CRLF, LF or a lone CR, without U+FEFF at any line start (files were glued together).
 * Memory stays below a few pieces whatever the input.
 */
export class LineSplitter {
  private readonly pieces = new TextPieces((text) => {
    this.take(text);
  });
  private rest = '';
  private endedWithCr = false;

  constructor(private readonly onLine: (line: string) => void) {}

  push(bytes: Uint8Array): void {
    this.pieces.push(bytes);
  }

  /** Gives the last line when it has no end. */
  finish(): void {
    this.pieces.finish();
    if (this.rest !== '') this.give(this.rest);
    this.rest = '';
  }

  private take(piece: string): void {
    const text = this.endedWithCr && piece.startsWith('\n') ? piece.slice(1) : piece;
    this.endedWithCr = text.endsWith('\r');
    let from = 0;
    let cr = text.indexOf('\r');
    for (;;) {
      const lf = text.indexOf('\n', from);
      if (cr !== -1 && cr < from) cr = text.indexOf('\r', from);
      const atCr = cr !== -1 && (lf === -1 || cr < lf);
      const end = atCr ? cr : lf;
      if (end === -1) break;
      this.give(this.rest === '' ? text.slice(from, end) : this.rest + text.slice(from, end));
      this.rest = '';
      from = atCr && lf === cr + 1 ? end + 2 : end + 1;
    }
    if (from < text.length && this.rest.length < LONGEST_LINE) {
      this.rest = detach(this.rest + text.slice(from, from + LONGEST_LINE));
    }
  }

  private give(line: string): void {
    const start = line.charCodeAt(0) === 0xfeff ? 1 : 0;
    if (start === 0 && line.length <= LONGEST_LINE) this.onLine(line);
    else this.onLine(line.slice(start, start + LONGEST_LINE));
  }
}

/** A copy that does not keep alive the large text it was cut from. */
export function detach(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}
