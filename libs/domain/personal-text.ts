/** What a text must not carry outside: whose it is, or how to get in. */
export type PersonalKind = 'secret' | 'sid' | 'profile_path' | 'host' | 'mail' | 'phone';

export interface PersonalFinding {
  readonly kind: PersonalKind;
  readonly start: number;
  readonly end: number;
}

/** Wide on purpose: a withheld word costs a question, a leaked one costs the customer. */
const PATTERNS: readonly (readonly [PersonalKind, RegExp])[] = [
  [
    'secret',
    /(?:password|passwd|passphrase|\bpwd|\bsecret|api[-_ ]?key|密码|口令|密钥)[ \t]*[:：=][ \t]*\S+/gi,
  ],
  ['secret', /\bbearer\s+[\w.~+/-]{8,}=*/gi],
  ['secret', /\brc_[\w-]{16,}/g],
  ['secret', /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g],
  [
    'secret',
    /[?&;](?:access_?token|token|sig|signature|key|code|auth|password|pwd|secret|se|sv)=[^\s&#"'<>]+/gi,
  ],
  ['secret', /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]+:[^\s/@]+@/gi],
  ['secret', /-----BEGIN [A-Z ]*PRIVATE KEY-----/g],
  ['sid', /\bS-1-(?:5-21|12-1)(?:-\d+)+/gi],
  [
    'profile_path',
    /[\\/](?:users|documents and settings|profiles)[\\/](?!public\b|default\b|all users\b|<)[^\\/\r\n'"|<>]{1,64}/gi,
  ],
  ['host', /\\\\(?![?.]\\)[a-z0-9][\w.-]{0,62}(?=\\)/gi],
  ['host', /\b(?:desktop|laptop|win)-[a-z0-9]{7,11}\b/gi],
  [
    'host',
    /(?<![\d.])(?:10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2})(?![\d.])/g,
  ],
  ['mail', /\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+/g],
  ['phone', /(?<![\w.-])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?![\w.-])/g],
  ['phone', /(?<![\w.-])0\d{2,3}[- ]\d{7,8}(?![\w-])/g],
  ['phone', /(?<![\w.])\+\d{1,3}[- ]\(?\d{1,4}\)?(?:[- ]\d{2,4}){2,4}(?!\w)/g],
];

/** Everything in the text that looks like a name, a number to call, or a secret; in order, overlaps merged. */
export function findPersonal(text: string): PersonalFinding[] {
  const found = PATTERNS.flatMap(([kind, pattern]) =>
    [...text.matchAll(pattern)].map((match) => ({
      kind,
      start: match.index,
      end: match.index + match[0].length,
    })),
  ).sort((left, right) => left.start - right.start || right.end - left.end);
  const merged: PersonalFinding[] = [];
  for (const finding of found) {
    const last = merged.at(-1);
    if (last && finding.start < last.end)
      merged[merged.length - 1] = { ...last, end: Math.max(last.end, finding.end) };
    else merged.push(finding);
  }
  return merged;
}

/**
 * The text with every finding replaced by `word`, until nothing is left to find: taking one out may bring the halves of
 * another together.
 */
export function withholdPersonal(text: string, word: string): string {
  let safe = text;
  for (let findings = findPersonal(safe); findings.length > 0; findings = findPersonal(safe)) {
    for (const { start, end } of findings.reverse()) safe = safe.slice(0, start) + word + safe.slice(end);
  }
  return safe;
}
