/** Where something happens: a value, or `*` for any. */
export interface Scope {
  readonly bank: string;
  readonly build: string;
  readonly kb: string;
}

export const ANY = '*';

/** The eight groupings of bank, build and KB, as what each keeps. */
const GROUPINGS = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => ({
  bank: (bits & 1) > 0,
  build: (bits & 2) > 0,
  kb: (bits & 4) > 0,
}));

/** The eight scopes that hold a leaf: itself, and every one with some of its values left open. */
export const scopesOf = ({ bank, build, kb }: Scope): Scope[] =>
  GROUPINGS.map((keep) => ({
    bank: keep.bank ? bank : ANY,
    build: keep.build ? build : ANY,
    kb: keep.kb ? kb : ANY,
  }));

export const scopeId = ({ bank, build, kb }: Scope): string => `${bank}|${build}|${kb}`;

const holdsValue = (outer: string, inner: string): boolean => outer === ANY || outer === inner;

/** Whether `inner` lies within `outer` (equal counts). */
export const holds = (outer: Scope, inner: Scope): boolean =>
  holdsValue(outer.bank, inner.bank) &&
  holdsValue(outer.build, inner.build) &&
  holdsValue(outer.kb, inner.kb);

/** How many of the three values are fixed. */
export const fixedValues = ({ bank, build, kb }: Scope): number =>
  Number(bank !== ANY) + Number(build !== ANY) + Number(kb !== ANY);

/** What two scopes have in common; null when nothing. */
export function overlap(left: Scope, right: Scope): Scope | null {
  const value = (a: string, b: string): string | null => (a === ANY ? b : b === ANY || a === b ? a : null);
  const [bank, build, kb] = [
    value(left.bank, right.bank),
    value(left.build, right.build),
    value(left.kb, right.kb),
  ];
  return bank === null || build === null || kb === null ? null : { bank, build, kb };
}

/** Rates are shared by builds of one release of Windows: `19044` of `19044.2520`. */
export const familyOf = (build: string): string => {
  const dot = build.indexOf('.');
  return dot < 0 ? build : build.slice(0, dot);
};
