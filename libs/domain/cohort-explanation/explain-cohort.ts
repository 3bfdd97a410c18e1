import { combineRows } from './attribute-combinations.js';
import type { Combinations } from './attribute-combinations.js';
import { cellsOf } from './cells.js';
import type { Cell } from './cells.js';
import type { AttributeValue, CohortRow, Tally } from './cohort-row.js';
import { FEWEST_FAILED, LEAST_RISK_RATIO, LEAST_SCORE, MOST_CAUSES } from './constants.js';
import { dispersionOutside } from './dispersion.js';
import { lnLikelihoodRatio } from './likelihood-ratio.js';

/** What failing devices have in common, and the figures that say so. */
export interface Cause extends Tally {
  /** One or two attribute values; devices with all of them are meant. */
  readonly values: readonly AttributeValue[];
  /** The devices these are compared with: all others of which the same attributes are known. */
  readonly comparison: Tally;
  /** How many times more often these fail than the comparison; null when nobody there failed. */
  readonly riskRatio: number | null;
  /** ln of the odds for this cause, after the penalty for having looked at so many. */
  readonly score: number;
  /** Other values that select exactly the same devices: nothing here tells which of them it is. */
  readonly indistinguishable: readonly (readonly AttributeValue[])[];
}

export interface CohortExplanation extends Tally {
  /** Best first; empty = no common cause. */
  readonly causes: readonly Cause[];
  /** How many times more banks and builds differ than by chance; every score was divided by it. */
  readonly dispersion: number;
}

interface ScoredCell extends Cell {
  readonly score: number;
}

/**
 * Up to three causes of one or two attribute values, or none. A cell's score is its log-likelihood ratio against the
 * rest, divided by the dispersion between banks and builds, less ln of the number of cells of its order with enough
 * failures to be reported (the more that could have stood out, the less it means that one did). Never throws; neither the order of rows nor how devices are
 * split among equal rows matters.
 */
export function explainCohort(rows: readonly CohortRow[]): CohortExplanation {
  const combined = combineRows(rows);
  const total = tallyOf(combined.combinations);
  const orders = [cellsOf(combined, 1), cellsOf(combined, 2)].map((cells) =>
    cells.filter(({ failed }) => failed >= FEWEST_FAILED),
  );
  const scored = (dispersion: number): ScoredCell[] =>
    orders
      .flatMap((cells) =>
        cells.filter(standsOut).map((cell) => ({
          ...cell,
          score: lnLikelihoodRatio(cell, cell.comparison) / dispersion - Math.log(cells.length),
        })),
      )
      .sort(bestFirst);
  const best = scored(1)[0];
  if (!best) return { ...total, causes: [], dispersion: 1 };
  const dispersion = dispersionOutside(combined, best.valueIds);
  const convincing = scored(dispersion).filter(({ score }) => score >= LEAST_SCORE);
  return { ...total, causes: distinctCauses(convincing, combined), dispersion };
}

/** Whether its risk ratio is large enough; without a division, as nobody of the comparison may have failed. */
function standsOut({ devices, failed, comparison }: Cell): boolean {
  return (
    comparison.devices > 0 && failed * comparison.devices >= LEAST_RISK_RATIO * comparison.failed * devices
  );
}

/** By score; where that is the same, what needs fewer words, then by name. */
function bestFirst(left: ScoredCell, right: ScoredCell): number {
  const [leftFirst = 0, leftSecond = -1] = left.valueIds;
  const [rightFirst = 0, rightSecond = -1] = right.valueIds;
  return (
    right.score - left.score ||
    left.valueIds.length - right.valueIds.length ||
    leftFirst - rightFirst ||
    leftSecond - rightSecond
  );
}

/** The first three that select different devices. A pair that selects what one value selects says nothing more. */
function distinctCauses(cells: readonly ScoredCell[], combined: Combinations): readonly Cause[] {
  const kept: { readonly cell: ScoredCell; readonly same: ScoredCell[] }[] = [];
  for (const cell of cells) {
    const twin = kept.find((one) => selectSameDevices(one.cell, cell, combined));
    if (!twin && kept.length < MOST_CAUSES) kept.push({ cell, same: [] });
    if (twin?.cell.valueIds.length === cell.valueIds.length) twin.same.push(cell);
  }
  const named = ({ valueIds }: Cell): readonly AttributeValue[] =>
    valueIds.flatMap((id) => combined.values[id] ?? []);
  return kept.map(({ cell, same }) => ({
    values: named(cell),
    devices: cell.devices,
    failed: cell.failed,
    comparison: cell.comparison,
    riskRatio: riskRatioOf(cell),
    score: cell.score,
    indistinguishable: same.map(named),
  }));
}

function selectSameDevices(left: Cell, right: Cell, { combinations }: Combinations): boolean {
  if (left.devices !== right.devices || left.failed !== right.failed) return false;
  return combinations.every(
    ({ valueIds }) =>
      left.valueIds.every((id) => valueIds.includes(id)) ===
      right.valueIds.every((id) => valueIds.includes(id)),
  );
}

function riskRatioOf({ devices, failed, comparison }: Cell): number | null {
  if (comparison.failed === 0) return null;
  return failed / devices / (comparison.failed / comparison.devices);
}

function tallyOf(tallies: readonly Tally[]): Tally {
  return {
    devices: tallies.reduce((sum, { devices }) => sum + devices, 0),
    failed: tallies.reduce((sum, { failed }) => sum + failed, 0),
  };
}
