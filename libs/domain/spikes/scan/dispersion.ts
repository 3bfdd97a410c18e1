import { lnProbability } from '../beta-binomial.js';
import { DAY_MS } from '../constants.js';
import type { WindowCells } from './cells.js';
import { groupId } from './counts.js';
import type { BaselineCounts, Failure } from './counts.js';
import { ANY } from './scope.js';

/** Squared coefficients of variation to choose from, from calm to wild. */
const CHOICES = [0.15, 0.3, 0.6, 1.2, 2.4] as const;
const USUAL_C2 = 0.3;
/** How much better another choice must have predicted, in natural logarithms. */
const PREFERENCE = 5;
const DAYS = 28;

/** The midnights (UTC) up to `atMs` whose counts choose the dispersion. */
export function dispersionDays(atMs: number): number[] {
  const last = Math.floor(atMs / DAY_MS) * DAY_MS;
  return Array.from({ length: DAYS }, (_, index) => last - (DAYS - 1 - index) * DAY_MS);
}

/** How much the true rates vary from day to day: the choice that best predicted the daily counts of the last 28 days. */
export class Dispersion {
  private readonly days = new Map<number, readonly number[]>();

  has(dayMs: number): boolean {
    return this.days.has(dayMs);
  }

  /**
   * Takes the counts of the day that ends at `dayMs` in, of every bank and code.
   * @param isTold whether an alert tells the failure: incidents are no variation from day to day
   */
  learn(
    dayMs: number,
    day: WindowCells,
    baseline: BaselineCounts,
    isTold: (failure: Failure) => boolean,
  ): void {
    const lnLikelihoods = CHOICES.map(() => 0);
    for (const bank of new Set(day.window.leaves.map((leaf) => leaf.bank))) {
      for (const code of baseline.codesOf(groupId(bank, null))) {
        const told = day.told(code, { bank, build: ANY, kb: ANY });
        if (told.installs === 0 || told.baselineFailed === 0) continue;
        const devices = new Set<string>();
        for (const failure of day.failuresOf(code))
          if (failure.bank === bank && !isTold(failure)) devices.add(failure.device);
        const failed = Math.min(devices.size, told.installs);
        CHOICES.forEach((c2, index) => {
          lnLikelihoods[index] = (lnLikelihoods[index] ?? 0) + lnProbability({ ...told, failed, c2 });
        });
      }
    }
    this.days.set(dayMs, lnLikelihoods);
    for (const known of this.days.keys()) if (known <= dayMs - DAYS * DAY_MS) this.days.delete(known);
  }

  /** The choice at a moment. */
  c2At(atMs: number): number {
    const days = dispersionDays(atMs).flatMap((dayMs) => {
      const lnLikelihoods = this.days.get(dayMs);
      return lnLikelihoods ? [lnLikelihoods] : [];
    });
    let [best, bestScore] = [USUAL_C2, -Infinity];
    if (days.length === 0) return best;
    CHOICES.forEach((c2, index) => {
      const lnLikelihood = days.reduce((sum, day) => sum + (day[index] ?? 0), 0);
      const score = lnLikelihood + (c2 === USUAL_C2 ? PREFERENCE : 0);
      if (score > bestScore) [best, bestScore] = [c2, score];
    });
    return best;
  }
}
