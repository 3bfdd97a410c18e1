import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

const PIECE_BYTES = 256 * 1024;

/** A file to read, wherever it lies: on the disk or in a bundle. */
export interface EvidenceInput {
  /** As shown to people: the path, or `bundle.zip!path/in/it`. */
  readonly name: string;
  readonly folder: string;
  readonly baseName: string;
  /** Its bytes from the beginning, in fresh pieces; may be asked for more than once. */
  bytes(): AsyncIterable<Buffer>;
  /** When it was last written, as far as its place says so. */
  modifiedAt(): Promise<Date | null>;
}

/** A file of the disk. */
export function fileInput(path: string): EvidenceInput {
  return {
    name: path,
    folder: dirname(path),
    baseName: basename(path),
    bytes: () => createReadStream(path, { highWaterMark: PIECE_BYTES }) as AsyncIterable<Buffer>,
    modifiedAt: async () => (await stat(path)).mtime,
  };
}

/** Up to `size` bytes from the beginning of an input. */
export async function headOf(input: EvidenceInput, size: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of input.bytes()) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes >= size) break;
  }
  return Buffer.concat(pieces).subarray(0, size);
}
