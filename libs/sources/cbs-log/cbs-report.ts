import type { AttemptReport } from '#domain/attempt-event.js';
import { codeOf, RESTART_CODES, SUCCESS } from '../code-text.js';
import { excerptOf } from '../excerpt.js';
import { READER_VERSION } from '../source-reader.js';
import { kbIn } from '../update-names.js';
import type { CbsEvidence } from './cbs-evidence.js';

/** How a run ended for one package; '' where the log does not say. */
export interface CbsVerdict {
  readonly session: string;
  readonly package: string;
  readonly identifier: string;
  readonly hresult: string;
  readonly rebootRequired: boolean;
  readonly startState: string;
  readonly targetState: string;
  readonly failureSource: string;
  readonly stamp: string;
  readonly text: string;
}

const UNSTATED = new Set(['', '(null)', 'Not Applicable', 'Unknown']);
const stated = (text: string) => (UNSTATED.has(text) ? undefined : text.slice(0, 128));

/** The outcome as the log states it; 0x80070bc2 and 0x80070bc9 mean that work goes on after a restart. */
function outcomeOf(verdict: CbsVerdict, evidence: CbsEvidence): NonNullable<AttemptReport['outcome']> {
  if (verdict.hresult === '') return evidence.rollback === 'completed' ? 'rolled_back' : 'unknown';
  if (RESTART_CODES.has(verdict.hresult)) return 'pending_reboot';
  if (verdict.hresult === SUCCESS) return verdict.rebootRequired ? 'pending_reboot' : 'succeeded';
  return evidence.rollback === 'completed' || evidence.rollback === 'underway' ? 'rolled_back' : 'failed';
}

/**
 * A package that was there and should be absent is removed. `Absent → Absent` says nothing: failed downloads of
 * on-demand features end so, though they were to be installed.
 */
function operationOf(start: string, target: string, intended: string): 'install' | 'uninstall' | 'unknown' {
  if (target === 'Absent')
    return start !== 'Absent' && start !== ''
      ? 'uninstall'
      : intended === 'Installed'
        ? 'install'
        : 'unknown';
  return target === 'Installed' || target === 'Staged' || intended === 'Installed' ? 'install' : 'unknown';
}

/** The facts of one CBS attempt, without its UTC time (the offset may be known only later in the file). */
export function cbsReport(verdict: CbsVerdict, evidence: CbsEvidence): AttemptReport {
  const outcome = outcomeOf(verdict, evidence);
  const start = stated(verdict.startState) ?? evidence.wer?.startState ?? '';
  const target = stated(verdict.targetState) ?? evidence.wer?.targetState ?? '';
  const kb = kbIn(verdict.package) ?? kbIn(verdict.identifier);
  const code = codeOf(verdict.hresult);
  const failing = outcome === 'failed' || outcome === 'rolled_back' || outcome === 'unknown';
  const client = evidence.client || (evidence.wer?.client ?? '');
  return {
    source: 'cbs_log',
    // A pasted copy without its time has no key of its own: its facts make the id.
    ...(/^\d{4}-/.test(verdict.stamp) && {
      naturalKey: {
        kind: 'cbs' as const,
        session: verdict.session.slice(0, 128),
        package: verdict.package.slice(0, 512),
        timeText: verdict.stamp,
      },
    }),
    operation: operationOf(start, target, evidence.intendedState),
    ...(kb !== undefined && { targetKb: kb }),
    ...(verdict.package !== '' && { packageIdentity: verdict.package.slice(0, 512) }),
    outcome,
    ...(code !== undefined && code !== SUCCESS && { hresult: code }),
    ...(/^DISM/i.test(client) && { channel: 'dism' as const }),
    ...(stated(start) !== undefined && { packageStartState: start.slice(0, 64) }),
    ...(stated(target) !== undefined && { packageTargetState: target.slice(0, 64) }),
    ...(failing ? failureFacts(verdict, evidence) : { rollback: 'none' as const }),
    parser: { name: 'cbs-log', version: READER_VERSION },
  };
}

function failureFacts(verdict: CbsVerdict, evidence: CbsEvidence): Partial<AttemptReport> {
  const source =
    stated(verdict.failureSource) ??
    stated(evidence.wer?.failureSource ?? '') ??
    stated(evidence.failureSource);
  const original = codeOf(evidence.originalFailureStatus);
  const excerpt = excerptOf([...evidence.lines, ...(verdict.text === '' ? [] : [verdict.text])]);
  return {
    rollback: (
      { none: 'unknown', announced: 'initiated', underway: 'initiated', completed: 'completed' } as const
    )[evidence.rollback],
    ...(evidence.innerErrors.length > 0 && {
      innerErrors: evidence.innerErrors.map((error) => ({ ...error })),
    }),
    ...(source !== undefined && { failureSource: source }),
    ...(original !== undefined && original !== SUCCESS && { originalFailureStatus: original }),
    ...(evidence.lastForwardExecuteState !== '' && {
      lastForwardExecuteState: evidence.lastForwardExecuteState,
    }),
    ...(evidence.executeStateFlags.length > 0 && { executeStateFlags: [...evidence.executeStateFlags] }),
    ...(evidence.failingObject !== null && { failingObject: { ...evidence.failingObject } }),
    ...(excerpt.length > 0 && { excerpt }),
  };
}
