const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** The first `length` base32 characters (RFC 4648, lower case, no padding) of `bytes`. */
export function base32(bytes: Uint8Array, length: number): string {
  let text = '';
  let held = 0;
  let heldBits = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    heldBits += 8;
    while (heldBits >= 5 && text.length < length) {
      heldBits -= 5;
      text += ALPHABET[(held >>> heldBits) & 31] ?? '';
    }
    held &= (1 << heldBits) - 1;
  }
  if (heldBits > 0 && text.length < length) text += ALPHABET[(held << (5 - heldBits)) & 31] ?? '';
  return text;
}
