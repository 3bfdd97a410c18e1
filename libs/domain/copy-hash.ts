import xxhash from 'xxhash-wasm';

const hasher = await xxhash();

/** When and by which collector a message was taken, as the collector writes it. */
const ARRIVAL = /"receivedAt":"[^"]*"(?:,"collector":\{[^}]*\})?/;

/**
 * Which copy of an observation a message is: 64 bits (hex) over its bytes without its arrival, so a retry is the copy
 * it repeats. Two messages that say different things differ; two that say the same in another order of fields count as
 * two copies, which changes no conclusion. XXH64, because it runs for every message: spelling the facts in a canonical
 * order and SHA-256 were a fifth of the projector's work.
 */
export function copyHashOf(message: Uint8Array): string {
  // Latin-1 gives each byte a character of its own: nothing can be lost, whatever the bytes are.
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString('latin1');
  return hasher.h64ToString(bytes.replace(ARRIVAL, ''));
}
