import { hash } from 'node:crypto';
import { base32 } from './base32.js';

/** 16 base32 characters (lower case) of SHA-256 over the parts: 80 bits, the same on every machine. */
export function shortId(parts: readonly (string | number)[]): string {
  return base32(hash('sha256', JSON.stringify(parts), 'buffer'), 16);
}
