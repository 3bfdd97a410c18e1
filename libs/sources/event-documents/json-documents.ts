import { TextPieces } from '../text-pieces.js';

/** Longer documents are not kept: no event is longer, and a hostile file must not fill the memory. */
const LONGEST_DOCUMENT = 16 << 20;

/**
 * Cuts JSON text into its documents: NDJSON, documents one behind the other, or the elements of one array, printed in any
 * way. Text that begins no document, and documents that never end, are told as `null`. A line that begins with `{` where
 * no document can stand begins a new one, so that one cut line costs no other.
 */
export class JsonDocuments {
  private readonly pieces = new TextPieces((text) => {
    this.take(text);
  });
  private document = '';
  private depth = 0;
  private inString = false;
  private escaped = false;
  private isNoise = false;
  /** The last character that is no blank, and whether a line has just begun. */
  private before = 0;
  private lineBegins = true;

  /** @param onDocument told the text of each document, or null for what is none */
  constructor(private readonly onDocument: (text: string | null) => void) {}

  push(bytes: Uint8Array): void {
    this.pieces.push(bytes);
  }

  finish(): void {
    this.pieces.finish();
    if (this.depth > 0 || this.isNoise) this.onDocument(null);
  }

  private take(text: string): void {
    let from = 0;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (this.inString && code !== LF && code !== CR) {
        if (this.escaped) this.escaped = false;
        else if (code === BACKSLASH) this.escaped = true;
        else if (code === QUOTE) this.inString = false;
        continue;
      }
      if (this.depth > 0 && this.isCutBefore(code)) this.abandon();
      if (this.depth === 0) {
        if (code === OPEN_OBJECT) from = at;
        this.outside(code);
      }
      if (code === QUOTE && this.depth > 0) this.inString = true;
      else if (code === OPEN_OBJECT || (code === OPEN_ARRAY && this.depth > 0)) this.depth++;
      else if ((code === CLOSE_OBJECT || code === CLOSE_ARRAY) && this.depth > 0 && --this.depth === 0) {
        this.give(this.document + text.slice(from, at + 1));
        this.document = '';
      }
      this.lineBegins = code === LF || code === CR;
      if (!isBlank(code)) this.before = code;
    }
    if (this.depth > 0) this.document += text.slice(from);
    if (this.document.length > LONGEST_DOCUMENT) this.abandon();
  }

  /** A line ends inside a string, or a new line's `{` follows something no value can follow. */
  private isCutBefore(code: number): boolean {
    if (this.inString) return true;
    const mayFollow = this.before === COMMA || this.before === COLON || this.before === OPEN_ARRAY;
    return code === OPEN_OBJECT && this.lineBegins && !mayFollow;
  }

  private abandon(): void {
    this.onDocument(null);
    this.document = '';
    this.depth = 0;
    this.inString = false;
    this.escaped = false;
  }

  /** Between documents only blanks, commas and the brackets of one array are expected; the rest is told once a line. */
  private outside(code: number): void {
    const expected =
      isBlank(code) || code === COMMA || code === OPEN_ARRAY || code === CLOSE_ARRAY || code === OPEN_OBJECT;
    if (!expected) this.isNoise = true;
    else if (this.isNoise && (code === LF || code === OPEN_OBJECT)) {
      this.isNoise = false;
      this.onDocument(null);
    }
  }

  private give(text: string): void {
    this.onDocument(text);
  }
}

const LF = 10;
const CR = 13;
const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_ARRAY = 91;
const BACKSLASH = 92;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
const isBlank = (code: number) => code === 32 || code === LF || code === CR || code === 9 || code === 0xfeff;
