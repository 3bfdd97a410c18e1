/** Offsets of all partitions of a topic as one lmdb value: f64, little endian (exact up to 2^53). */
export function encodeOffsets(offsets: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(offsets.length * 8);
  offsets.forEach((offset, partition) => bytes.writeDoubleLE(offset, partition * 8));
  return bytes;
}

export function decodeOffsets(bytes: Buffer): number[] {
  const offsets: number[] = [];
  for (let at = 0; at + 8 <= bytes.length; at += 8) offsets.push(bytes.readDoubleLE(at));
  return offsets;
}
