type Scrub = readonly [RegExp, string];

const SID: Scrub = [/\bS-1-(?:5-21|12-1)(?:-\d+)+/gi, '<sid>'];
const PROFILE: Scrub = [
  /([\\/](?:users|documents and settings|profiles)[\\/])(?!public\b|default\b|all users\b|<)[^\\/\r\n'"|<>]{1,64}/gi,
  '$1<user>',
];
const SHARE: Scrub = [/\\\\(?![?.]\\)[a-z0-9][\w.-]{0,62}(?=\\)/gi, '\\\\<host>'];

/** What may name a person or a host in a log line, and what stands there instead. Order matters. */
const LINE_SCRUBS: readonly Scrub[] = [
  SID,
  PROFILE,
  SHARE,
  [/\b(https?:\/\/)(?:[^\s/@'"]+@)?[^\s/:'"<>]+/gi, '$1<host>'],
  [/\b(?:desktop|laptop|win)-[a-z0-9]{7,11}\b/gi, '<host>'],
  [
    /\b((?:user ?name|account|computer ?name|machine ?name|host ?name|user)\s*[:=]\s*)(?!\(null\))['"]?[^\s,;'"\])]{1,64}/gi,
    '$1<name>',
  ],
  [/\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+/g, '<mail>'],
];

/**
 * For the name or path of a component, file, service or task. Less than a line loses: what looks like a made-up host
 * name must hold a digit, because components are called `…Desktop-Services…`.
 */
const OBJECT_SCRUBS: readonly Scrub[] = [
  SID,
  PROFILE,
  SHARE,
  [/\b(?:desktop|laptop|win)-(?=[a-z]*\d)[a-z0-9]{7,11}\b/gi, '<host>'],
];

const MOST_ROUNDS = 8;

/** Until nothing is left to find: taking one out may bring another to light. */
function apply(scrubs: readonly Scrub[], text: string): string {
  let safe = text;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const before = safe;
    for (const [pattern, replacement] of scrubs) safe = safe.replace(pattern, replacement);
    if (safe === before) break;
  }
  return safe;
}

/** The line without user names, SIDs, host names, profile paths and mail addresses. Keeps codes, packages and system paths. */
export const scrubLine = (line: string): string => apply(LINE_SCRUBS, line);

/** The name or path of a failing object without SIDs, profile names and hosts. */
export const scrubObjectText = (text: string): string => apply(OBJECT_SCRUBS, text);

const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;

/** Takes every mention of one name out of a text, in any case. */
export type NameScrub = (text: string) => string;
const NO_NAME: NameScrub = (text) => text;

/**
 * For the name of a device: also without its domain, and with any domain behind it. One label behind it may as well be
 * the extension of a file, so it goes only when the device was sent under it.
 * @param deviceName as sent; undefined or blank = there is nothing to take out
 */
export function scrubDeviceName(deviceName: string | undefined): NameScrub {
  const whole = deviceName?.trim().toLowerCase() ?? '';
  const dot = IPV4.test(whole) ? -1 : whole.indexOf('.');
  const label = dot > 0 ? whole.slice(0, dot) : whole;
  const domain = whole.slice(label.length);
  const sentDomain = domain === '' ? '' : `|${escape(domain)}(?![\\p{L}\\p{N}])`;
  return scrubWord(label, `(?:(?:\\.[\\p{L}\\p{N}][\\p{L}\\p{N}-]*){2,}${sentDomain})?`, '<host>');
}

/** For the user whose profile a path lies in: that name anywhere else. Nothing for a text without a profile. */
export function scrubProfileOwner(text: string): NameScrub {
  const owner = /[\\/](?:users|documents and settings|profiles)[\\/]([^\\/\r\n'"|<>]{2,64})/i.exec(text)?.[1];
  return scrubWord(owner?.trim().toLowerCase() ?? '', '', '<user>');
}

const escape = (text: string): string => text.replace(/[\^$\\.*+?()[\]{}|/]/g, '\\$&');

/** Whole words only: `pc-1` is not in `pc-12`. */
function scrubWord(word: string, tail: string, replacement: string): NameScrub {
  if (word === '' || SHARED_PROFILES.has(word)) return NO_NAME;
  let mention: RegExp | undefined;
  return (text) => {
    // Most texts do not hold it, and then no pattern is needed.
    if (!text.toLowerCase().includes(word)) return text;
    mention ??= new RegExp(`(?<![\\p{L}\\p{N}])${escape(word)}(?![\\p{L}\\p{N}])${tail}`, 'giu');
    return text.replace(mention, replacement);
  };
}

/** They stand for everybody. */
const SHARED_PROFILES: ReadonlySet<string> = new Set(['public', 'default', 'all users', 'default user']);
