import { Decompress } from 'fzstd';
import { Problem } from '../problem.js';
import { brokenCompression, tooLargeOutput } from './body-problems.js';
import { measureZstd } from './zstd-frames.js';

/** Half a second of moving memory: ten times what a body at the default limits needs. */
const MOST_MOVED_BYTES = 4 * 1024 ** 3;

/**
 * zstd body → its bytes. Node 20 has no zstd of its own. The library trusts what headers say, so they are read
 * first: a few bytes could otherwise ask for 2 GB of window, or for moving a window once a byte.
 * @throws Problem 413 when window or output exceed `maxBytes`; 400 when the body is broken
 */
export function unzstd(body: Buffer, maxBytes: number): Buffer {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    const { windowBytes, movedBytes } = measureZstd(body);
    if (windowBytes > maxBytes || movedBytes > MOST_MOVED_BYTES) throw tooLargeOutput(maxBytes);
    const stream = new Decompress((part) => {
      bytes += part.length;
      if (bytes > maxBytes) throw tooLargeOutput(maxBytes);
      parts.push(part);
    });
    stream.push(body, true);
  } catch (error) {
    throw error instanceof Problem ? error : brokenCompression('zstd', error);
  }
  return Buffer.concat(parts, bytes);
}
