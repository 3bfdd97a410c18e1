import { boundedMemo } from './bounded-memo.js';
import type { Stage } from './stage-table.js';

/** The evidence of a report that says where Windows was; absent and '' mean not known. */
export interface StageFacts {
  readonly outcome: string;
  /** The sender's own word. It wins when it is known. */
  readonly stage?: string | undefined;
  readonly rollback?: string | undefined;
  readonly failureSource?: string | undefined;
  readonly lastForwardExecuteState?: string | undefined;
  readonly executeStateFlags?: readonly string[] | undefined;
  readonly failingObject?: { readonly type: string; readonly name: string } | undefined;
  readonly innerErrors?: readonly { readonly origin?: string | undefined }[] | undefined;
}

interface Evidence {
  readonly failureSource: string;
  readonly executeState: string;
  readonly flags: string;
  readonly objectType: string;
  /** Every name the report mentions: failing object, origins of inner errors. */
  readonly names: string;
}

/**
 * Evidence → stage, first match wins; the most telling evidence stands first. What Windows writes at each stage
 * stands in the table of stages. A code is never evidence: 0x800f0922 is typical for an advanced installer but does
 * not prove it.
 */
const RULES: readonly (readonly [Stage, (evidence: Evidence) => boolean])[] = [
  ['poqexec', ({ names, failureSource }) => names.includes('poqexec') || failureSource === 'poqexec'],
  ['advanced_installers', ({ flags }) => flags.includes('advancedinstallersfailed')],
  ['advanced_installers', ({ objectType }) => objectType === 'installer'],
  // Origin of an error of the installer queue, also where the failing object is the component it worked on.
  ['advanced_installers', ({ names }) => names.includes('advanced installer ')],
  // "Doq Stage" prepares drivers before the restart; the queue named after it runs at start-up.
  [
    'stage_drivers',
    ({ executeState, failureSource }) =>
      executeState.endsWith('stagedrivers') || failureSource === 'doq stage',
  ],
  ['driver_queue_critical', ({ failureSource }) => /^doq( critical|$)/.test(failureSource)],
  ['driver_queue_critical', ({ flags }) => flags.includes('driversfailed')],
  ['driver_queue_critical', ({ names }) => /\bdriver ?update/.test(names) || /\bdoqe?\b/.test(names)],
  [
    'primitives',
    ({ executeState, flags }) => executeState.endsWith('primitives') || flags.includes('primitivesfailed'),
  ],
  ['shutdown', ({ failureSource, names }) => failureSource === 'shtd' || /\bshtd\b/.test(names)],
  ['dpx_expand', ({ failureSource, names }) => failureSource.startsWith('dpx') || /\bdpx\b/.test(names)],
  ['resolve', ({ failureSource }) => failureSource === 'resolve'],
  ['stage', ({ failureSource }) => failureSource === 'stage' || failureSource === 'staging'],
  // Says that it turned back, not where it failed: only when nothing else is known.
  [
    'rollback',
    ({ executeState, flags }) =>
      executeState.endsWith('initiaterollback') || flags.includes('initiaterollback'),
  ],
];

const stageByEvidence = boundedMemo<Stage>(20_000);
const NO_FAILURE: ReadonlySet<string> = new Set(['succeeded', 'not_applicable']);

/**
 * Where the attempt failed, from facts only; `unknown` when they do not tell. A report that waits for its
 * restart is at `pending_reboot`; one that did not fail has no stage.
 */
export function stageOf(facts: StageFacts): Stage {
  if (facts.stage !== undefined && facts.stage !== 'unknown' && facts.stage !== '')
    return facts.stage as Stage;
  if (NO_FAILURE.has(facts.outcome)) return 'unknown';
  if (facts.outcome === 'pending_reboot') return 'pending_reboot';
  const failureSource = facts.failureSource ?? '';
  const executeState = facts.lastForwardExecuteState ?? '';
  const flags = facts.executeStateFlags?.join(' ') ?? '';
  const objectType = facts.failingObject?.type ?? '';
  const names = namesIn(facts);
  if (failureSource === '' && executeState === '' && flags === '' && objectType === '' && names === '') {
    return facts.rollback === 'failed' ? 'rollback' : 'unknown';
  }
  const key = `${failureSource}\n${executeState}\n${flags}\n${objectType}\n${names}\n${facts.rollback ?? ''}`;
  return stageByEvidence(key, () => {
    const evidence: Evidence = {
      failureSource: failureSource.trim().toLowerCase(),
      executeState: executeState.trim().toLowerCase(),
      flags: flags.toLowerCase(),
      objectType,
      names: names.toLowerCase(),
    };
    const rule = RULES.find(([, matches]) => matches(evidence));
    return rule?.[0] ?? (facts.rollback === 'failed' ? 'rollback' : 'unknown');
  });
}

function namesIn(facts: StageFacts): string {
  let names = facts.failingObject?.name ?? '';
  for (const { origin } of facts.innerErrors ?? []) if (origin !== undefined) names += ` ${origin}`;
  return names;
}
