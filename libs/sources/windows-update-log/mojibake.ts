let bytesOfCharacter: ReadonlyMap<string, number> | null = null;

/** Every character of GBK and its two bytes, from the decoder of the platform. */
function gbkBytes(): ReadonlyMap<string, number> {
  if (bytesOfCharacter !== null) return bytesOfCharacter;
  const decoder = new TextDecoder('gbk', { fatal: true });
  const known = new Map<string, number>();
  for (let lead = 0x81; lead <= 0xfe; lead++) {
    for (let trail = 0x40; trail <= 0xfe; trail++) {
      try {
        known.set(decoder.decode(Uint8Array.of(lead, trail)), (lead << 8) | trail);
      } catch {
        continue; // No character has these bytes.
      }
    }
  }
  bytesOfCharacter = known;
  return known;
}

const REPLACEMENT = '\ufffd';

/**
 * Puts right a text that was UTF-8, was read as GBK and written again (log-formats.md §4): `閫傜敤` is 适用. What was lost
 * on the way (printed as `?`) becomes U+FFFD. A text that was not spoiled in this way stays as it is: its characters
 * would make no UTF-8.
 */
export function repairMojibake(text: string): string {
  if (!/[^\0-\x7f]/.test(text)) return text;
  const bytes: number[] = [];
  let previousIsForeign = false;
  for (const character of text) {
    const code = character.charCodeAt(0);
    const known = code < 0x80 ? undefined : gbkBytes().get(character);
    if (code >= 0x80 && known === undefined) return text;
    if (known !== undefined) bytes.push(known >> 8, known & 0xff);
    // 0xff is no byte of UTF-8, so it becomes the mark of what is lost.
    else bytes.push(character === '?' && previousIsForeign ? 0xff : code);
    previousIsForeign = known !== undefined;
  }
  const repaired = new TextDecoder().decode(Uint8Array.from(bytes)).replace(/\ufffd+/g, REPLACEMENT);
  const lost = repaired.split(REPLACEMENT).length - 1;
  const question = text.split('?').length - 1;
  return /[^\0-\x7f\ufffd]/.test(repaired) && lost <= question ? repaired : text;
}
