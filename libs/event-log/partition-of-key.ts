const SEED = 0x9747b28c;
const MIX = 0x5bd1e995;

/**
 * The partition of a message key: murmur2 over its UTF-8 bytes, the sign bit cut, modulo the partition count. This is
 * what Kafka's default partitioner does (org.apache.kafka.common.utils.Utils.murmur2), so that a log copied from lmdb
 * to Kafka keeps every key in its partition.
 */
export function partitionOfKey(key: string, partitions: number): number {
  if (partitions === 1) return 0;
  return (murmur2(key) & 0x7fffffff) % partitions;
}

/** Signed 32-bit murmur2 of the UTF-8 bytes of `text`, with Kafka's seed. */
export function murmur2(text: string): number {
  // Keys are nearly always ASCII, and then their characters are their bytes: nothing to encode on the hot path.
  return isAscii(text)
    ? murmur2OfLatin1(text)
    : murmur2OfLatin1(Buffer.from(text, 'utf8').toString('latin1'));
}

function isAscii(text: string): boolean {
  let bits = 0;
  for (let index = 0; index < text.length; index++) bits |= text.charCodeAt(index);
  return bits < 0x80;
}

/** `text` holds one byte a character. */
function murmur2OfLatin1(text: string): number {
  const length = text.length;
  let hash = SEED ^ length;
  let index = 0;
  for (; index + 4 <= length; index += 4) {
    let word =
      text.charCodeAt(index) |
      (text.charCodeAt(index + 1) << 8) |
      (text.charCodeAt(index + 2) << 16) |
      (text.charCodeAt(index + 3) << 24);
    word = Math.imul(word, MIX);
    word ^= word >>> 24;
    hash = Math.imul(hash, MIX) ^ Math.imul(word, MIX);
  }
  const rest = length - index;
  if (rest === 3) hash ^= text.charCodeAt(index + 2) << 16;
  if (rest >= 2) hash ^= text.charCodeAt(index + 1) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ text.charCodeAt(index), MIX);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MIX);
  return hash ^ (hash >>> 15);
}
