/** Longer lines are cut: no decisive line is longer, and a 50 MB line must not fill the memory. */
export const LONGEST_LINE = 32_768;
const PIECE_BYTES = 1 << 18;

/**
 * Cuts bytes into lines at CRLF, LF or a lone CR. UTF-8 unless a byte-order mark or the zero bytes of the first
 * characters say UTF-16. U+FEFF at any line start and zero characters (a log on a disk that lost power) are dropped;
 * bytes that are no text become U+FFFD. Memory stays below a few pieces whatever the input.
 */
export class LineSplitter {
  private decoder: InstanceType<typeof TextDecoder> | null = null;
  private rest = '';
  private endedWithCr = false;

  constructor(private readonly onLine: (line: string) => void) {}

  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      this.decoder ??= new TextDecoder(encodingOf(piece), { ignoreBOM: true });
      this.take(this.decoder.decode(piece, { stream: true }));
    }
  }

  /** Gives the last line when it has no end. */
  finish(): void {
    if (this.decoder) this.take(this.decoder.decode());
    if (this.rest !== '') this.give(this.rest);
    this.rest = '';
  }

  private take(decoded: string): void {
    let text = decoded.includes('\0') ? decoded.replaceAll('\0', '') : decoded;
    if (text === '') return;
    if (this.endedWithCr && text.startsWith('\n')) text = text.slice(1);
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

function encodingOf(piece: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  const [first, second] = piece;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  const head = piece.subarray(0, 64);
  const zerosAt = (parity: number) => head.filter((byte, at) => byte === 0 && at % 2 === parity).length;
  const [even, odd] = [zerosAt(0), zerosAt(1)];
  if (head.length >= 8 && odd > head.length / 3 && even === 0) return 'utf-16le';
  if (head.length >= 8 && even > head.length / 3 && odd === 0) return 'utf-16be';
  return 'utf-8';
}
