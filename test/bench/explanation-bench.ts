import { existsSync } from 'node:fs';
import { explainCohort } from '#domain/cohort-explanation/explain-cohort.js';
import type { BenchResult, BenchRun, Skipped } from './bench-run.js';
import { readIncidents, scoreExplanations } from './explanation-score.js';
import { figure, percentile, round } from './figure.js';

/** Explains every cohort of a folder and scores the answers by the rules of the spike corpus, section 6. */
export function benchExplanation({ note }: BenchRun, directory: string): BenchResult | Skipped {
  const incidents = existsSync(directory) ? readIncidents(directory) : [];
  if (incidents.length === 0) return { skipped: `no cohort-*.devices.csv.gz in ${directory}` };
  const score = scoreExplanations(incidents);
  const { single, pair, none } = score.incidents;
  const timesMs = incidents.map(({ rows }) => {
    const start = performance.now();
    explainCohort(rows);
    return performance.now() - start;
  });
  const right = score.right.single + score.right.pair;
  note(
    `explanation: ${right} of ${single + pair} causes named first, ${score.right.none} of ${none} without one`,
  );
  const share = (count: number, of: number, floor: number) =>
    figure('share of incidents', [of === 0 ? 0 : count / of], { floor });
  return {
    figures: {
      topOne: share(right, single + pair, 0.86),
      pairs: share(score.right.pair, pair, 39 / 48),
      topThree: share(score.rightInThree, single + pair, 0.93),
      none: share(score.right.none, none, 22 / 35),
      explanation: figure('ms, median', [percentile(timesMs, 0.5)]),
    },
    details: {
      directory,
      ...score,
      exactShare: round(score.exact / (single + pair)),
      longestMs: round(Math.max(...timesMs)),
    },
  };
}
