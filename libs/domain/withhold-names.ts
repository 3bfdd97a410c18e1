/** Words in the name of a field that is likely to hold the name of a PC or a person. */
const NAMING_WORDS: ReadonlySet<string> = new Set(
  (
    'host hostname fqdn computer computername machine machinename devicename workstation server ' +
    'user username account owner login logon person email mail phone sid serial serialnumber ip ipaddress mac macaddress'
  ).split(' '),
);

export const WITHHELD = '(withheld)';

/**
 * Unknown fields as they may enter the log: no name enters it (contract §1), and an unknown field may hold one, so
 * the value of a field whose own name says so is withheld, at any depth. Its field name stays, so that it is seen
 * what a sender sends.
 */
export function withholdNames(extra: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(extra).map(([path, value]) => [
      path,
      isNamingField(path) ? WITHHELD : withholdInside(value),
    ]),
  );
}

function withholdInside(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withholdInside);
  return value !== null && typeof value === 'object' ? withholdNames({ ...value }) : value;
}

/** True for the name of a field that is likely to hold the name of a PC or a person. */
export function isNamingField(path: string): boolean {
  const field = path.slice(path.lastIndexOf('.') + 1);
  const words = field.split(/(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+/).map((word) => word.toLowerCase());
  return words.some((word) => NAMING_WORDS.has(word)) || NAMING_WORDS.has(words.join(''));
}
