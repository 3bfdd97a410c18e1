import { gunzipSync } from 'node:zlib';
import { Problem } from '../problem.js';
import { brokenCompression, tooLargeOutput } from './body-problems.js';
import { unzstd } from './unzstd.js';

const CHUNK_BYTES = 256 * 1024;

/**
 * A body as sent → its bytes. Works in one go: half a megabyte takes about a millisecond, and a thread's hand-over
 * costs more than that under load.
 * @throws Problem 413 when the output would exceed `maxBytes`; 400 when the compression is broken; 415 when unknown
 */
export function decompress(body: Buffer, encoding: string | undefined, maxBytes: number): Buffer {
  switch (encoding?.trim().toLowerCase() ?? '') {
    case '':
    case 'identity':
      return body;
    case 'gzip':
    case 'x-gzip':
      return gunzip(body, maxBytes);
    case 'zstd':
      return unzstd(body, maxBytes);
    default:
      throw new Problem(415, 'unknown_encoding', 'Content-Encoding: expected gzip, zstd or none', {
        'accept-encoding': 'gzip, zstd',
      });
  }
}

function gunzip(body: Buffer, maxBytes: number): Buffer {
  try {
    return gunzipSync(body, { maxOutputLength: maxBytes, chunkSize: CHUNK_BYTES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLargeOutput(maxBytes);
    throw brokenCompression('gzip', error);
  }
}
