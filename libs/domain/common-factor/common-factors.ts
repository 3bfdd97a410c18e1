/** One attempt, or one device of a cohort: how it ended and what it named. */
export interface Observation {
  readonly failed: boolean;
  /** Of a failure; '' when none was told. */
  readonly code: string;
  readonly factors: ReadonlySet<string>;
}

/** Something that failures share and successes do not. */
export interface CommonFactor {
  readonly factor: string;
  readonly failures: number;
  readonly failuresWith: number;
  readonly successes: number;
  readonly successesWith: number;
  /** Distinct codes of the failures that have it: more than one says what no code says. */
  readonly codes: readonly string[];
  /** 0 = tells nothing, above 1 = nearly all failures and nearly no success have it. */
  readonly score: number;
}

/** One failure has something in common with itself only. */
const FEWEST_FAILURES = 2;

/**
 * What failures have in common beyond their code, most telling first: how much more often failures have it than
 * successes (log2 of the smoothed shares), weighed by the share of failures that have it. With half a case added on
 * each side nothing is certain out of two attempts, and without any success a factor still says something. The order
 * of observations means nothing.
 */
export function commonFactors(observations: readonly Observation[]): readonly CommonFactor[] {
  const failed = observations.filter((observation) => observation.failed);
  const succeeded = observations.filter((observation) => !observation.failed);
  const found: CommonFactor[] = [];
  for (const factor of new Set(failed.flatMap(({ factors }) => [...factors]))) {
    const having = failed.filter(({ factors }) => factors.has(factor));
    if (having.length < FEWEST_FAILURES) continue;
    const successesWith = succeeded.filter(({ factors }) => factors.has(factor)).length;
    const amongFailures = smoothedShare(having.length, failed.length);
    const amongSuccesses = smoothedShare(successesWith, succeeded.length);
    const score = amongFailures * Math.log2(amongFailures / amongSuccesses);
    if (score <= 0) continue;
    found.push({
      factor,
      failures: failed.length,
      failuresWith: having.length,
      successes: succeeded.length,
      successesWith,
      codes: [...new Set(having.map(({ code }) => code).filter((code) => code !== ''))].sort(),
      score: Math.round(score * 1000) / 1000,
    });
  }
  return found.sort(
    (left, right) =>
      right.score - left.score ||
      right.codes.length - left.codes.length ||
      (left.factor < right.factor ? -1 : 1),
  );
}

const smoothedShare = (having: number, all: number): number => (having + 0.5) / (all + 1);
