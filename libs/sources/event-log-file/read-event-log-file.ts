import { parseEvtxFile } from 'winevtx';
import type { ParsedRecord } from 'winevtx';
import { AccountKeeper } from '../reading-account.js';
import type { FoundReport, ReadingEnd, SourceReader } from '../source-reader.js';
import { takeEvent } from '../take-event.js';
import { CHUNK_BYTES, fileAround, FILE_HEADER_BYTES, isChunk, planChunk } from './chunk.js';
import type { ChunkPlan } from './chunk.js';
import { eventOf } from './parsed-event.js';

/**
 * An .evtx file, chunk by chunk. winevtx drops the records behind a damaged one silently, so each chunk is held
 * against its own header: what the header promises and was not read counts as not understood.
 */
export class EventLogFileReader implements SourceReader {
  private readonly account = new AccountKeeper();
  private readonly pieces: Uint8Array[] = [];
  private waitingBytes = 0;
  private headerSkipped = false;

  push(bytes: Uint8Array): readonly FoundReport[] {
    this.pieces.push(bytes);
    this.waitingBytes += bytes.length;
    if (this.waitingBytes < CHUNK_BYTES + FILE_HEADER_BYTES) return [];
    return this.readWhole();
  }

  finish(): ReadingEnd {
    const reports = this.readWhole();
    const rest = Buffer.concat(this.pieces);
    if (rest.length > 0) reports.push(...this.chunk(rest));
    return { reports, account: this.account.close('evtx') };
  }

  /** Reads the chunks that are complete and keeps the rest. */
  private readWhole(): FoundReport[] {
    let data = Buffer.concat(this.pieces);
    if (!this.headerSkipped) {
      if (data.length < FILE_HEADER_BYTES) return [];
      this.headerSkipped = true;
      data = data.subarray(FILE_HEADER_BYTES);
    }
    const found: FoundReport[] = [];
    let at = 0;
    for (; at + CHUNK_BYTES <= data.length; at += CHUNK_BYTES)
      found.push(...this.chunk(data.subarray(at, at + CHUNK_BYTES)));
    const rest = Buffer.from(data.subarray(at));
    this.pieces.length = 0;
    if (rest.length > 0) this.pieces.push(rest);
    this.waitingBytes = rest.length;
    return found;
  }

  private chunk(chunk: Buffer): FoundReport[] {
    const plan = planChunk(chunk);
    if (plan === null || !isChunk(chunk)) {
      if (chunk.some((byte) => byte !== 0)) this.account.notUnderstood(Math.max(1, plan?.records.size ?? 0));
      return [];
    }
    const found: FoundReport[] = [];
    const seen = new Set<number>();
    for (const record of parseChunk(chunk, plan)) {
      if (seen.has(record.recordID)) continue;
      seen.add(record.recordID);
      const report = this.record(record, plan);
      if (report !== null) found.push(report);
    }
    this.account.notUnderstood(Math.max(0, plan.promised - seen.size));
    return found;
  }

  private record(record: ParsedRecord, plan: ChunkPlan): FoundReport | null {
    const event = eventOf(record, plan.records.get(record.recordID)?.fileTime);
    const found = takeEvent(this.account, event);
    return found && { recordId: record.recordID, ...found };
  }
}

/**
 * The records of one chunk. After one that winevtx cannot read, reading goes on behind it: the record before it is
 * made to end where the damaged one ends.
 */
function* parseChunk(chunk: Buffer, plan: ChunkPlan): Generator<ParsedRecord> {
  const file = fileAround(chunk);
  const places = [...plan.records.entries()];
  let readCount = 0;
  for (let tries = 0; tries < 64; tries++) {
    let count = 0;
    try {
      for (const record of parseEvtxFile(file)) {
        if (++count > readCount) yield record;
      }
      return;
    } catch {
      readCount = Math.max(readCount, count);
      const [, previous] = places[count - 1] ?? [];
      const [, damaged] = places[count] ?? [];
      if (previous === undefined || damaged === undefined) return;
      file.writeUInt32LE(previous.size + damaged.size, FILE_HEADER_BYTES + previous.offset + 4);
      places.splice(count - 1, 2, [
        places[count - 1]?.[0] ?? 0,
        { ...previous, size: previous.size + damaged.size },
      ]);
    }
  }
}
