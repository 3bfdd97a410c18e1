import type { FailureParts } from './signature.js';
import { isWrapperCode } from './wrapper-codes.js';

/** A code that names no cause: a wrapper, or none at all. It gives way inside its own attempt only. */
export const namesNoCause = (code: string): boolean => code === 'unknown' || isWrapperCode(code);

/**
 * Whether failure `finer` tells the same as `coarse` and more, so that `coarse` is no failure of its own
 * (contract.md §3): its code is the finer one's code, the code the user was shown for it, or a wrapper in the same
 * attempt; every other part it knows is equal; and the finer one knows strictly more. Both must lie in one episode.
 * A strict order: no two failures supersede each other, in any chain.
 */
export function supersedes(finer: FailureParts, coarse: FailureParts, inSameAttempt: boolean): boolean {
  const explained =
    coarse.code === finer.code ||
    (coarse.code === finer.reported && finer.reported !== '') ||
    (inSameAttempt && namesNoCause(coarse.code));
  if (!explained) return false;
  return (
    agrees(coarse.stage, finer.stage) &&
    agrees(coarse.failureSource, finer.failureSource) &&
    agrees(coarse.inner, finer.inner) &&
    agrees(coarse.object, finer.object) &&
    compareKnowledge(finer, coarse) > 0
  );
}

/** > 0 when `left` knows more: more parts, then a code that names a cause, then also the code shown to the user. */
export function compareKnowledge(left: FailureParts, right: FailureParts): number {
  return (
    knownParts(left) - knownParts(right) ||
    codeWeight(left.code) - codeWeight(right.code) ||
    Number(left.reported !== '') - Number(right.reported !== '')
  );
}

const agrees = (coarse: string, finer: string): boolean => coarse === '' || coarse === finer;

function knownParts({ stage, failureSource, inner, object }: FailureParts): number {
  return Number(stage !== '') + Number(failureSource !== '') + Number(inner !== '') + Number(object !== '');
}

function codeWeight(code: string): number {
  if (code === 'unknown') return 0;
  return isWrapperCode(code) ? 1 : 2;
}
