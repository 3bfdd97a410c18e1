import { lnTail } from './beta-binomial.js';
import {
  DISPERSION_C2,
  LEARNING_RATE,
  MAX_RATE,
  MIN_DEVICES,
  PAGE_BUDGET_A_WEEK,
  looksAWeek,
} from './constants.js';

/** A signature as the watch carries it. */
export interface WatchedSignature {
  readonly id: string;
  readonly l1: string;
  readonly l2: string;
  readonly l3: string;
  readonly fineness: number;
  readonly reason: string;
}

/**
 * Counts of one bank × signature at watch time T, by arrival: (T − 24 h, T] against (T − 28 d − 72 h, T − 72 h].
 * Failures and installs are distinct device × KB pairs.
 */
export interface SeriesCounts {
  readonly bank: string;
  readonly signature: WatchedSignature;
  readonly failed: number;
  readonly installs: number;
  readonly baselineFailed: number;
  readonly baselineInstalls: number;
  readonly topBuild: string;
  readonly topKb: string;
  readonly branches: readonly string[];
  /** ISO UTC. */
  readonly firstArrival: string;
  /** When the third distinct device arrived; null when there are fewer. */
  readonly thirdArrival: string | null;
}

export type Tier = 'page' | 'ticket';

/** One series judged at one look. */
export interface JudgedSeries extends SeriesCounts {
  /** Expected share of installs that fail, learnt from the baseline; above 0 even when that is empty. */
  readonly rate: number;
  readonly expected: number;
  /** ln P(at least `failed` | expected). */
  readonly lnP: number;
  /** The alarm budget's bound on lnP for this series. */
  readonly threshold: number;
  /** Enough devices and too unlikely: a spike. */
  readonly spikes: boolean;
  readonly tier: Tier;
}

export interface Look {
  /** Watch time T, ms. */
  readonly atMs: number;
  readonly series: readonly JudgedSeries[];
}

/**
 * Judges every series at watch time `atMs`. While a bank is `learning` the verdict is provisional, only worth a ticket,
 * and the little that is known is not taken for its usual rate. Each bank has its own alarm budget, divided among its
 * signatures, so a small bank with few of them is the more sensitive one.
 */
export function lookAt(
  series: readonly SeriesCounts[],
  atMs: number,
  learning: (bank: string) => boolean,
): Look {
  const watchedOfBank = new Map<string, number>();
  for (const { bank } of series) watchedOfBank.set(bank, (watchedOfBank.get(bank) ?? 0) + 1);
  return {
    atMs,
    series: series.map((counts) => judge(counts, watchedOfBank.get(counts.bank) ?? 1, learning(counts.bank))),
  };
}

function judge(counts: SeriesCounts, watched: number, provisional: boolean): JudgedSeries {
  const rate = provisional ? learningRate(counts) : usualRate(counts);
  // A failure may be counted a moment before its install is; the statistic needs k of n.
  const installs = Math.max(counts.installs, counts.failed);
  const expected = installs * rate;
  const lnP = installs === 0 ? 0 : lnTail({ ...counts, installs, expected, c2: DISPERSION_C2 });
  const threshold = Math.log(PAGE_BUDGET_A_WEEK / (looksAWeek(counts.failed) * watched));
  const enoughDevices = counts.failed >= MIN_DEVICES && counts.thirdArrival !== null;
  return {
    ...counts,
    installs,
    rate,
    expected,
    lnP,
    threshold,
    spikes: enoughDevices && lnP <= threshold,
    tier: provisional ? 'ticket' : 'page',
  };
}

/** Half a failure in one more install: a code never seen before has a small expectation, not none. */
const usualRate = ({ baselineFailed, baselineInstalls }: SeriesCounts): number =>
  Math.min(MAX_RATE, (baselineFailed + 0.5) / (baselineInstalls + 1));

/** The same half failure in as many installs as make it `LEARNING_RATE`, which is also the least. */
const learningRate = ({ baselineFailed, baselineInstalls }: SeriesCounts): number =>
  Math.max(LEARNING_RATE, (baselineFailed + 0.5) / (baselineInstalls + 0.5 / LEARNING_RATE));
