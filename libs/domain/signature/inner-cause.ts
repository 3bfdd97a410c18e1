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
  const outer = unwrapCode(outerCode, 'hresult');
  const candidates = innerErrors
    .map(({ code, kind }) => unwrapCode(code, kind))
    .filter(({ code, kind }) => Number(code) !== 0 && !(code === outer.code && kind === outer.kind))
    .sort((left, right) => {
      const wrapper = Number(isWrapperCode(hresultOf(left))) - Number(isWrapperCode(hresultOf(right)));
      return wrapper || NEARNESS[left.kind] - NEARNESS[right.kind] || (left.code < right.code ? -1 : 1);
    });
  const best = candidates[0];
  if (!best) return null;
  const text = best.kind === 'win32' ? `${Number(best.code)} (win32)` : `${best.code} (${best.kind})`;
  return { text, symbol: symbolOf(best.code, best.kind) };
}
