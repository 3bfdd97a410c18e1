const FRAME_MAGIC = 0xfd2fb528;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const RAW_OR_COMPRESSED_HEADER_BYTES = 3;
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;

/** What decoding will cost, read from the headers of frames and blocks (RFC 8878 §3.1) without decoding. */
export interface ZstdCost {
  /** Memory of the largest window. */
  readonly windowBytes: number;
  /** The decoder shifts its window after each block: bytes moved in all. */
  readonly movedBytes: number;
}

/** @throws RangeError when the bytes are no complete zstd frames, or need a dictionary */
export function measureZstd(body: Buffer): ZstdCost {
  let at = 0;
  let windowBytes = 0;
  let movedBytes = 0;
  if (body.length === 0) throw new RangeError('there is no frame');
  while (at < body.length) {
    const magic = uint(body, at, 4);
    if ((magic & 0xfffffff0) >>> 0 === 0x184d2a50) {
      at += 8 + uint(body, at + 4, 4);
      continue;
    }
    if (magic !== FRAME_MAGIC) throw new RangeError('this is no zstd frame');
    const frame = readFrameHeader(body, at);
    const { end, blocks } = walkBlocks(body, frame.blocksAt);
    windowBytes = Math.max(windowBytes, frame.windowBytes);
    movedBytes += frame.windowBytes * blocks;
    at = end + (frame.checksum ? 4 : 0);
  }
  if (at !== body.length) throw new RangeError('the last frame is cut off');
  return { windowBytes, movedBytes };
}

function readFrameHeader(body: Buffer, start: number) {
  const descriptor = uint(body, start + 4, 1);
  const singleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  let at = start + 5;
  let windowBytes = 0;
  if (!singleSegment) {
    const window = uint(body, at, 1);
    const base = 2 ** (10 + (window >> 3));
    windowBytes = base + (base / 8) * (window & 7);
    at += 1;
  }
  const dictionaryBytes = DICTIONARY_ID_BYTES[descriptor & 3] ?? 0;
  if (uint(body, at, dictionaryBytes) !== 0) throw new RangeError('the frame needs a dictionary');
  at += dictionaryBytes;
  const sizeBytes = sizeFlag === 0 ? (singleSegment ? 1 : 0) : 2 ** sizeFlag;
  if (singleSegment) windowBytes = uint(body, at, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  return { blocksAt: at + sizeBytes, windowBytes, checksum: (descriptor & 4) !== 0 };
}

function walkBlocks(body: Buffer, start: number): { end: number; blocks: number } {
  let at = start;
  for (let blocks = 1; ; blocks += 1) {
    const header = uint(body, at, RAW_OR_COMPRESSED_HEADER_BYTES);
    const type = (header >> 1) & 3;
    if (type === RESERVED_BLOCK) throw new RangeError('a block has no known type');
    at += RAW_OR_COMPRESSED_HEADER_BYTES + (type === RLE_BLOCK ? 1 : header >> 3);
    if ((header & 1) === 1) return { end: at, blocks };
  }
}

/** Little-endian number of up to 8 bytes (exact to 2^53). */
function uint(body: Buffer, at: number, bytes: number): number {
  if (at + bytes > body.length) throw new RangeError('the last frame is cut off');
  let value = 0;
  for (let i = bytes - 1; i >= 0; i -= 1) value = value * 256 + (body[at + i] ?? 0);
  return value;
}
