import type { LogMessage, LogRecord } from '#event-log/event-log.js';

/**
 * A chunk is one lmdb value: the messages that one group commit put into one partition. Little endian:
 *
 *     chunk  = u8 format (1) · 3 bytes 0 · u32 records · f64 appendedAtMs · record…
 *     record = u32 key bytes · u32 header bytes · u32 value bytes · key · headers (JSON, none = 0 bytes) · value
 *
 * One value a chunk instead of one a message: lmdb's cost is by value and page, and a page holds only six messages.
 */
const FORMAT = 1;
const CHUNK_HEADER_BYTES = 16;
const RECORD_HEADER_BYTES = 12;
const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

/** A chunk takes no further message from here on, so that a reader who wants one record need not copy much more. */
const FULL_AT_BYTES = 512 * 1024;
const FULL_AT_RECORDS = 4_096;

/** Writes messages into one growing buffer. */
export class ChunkWriter {
  count = 0;
  private end = CHUNK_HEADER_BYTES;
  private view: DataView;

  constructor(private buffer: Buffer) {
    this.view = viewOf(buffer);
  }

  get isFull(): boolean {
    return this.end >= FULL_AT_BYTES || this.count >= FULL_AT_RECORDS;
  }

  /** Appends a copy of the message; returns the bytes it takes. */
  append(message: LogMessage): number {
    const { key, value } = message;
    const headers = encodeHeaders(message.headers);
    const start = this.end;
    // No character takes more than three bytes in UTF-8.
    this.reserve(RECORD_HEADER_BYTES + key.length * 3 + headers.length * 3 + value.length);
    const buffer = this.buffer;
    let at = start + RECORD_HEADER_BYTES;
    const keyBytes = writeKey(buffer, key, at);
    at += keyBytes;
    const headerBytes = headers === '' ? 0 : buffer.write(headers, at, 'utf8');
    at += headerBytes;
    buffer.set(value, at);
    this.view.setUint32(start, keyBytes, true);
    this.view.setUint32(start + 4, headerBytes, true);
    this.view.setUint32(start + 8, value.length, true);
    this.end = at + value.length;
    this.count += 1;
    return this.end - start;
  }

  /** The chunk's bytes: a view that is valid until the buffer is given away. */
  finish(appendedAtMs: number): Buffer {
    this.buffer.writeUInt32LE(FORMAT, 0);
    this.buffer.writeUInt32LE(this.count, 4);
    this.buffer.writeDoubleLE(appendedAtMs, 8);
    return this.buffer.subarray(0, this.end);
  }

  /** Takes the buffer back for another chunk; the writer is of no more use. */
  release(): Buffer {
    return this.buffer;
  }

  private reserve(bytes: number): void {
    if (this.end + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.end + bytes));
    this.buffer.copy(larger, 0, 0, this.end);
    this.buffer = larger;
    this.view = viewOf(larger);
  }
}

/** V8 compiles DataView's accessors to plain loads and stores; those of Buffer stay calls. */
const viewOf = (buffer: Buffer): DataView => new DataView(buffer.buffer, buffer.byteOffset, buffer.length);

/** Keys are short and nearly always ASCII: copying their characters costs less than the call that encodes them. */
function writeKey(buffer: Buffer, key: string, at: number): number {
  for (let index = 0; index < key.length; index++) {
    const character = key.charCodeAt(index);
    if (character > 0x7f) return buffer.write(key, at, 'utf8');
    buffer[at + index] = character;
  }
  return key.length;
}

function encodeHeaders(headers: LogMessage['headers']): string {
  if (headers === undefined) return '';
  const json = JSON.stringify(headers);
  return json === '{}' ? '' : json;
}

/** What the head of a chunk says. @throws Error when the bytes are not a chunk of this format */
export function describeChunk(chunk: Buffer): { readonly count: number; readonly appendedAtMs: number } {
  if (chunk.length < CHUNK_HEADER_BYTES || chunk.readUInt32LE(0) !== FORMAT)
    throw new Error('the event log holds a chunk that this version cannot read');
  return { count: chunk.readUInt32LE(4), appendedAtMs: chunk.readDoubleLE(8) };
}

/**
 * Hands out the records of a chunk from `fromOffset` on while `accept(bytes)` says yes; returns the offset that comes
 * next, and whether `accept` said no. Values are views into `chunk`: the caller must own it.
 */
export function readChunk(
  chunk: Buffer,
  firstOffset: number,
  fromOffset: number,
  accept: (bytes: number) => boolean,
  take: (record: LogRecord) => void,
): { readonly nextOffset: number; readonly endedEarly: boolean } {
  const { count, appendedAtMs } = describeChunk(chunk);
  const view = viewOf(chunk);
  let at = CHUNK_HEADER_BYTES;
  for (let offset = firstOffset; offset < firstOffset + count; offset++) {
    const keyAt = at + RECORD_HEADER_BYTES;
    const headersAt = keyAt + view.getUint32(at, true);
    const valueAt = headersAt + view.getUint32(at + 4, true);
    const end = valueAt + view.getUint32(at + 8, true);
    if (end > chunk.length) throw new Error('the event log holds a chunk that is cut off');
    if (offset >= fromOffset) {
      if (!accept(end - at)) return { nextOffset: offset, endedEarly: true };
      take({
        offset,
        key: chunk.toString('utf8', keyAt, headersAt),
        value: chunk.subarray(valueAt, end),
        headers: headersAt === valueAt ? NO_HEADERS : decodeHeaders(chunk, headersAt, valueAt),
        appendedAtMs,
      });
    }
    at = end;
  }
  return { nextOffset: firstOffset + count, endedEarly: false };
}

const decodeHeaders = (chunk: Buffer, start: number, end: number): Readonly<Record<string, string>> =>
  JSON.parse(chunk.toString('utf8', start, end)) as Record<string, string>;
