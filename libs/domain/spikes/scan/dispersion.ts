import { lnProbability } from '../beta-binomial.js';
import type { ScanReport } from './reports.js';
import { ANY } from './scope.js';
import type { WindowCells } from './window-cells.js';

/** Squared coefficients of variation to choose from, from calm to wild. */
const CHOICES = [0.15, 0.3, 0.6, 1.2, 2.4] as const;
export const USUAL_C2 = 0.3;
/** How much better another choice must have predicted, in natural logarithms. */
const PREFERENCE = 5;
const DAYS = 28;

/** How much the true rates vary from day to day: the choice that best predicted the daily counts of the last 28 days. */
export class Dispersion {
  private readonly days: (readonly number[])[] = [];

  /**
   * Takes the counts of a day in, of every bank and signature.
   * @param isTold whether an alert tells the failure: incidents are no variation from day to day
   */
  learn(
    day: WindowCells,
    banks: Iterable<string>,
    signatures: Iterable<string>,
    isTold: (failure: ScanReport) => boolean,
  ): void {
    const lnLikelihoods = CHOICES.map(() => 0);
    const known = [...signatures];
    for (const bank of banks) {
      for (const signature of known) {
        const told = day.told(signature, { bank, build: ANY, kb: ANY });
        if (told.installs === 0 || told.baselineFailed === 0) continue;
        const devices = new Set<string>();
        for (const failure of day.failures.get(signature) ?? [])
          if (failure.bank === bank && !isTold(failure)) devices.add(failure.device);
        const failed = Math.min(devices.size, told.installs);
        CHOICES.forEach((c2, index) => {
          lnLikelihoods[index] = (lnLikelihoods[index] ?? 0) + lnProbability({ ...told, failed, c2 });
        });
      }
    }
    this.days.push(lnLikelihoods);
    if (this.days.length > DAYS) this.days.shift();
  }

  get c2(): number {
    let [best, bestScore] = [USUAL_C2, -Infinity];
    CHOICES.forEach((c2, index) => {
      const lnLikelihood = this.days.reduce((sum, day) => sum + (day[index] ?? 0), 0);
      const score = lnLikelihood + (c2 === USUAL_C2 ? PREFERENCE : 0);
      if (score > bestScore) [best, bestScore] = [c2, score];
    });
    return this.days.length === 0 ? USUAL_C2 : best;
  }
}
