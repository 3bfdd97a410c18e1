import { KNOWN_KBS } from './kb-catalogue.js';

/** Two wrong digits are a slip of the hand; with three nearly every number has a neighbour. */
const MOST_EDITS = 2;
const MOST_OFFERED = 5;

/**
 * Known KBs that a wrong number may have been meant for: fewest wrong, missing, extra or swapped digits first, then those
 * that fit the device, then the newer number. Empty when none is within two digits.
 */
export function nearestKbs(kb: string, fits: (kb: string) => boolean): readonly string[] {
  const digits = kb.replace(/^KB/, '');
  return KNOWN_KBS.map((known) => ({ known, edits: editsBetween(digits, known.slice(2)) }))
    .filter(({ edits }) => edits <= MOST_EDITS)
    .map((near) => ({ ...near, fits: fits(near.known) }))
    .sort(
      (left, right) =>
        left.edits - right.edits ||
        Number(right.fits) - Number(left.fits) ||
        (left.known > right.known ? -1 : 1),
    )
    .slice(0, MOST_OFFERED)
    .map(({ known }) => known);
}

/** Optimal string alignment distance: digits replaced, inserted, dropped, or swapped with their neighbour. */
function editsBetween(left: string, right: string): number {
  if (Math.abs(left.length - right.length) > MOST_EDITS) return Infinity;
  let before: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const differs = left[row - 1] === right[column - 1] ? 0 : 1;
      let least = Math.min(
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + differs,
      );
      const isSwap = row > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (isSwap) least = Math.min(least, (before[column - 2] ?? 0) + 1);
      next.push(least);
    }
    [before, last] = [last, next];
  }
  return last[right.length] ?? Infinity;
}
