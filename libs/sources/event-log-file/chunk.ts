/** Layout of an EVTX chunk (libevtx's format description): what is needed to count records without their content. */
export const CHUNK_BYTES = 0x10000;
export const FILE_HEADER_BYTES = 0x1000;
const RECORDS_AT = 0x200;
const NO_RECORD = 0xffffffffffffffffn;
const RECORD_MAGIC = 0x00002a2a;
const SMALLEST_RECORD = 28;
/** No chunk of 64 KB holds more records than fit by size. */
const MOST_RECORDS = Math.floor((CHUNK_BYTES - RECORDS_AT) / SMALLEST_RECORD);

export interface RecordPlace {
  readonly offset: number;
  readonly size: number;
  /** FILETIME: 100 ns since 1601, UTC. Exact, where the parsed event only has a rounded number. */
  readonly fileTime: bigint;
}

export interface ChunkPlan {
  /** Records the header promises. */
  readonly promised: number;
  /** Records whose own heads can be walked to, by record id. */
  readonly records: ReadonlyMap<number, RecordPlace>;
}

/** Whether the chunk's head is intact. */
export const isChunk = (chunk: Buffer): boolean => chunk.toString('latin1', 0, 8) === 'ElfChnk\0';

/** The header's promise and the records that can be walked to; null when too short. */
export function planChunk(chunk: Buffer): ChunkPlan | null {
  if (chunk.length < RECORDS_AT) return null;
  const first = chunk.readBigUInt64LE(8);
  const last = chunk.readBigUInt64LE(16);
  const lastId = chunk.readBigUInt64LE(32);
  const records = walkRecords(chunk);
  const unused = lastId === NO_RECORD || last === NO_RECORD;
  const count = unused || last < first ? 0n : last - first + 1n;
  const promised = count > BigInt(MOST_RECORDS) ? records.size : Number(count);
  return { promised: Math.max(promised, unused ? 0 : records.size), records };
}

function walkRecords(chunk: Buffer): Map<number, RecordPlace> {
  const records = new Map<number, RecordPlace>();
  const free = chunk.readUInt32LE(48);
  const end = free >= RECORDS_AT && free <= chunk.length ? free : chunk.length;
  for (let at = RECORDS_AT; at + SMALLEST_RECORD <= end;) {
    if (chunk.readUInt32LE(at) !== RECORD_MAGIC) break;
    const size = chunk.readUInt32LE(at + 4);
    if (size < SMALLEST_RECORD || at + size > chunk.length) break;
    records.set(Number(chunk.readBigUInt64LE(at + 8)), {
      offset: at,
      size,
      fileTime: chunk.readBigUInt64LE(at + 16),
    });
    at += size;
  }
  return records;
}

/** `fileTime` as ISO, cut to milliseconds; null outside the years a date can have. */
export function fileTimeToIso(fileTime: bigint): string | null {
  const ms = fileTime / 10_000n - 11_644_473_600_000n;
  return ms > -62_135_596_800_000n && ms < 253_402_300_800_000n ? new Date(Number(ms)).toISOString() : null;
}

/** A file of its own around one chunk, so that a damaged file header or neighbour costs nothing. */
export function fileAround(chunk: Buffer): Buffer {
  const file = Buffer.alloc(FILE_HEADER_BYTES + CHUNK_BYTES);
  file.write('ElfFile\0', 0, 'latin1');
  file.writeUInt32LE(128, 32);
  file.writeUInt16LE(1, 36);
  file.writeUInt16LE(3, 38);
  file.writeUInt16LE(FILE_HEADER_BYTES, 40);
  file.writeUInt16LE(1, 42);
  chunk.copy(file, FILE_HEADER_BYTES);
  return file;
}
