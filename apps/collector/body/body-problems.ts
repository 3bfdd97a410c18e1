import { Problem } from '../problem.js';

export const tooLargeOutput = (maxBytes: number): Problem =>
  new Problem(
    413,
    'too_large',
    `the body is larger than ${maxBytes} bytes after decompression; send smaller batches`,
  );

export const brokenCompression = (encoding: string, error: unknown): Problem => {
  const reason = error instanceof Error ? error.message : 'unreadable';
  return new Problem(
    400,
    'broken_compression',
    `the ${encoding} body cannot be read: ${reason}; nothing was taken`,
  );
};
