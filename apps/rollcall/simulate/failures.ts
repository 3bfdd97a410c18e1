import type { AttemptReport } from '#domain/attempt-event.js';

/** What a failing attempt shows: the code every witness knows, and what only the servicing log tells. */
export interface FailureKind {
  readonly weight: number;
  readonly outcome: 'failed' | 'rolled_back';
  readonly code: string;
  readonly evidence: Partial<AttemptReport>;
}

/** The ordinary failures of a healthy fleet; codes and evidence as Windows' own documentation and logs show them. */
export const ORDINARY_FAILURES: readonly FailureKind[] = [
  {
    weight: 6,
    outcome: 'failed',
    code: '0x80240034',
    evidence: { stage: 'download' },
  },
  {
    weight: 5,
    outcome: 'rolled_back',
    code: '0x800f0922',
    evidence: {
      lastForwardExecuteState: 'CbsExecuteStateResolvePending',
      executeStateFlags: ['FlagAdvancedInstallersFailed'],
      failureSource: 'CSI',
      innerErrors: [{ code: '0x00000422', kind: 'win32' }],
      failingObject: { type: 'service', name: 'winmgmt' },
    },
  },
  {
    weight: 5,
    outcome: 'failed',
    code: '0x80070002',
    evidence: { stage: 'stage' },
  },
  {
    weight: 4,
    outcome: 'failed',
    code: '0x80070020',
    evidence: { stage: 'stage_drivers', failingObject: { type: 'inf', name: 'cpu.inf' } },
  },
  {
    weight: 4,
    outcome: 'rolled_back',
    code: '0x80070005',
    evidence: { lastForwardExecuteState: 'CbsExecuteStatePrimitives', stage: 'primitives' },
  },
  { weight: 3, outcome: 'failed', code: '0x800f081f', evidence: { stage: 'resolve' } },
  { weight: 3, outcome: 'failed', code: '0x8024001e', evidence: {} },
  {
    weight: 2,
    outcome: 'failed',
    code: '0x80070570',
    evidence: {
      stage: 'resolve',
      innerErrors: [{ code: '0xc0000102', kind: 'ntstatus' }],
      failingObject: { type: 'folder', name: 'windows defender' },
    },
  },
];

/** ERROR_LOG_GROWTH_FAILED: NTFS cannot grow its transaction log while poqexec replaces files at the restart. */
export const LOG_GROWTH_FAILURE: FailureKind = {
  weight: 1,
  outcome: 'rolled_back',
  code: '0x80071ab1',
  evidence: {
    stage: 'poqexec',
    rollback: 'completed',
    excerpt: [
      'Info  CBS  Startup: Processing advanced operation queue, startupPhase: 0',
      'Error CSI  (F) Logged @[poqexec] operation failed with 0x80071ab1 (ERROR_LOG_GROWTH_FAILED)',
      'Info  CBS  Startup: Failed while processing critical operations queue. [HRESULT = 0x80071ab1]',
      'Info  CBS  Setting ExecuteState key to: CbsExecuteStateInitiateRollback',
    ],
  },
};
