import gammaln from '@stdlib/math-base-special-gammaln';

/** What is asked of the statistic: `failed` of `installs` in the window, against what the past lets expect. */
export interface TailQuestion {
  /** Distinct device × KB pairs that failed, k. */
  readonly failed: number;
  /** Pairs that tried, n. */
  readonly installs: number;
  /** Failures expected among these installs, mu > 0. */
  readonly expected: number;
  /** Failures the expectation was learnt from, f: few of them make the tail heavier. */
  readonly baselineFailed: number;
  /** Squared coefficient of variation of the true rate from day to day. */
  readonly c2: number;
}

/** Expected shares above this are cut: a beta distribution needs room below 1. */
const MAX_SHARE = 0.95;
/** Above this Stirling's series with three terms is exact to the last bits, and differences no longer cancel. */
const STIRLING_FROM = 1_000;
/** The rest of the sum is left out when it cannot move the last bit. */
const NEGLIGIBLE = 1e-17;

const stirlingRest = (z: number): number => (1 / 12 - (1 / 360 - 1 / (1260 * z * z)) / (z * z)) / z;

/** ln Γ(z + d) − ln Γ(z) for z > 0, d >= 0. Not the difference of two huge numbers when z is large. */
function lnGammaRatio(z: number, d: number): number {
  if (z < STIRLING_FROM) return gammaln(z + d) - gammaln(z);
  return (z + d - 0.5) * Math.log1p(d / z) + d * Math.log(z) - d + stirlingRest(z + d) - stirlingRest(z);
}

/**
 * ln P(K >= failed) for K ~ BetaBinomial(installs, a, b) with mean `expected`:
 * a = 1 / (c2 + 1 / (f + 2)), p = min(0.95, mu / n), b = a (1 − p) / p; 0 when failed <= expected.
 * Stays a logarithm throughout, so a tail of e^−5000 is as exact as one of 0.1.
 * Source: the "SMR scan", step 6 (golden values in the spike corpus).
 * @throws RangeError when counts are no whole numbers, failed > installs, or expected is not above 0
 */
export function lnTail(question: TailQuestion): number {
  return lnTailUpTo(question, 0) ?? 0;
}

/**
 * `lnTail`, or null when it is above `most`. The tail is at least its first term: what that alone rules out, which is
 * nearly everything a look asks about, costs no sum.
 * @throws RangeError as `lnTail`
 */
export function lnTailUpTo(question: TailQuestion, most: number): number | null {
  checkQuestion(question);
  const { failed: k, installs: n, expected } = question;
  if (k <= expected) return most < 0 ? null : 0;
  const { a, b } = shapeOf(question);
  const lnFirst = lnExactly(k, n, a, b);
  if (lnFirst > most) return null;
  const lnP = Math.min(0, lnFirst + Math.log(tailInFirstTerms(k, n, a, b)));
  return lnP > most ? null : lnP;
}

/**
 * ln P(K = failed) of the same distribution.
 * @throws RangeError as `lnTail`
 */
export function lnProbability(question: TailQuestion): number {
  checkQuestion(question);
  const { a, b } = shapeOf(question);
  return Math.min(0, lnExactly(question.failed, question.installs, a, b));
}

function shapeOf({ installs, expected, baselineFailed, c2 }: TailQuestion): { a: number; b: number } {
  const a = 1 / (c2 + 1 / (baselineFailed + 2));
  const p = Math.min(MAX_SHARE, expected / installs);
  return { a, b: (a * (1 - p)) / p };
}

function lnExactly(k: number, n: number, a: number, b: number): number {
  return (
    lnGammaRatio(a, k) -
    gammaln(k + 1) +
    lnGammaRatio(n - k + 1, k) -
    lnGammaRatio(a + b + n - k, k) +
    lnGammaRatio(b, a) -
    lnGammaRatio(b + n - k, a)
  );
}

function checkQuestion(question: TailQuestion): void {
  const { failed: k, installs: n, expected, baselineFailed, c2 } = question;
  if (!Number.isSafeInteger(k) || !Number.isSafeInteger(n) || k < 0 || k > n)
    throw new RangeError(`failed must be a whole number from 0 to installs, got ${k} of ${n}`);
  if (!(expected > 0) || !(baselineFailed >= 0) || !(c2 >= 0))
    throw new RangeError(
      `expected must be above 0 and baselineFailed, c2 not below 0, got ${expected}, ${baselineFailed}, ${c2}`,
    );
}

/** P(K >= k) / P(K = k), summed from the ratios of neighbouring terms. */
function tailInFirstTerms(k: number, n: number, a: number, b: number): number {
  let term = 1;
  let sum = 1;
  for (let j = k; j < n; j++) {
    term *= ((n - j) / (j + 1)) * ((j + a) / (n - j - 1 + b));
    sum += term;
    // With b < 1 the terms may grow again towards n, so only then every one is looked at.
    if (b >= 1 && term * (n - j) < NEGLIGIBLE * sum) break;
  }
  return sum;
}
