import { boundedMemo } from '../bounded-memo.js';
import { symbolOf } from '../codes/code-symbols.js';
import { hresultOf, unwrapCode } from '../codes/canonical-code.js';
import type { InnerError } from '../report.js';
import { isWrapperCode } from './wrapper-codes.js';

export interface InnerCause {
  /** `1058 (win32)`, `0xc0000102 (ntstatus)`, `0x80041014 (hresult)`. */
  readonly text: string;
  readonly symbol: string | null;
}

/** The kind nearer to the system call that failed is nearer to the cause. */
const NEARNESS = { ntstatus: 0, win32: 1, hresult: 2 } as const;

/**
 * The one inner error that names the cause best, or null: not the outer code said again, no success, no wrapper
 * while something better is there. An HRESULT that carries a win32 error or an NTSTATUS counts as what it carries,
 * because sources spell the same error either way. Which of several is chosen does not depend on their order.
 */
export function innerCauseOf(outerCode: string, innerErrors: readonly InnerError[]): InnerCause | null {
  if (innerErrors.length === 0) return null;
  const outer = candidateOf(outerCode, 'hresult');
  let best: Candidate | null = null;
  for (const { code, kind } of innerErrors) {
    const candidate = candidateOf(code, kind);
    if (candidate.isSuccess || candidate.text === outer.text) continue;
    if (best === null || isNearer(candidate, best)) best = candidate;
  }
  return best;
}

/** An error as it stands in the comparison. */
interface Candidate extends InnerCause {
  readonly code: string;
  readonly isSuccess: boolean;
  /** Nearest to the cause first. */
  readonly rank: number;
}

/** The same few codes come again and again. */
const candidates = boundedMemo<Candidate>(20_000);

function candidateOf(written: string, writtenKind: InnerError['kind']): Candidate {
  return candidates(`${writtenKind}${written}`, () => {
    const unwrapped = unwrapCode(written, writtenKind);
    const { code, kind } = unwrapped;
    return {
      code,
      text: kind === 'win32' ? `${Number(code)} (win32)` : `${code} (${kind})`,
      symbol: symbolOf(code, kind),
      isSuccess: Number(code) === 0,
      rank: NEARNESS[kind] + (isWrapperCode(hresultOf(unwrapped)) ? 10 : 0),
    };
  });
}

const isNearer = (left: Candidate, right: Candidate): boolean =>
  left.rank === right.rank ? left.code < right.code : left.rank < right.rank;
