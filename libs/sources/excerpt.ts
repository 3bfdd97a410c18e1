import { scrubLine } from '#domain/scrub.js';

const EXCERPT_LINES = 16;
const EXCERPT_CHARACTERS = 4096;
const LINE_CHARACTERS = 600;

/** Up to 4 KB of scrubbed lines (contract.md §2): the first lines hold the cause, so the end is what falls away. */
export function excerptOf(lines: readonly string[]): string[] {
  const excerpt: string[] = [];
  let room = EXCERPT_CHARACTERS;
  for (const line of lines.slice(0, EXCERPT_LINES)) {
    const text = scrubLine(line).slice(0, Math.min(LINE_CHARACTERS, room));
    if (text === '') continue;
    excerpt.push(text);
    room -= Buffer.byteLength(text);
    if (room <= 0) break;
  }
  return excerpt;
}
