import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

const CHUNK_BYTES = 1024 * 1024;

export interface FileHashes {
  readonly bytes: number;
  readonly sha256: string;
  readonly sha1: string;
}

/** Reads a file once, in pieces: packages have up to some GB. @throws when it cannot be read */
export async function hashFile(path: string): Promise<FileHashes> {
  const [sha256, sha1] = [createHash('sha256'), createHash('sha1')];
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    const piece = chunk as Buffer;
    sha256.update(piece);
    sha1.update(piece);
    bytes += piece.length;
  }
  return { bytes, sha256: sha256.digest('hex'), sha1: sha1.digest('hex') };
}
