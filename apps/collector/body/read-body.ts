import type { IncomingMessage } from 'node:http';
import { Problem } from '../problem.js';

/**
 * The body as sent.
 * @param grow told each piece's size before it is kept; it may throw to stop reading
 * @throws Problem 413 beyond `maxBytes`, 400 when the sender breaks off; and what `grow` throws
 */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
  grow: (bytes: number) => void,
): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > maxBytes) throw tooLarge(maxBytes);
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    // Leaving the loop must not destroy the socket: the sender is still to read why.
    for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      grow(part.length);
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(400, 'broken_off', 'the body ended early; nothing was taken', {}, { cause: error });
  }
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts, bytes);
}

const tooLarge = (maxBytes: number): Problem =>
  new Problem(413, 'too_large', `the body is larger than ${maxBytes} bytes; send smaller batches`);
