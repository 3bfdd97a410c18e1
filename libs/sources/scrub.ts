/** What may name a person or a host in a log line, and what stands there instead. Order matters. */
const SCRUBS: readonly (readonly [RegExp, string])[] = [
  [/\bS-1-(?:5-21|12-1)(?:-\d+)+/gi, '<sid>'],
  [
    /([\\/](?:users|documents and settings|profiles)[\\/])(?!public\b|default\b|all users\b|<)[^\\/\r\n'"|<>]{1,64}/gi,
    '$1<user>',
  ],
  [/\\\\(?![?.]\\)[a-z0-9][\w.-]{0,62}(?=\\)/gi, '\\\\<host>'],
  [/\b(https?:\/\/)(?:[^\s/@'"]+@)?[^\s/:'"<>]+/gi, '$1<host>'],
  [/\b(?:desktop|laptop|win)-[a-z0-9]{7,11}\b/gi, '<host>'],
  [
    /\b((?:user ?name|account|computer ?name|machine ?name|host ?name|user)\s*[:=]\s*)(?!\(null\))['"]?[^\s,;'"\])]{1,64}/gi,
    '$1<name>',
  ],
  [/\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+/g, '<mail>'],
];

/** The line without user names, SIDs, host names, profile paths and mail addresses. Keeps codes, packages and system paths. */
export function scrubLine(line: string): string {
  return SCRUBS.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), line);
}

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
