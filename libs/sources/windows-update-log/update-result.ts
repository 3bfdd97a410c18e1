import type { AttemptReport } from '#domain/attempt-event.js';
import { SUCCESS } from '../code-text.js';

/** WU_S_ALREADY_INSTALLED: a success with information. */
const ALREADY_INSTALLED = '0x00240006';
/** WU_E_UH_POSTREBOOTSTILLPENDING: done after the restart. */
const RESTART_PENDING = new Set(['0x80242014', '0x00240005', '0x80070bc2', '0x80070bc9']);
/** WU_E_CALL_CANCELLED, WU_E_CALL_CANCELLED_BY_POLICY, WU_E_INSTALL_USERCANCEL. */
const CANCELLED = new Set(['0x8024000b', '0x80240044', '0x80240023']);

export interface ResultFacts {
  readonly outcome: AttemptReport['outcome'];
  readonly hresult?: string;
  readonly reportedHresult?: string;
}

/**
 * Outcome and codes of a result with two codes: `mapped` is what the user sees, `unmapped` the cause (0 = the same).
 * An unmapped word that is no failing HRESULT (`FFFE`) names no error: it stays in the natural key and the excerpt only.
 */
export function resultOf(mapped: string, unmapped: string): ResultFacts {
  const failing = (code: string) =>
    code.startsWith('0x8') || code.startsWith('0xc') || code.startsWith('0xd');
  const cause = failing(unmapped) ? unmapped : mapped;
  const outcome =
    RESTART_PENDING.has(mapped) || RESTART_PENDING.has(unmapped)
      ? 'pending_reboot'
      : CANCELLED.has(mapped)
        ? 'cancelled'
        : failing(cause)
          ? 'failed'
          : 'succeeded';
  if (cause === SUCCESS || cause === ALREADY_INSTALLED) return { outcome };
  return {
    outcome,
    hresult: cause,
    ...(mapped !== cause && mapped !== SUCCESS && { reportedHresult: mapped }),
  };
}
