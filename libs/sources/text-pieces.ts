const PIECE_BYTES = 1 << 18;

/**
 * Bytes → text in pieces. UTF-8 unless a byte-order mark or the zero bytes among the first characters say UTF-16; bytes
 * that are no text become U+FFFD; zero characters (a log on a disk that lost power) are dropped.
 */
export class TextPieces {
  private decoder: InstanceType<typeof TextDecoder> | null = null;

  constructor(private readonly onText: (text: string) => void) {}

  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      this.decoder ??= new TextDecoder(encodingOf(piece), { ignoreBOM: true });
      this.give(this.decoder.decode(piece, { stream: true }));
    }
  }

  finish(): void {
    if (this.decoder) this.give(this.decoder.decode());
  }

  private give(decoded: string): void {
    const text = decoded.includes('\0') ? decoded.replaceAll('\0', '') : decoded;
    if (text !== '') this.onText(text);
  }
}

/** The encoding a file begins in. */
export function encodingOf(head: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  const [first, second] = head;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  const sample = head.subarray(0, 64);
  const zerosAt = (parity: number) => sample.filter((byte, at) => byte === 0 && at % 2 === parity).length;
  const [even, odd] = [zerosAt(0), zerosAt(1)];
  if (sample.length >= 8 && odd > sample.length / 3 && even === 0) return 'utf-16le';
  return sample.length >= 8 && even > sample.length / 3 && odd === 0 ? 'utf-16be' : 'utf-8';
}
