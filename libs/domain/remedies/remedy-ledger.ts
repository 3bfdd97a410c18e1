import { wilsonInterval } from './wilson-interval.js';

/** Somebody used a remedy on a device. */
export interface AppliedRemedy {
  readonly remedyId: string;
  readonly deviceKey: string;
  readonly kb: string;
  readonly appliedAtMs: number;
  /** The signature that was treated, finest level first: ids or texts, as the reader groups. */
  readonly signature: { readonly l1: string; readonly l2: string; readonly l3: string };
  /** What somebody said came of it; null = judge by the attempts. */
  readonly toldFixed: boolean | null;
}

/** An attempt of the same device and KB. */
export interface LaterAttempt {
  readonly deviceKey: string;
  readonly kb: string;
  readonly atMs: number;
  readonly outcome: string;
}

export type RemedyOutcome = 'fixed' | 'not_fixed' | 'open';

/** A success within so long after a remedy is the remedy's. */
export const LONGEST_EFFECT_MS = 14 * 86_400_000;
/** Below this many trials a share says nothing. */
export const FEWEST_TRIALS = 5;

/**
 * What came of a remedy: what somebody told, else whether the same KB succeeded on the device within 14 days. It did not
 * help when an attempt failed in that time and none succeeded; `open` while neither happened.
 */
export function outcomeOf(applied: AppliedRemedy, attempts: readonly LaterAttempt[]): RemedyOutcome {
  if (applied.toldFixed !== null) return applied.toldFixed ? 'fixed' : 'not_fixed';
  const after = attempts.filter(
    ({ deviceKey, kb, atMs }) =>
      deviceKey === applied.deviceKey &&
      kb === applied.kb &&
      atMs > applied.appliedAtMs &&
      atMs <= applied.appliedAtMs + LONGEST_EFFECT_MS,
  );
  if (after.some(({ outcome }) => outcome === 'succeeded')) return 'fixed';
  return after.some(({ outcome }) => outcome === 'failed' || outcome === 'rolled_back')
    ? 'not_fixed'
    : 'open';
}

/** How often a remedy helped against one signature. */
export interface LedgerEntry {
  readonly remedyId: string;
  readonly level: 1 | 2 | 3;
  readonly tried: number;
  readonly fixed: number;
  /** Applied, nothing heard yet: not counted as tried. */
  readonly open: number;
  /** 95 % interval of the share that it fixes; null below five trials. */
  readonly interval: readonly [number, number] | null;
}

/**
 * The ledger for one signature: each remedy at the finest level at which it was ever tried, finer levels first; inside a
 * level those with enough trials by the lower end of their interval, then the others. Distinct devices count once a remedy:
 * the last trial counts.
 */
export function ledgerFor(
  signature: AppliedRemedy['signature'],
  applied: readonly AppliedRemedy[],
  attempts: readonly LaterAttempt[],
): readonly LedgerEntry[] {
  const entries: LedgerEntry[] = [];
  for (const remedyId of new Set(applied.map((own) => own.remedyId))) {
    const own = lastPerDevice(applied.filter((trial) => trial.remedyId === remedyId));
    const level = ([3, 2, 1] as const).find((wanted) =>
      own.some((trial) => agrees(trial.signature, signature, wanted)),
    );
    if (level === undefined) continue;
    const outcomes = own
      .filter((trial) => agrees(trial.signature, signature, level))
      .map((trial) => outcomeOf(trial, attempts));
    const fixed = outcomes.filter((outcome) => outcome === 'fixed').length;
    const open = outcomes.filter((outcome) => outcome === 'open').length;
    const tried = outcomes.length - open;
    const interval = tried < FEWEST_TRIALS ? null : wilsonInterval(fixed, tried);
    entries.push({ remedyId, level, tried, fixed, open, interval });
  }
  return entries.sort(
    (left, right) =>
      right.level - left.level ||
      (right.interval?.[0] ?? -1) - (left.interval?.[0] ?? -1) ||
      right.fixed - left.fixed ||
      (left.remedyId < right.remedyId ? -1 : 1),
  );
}

/** A level agrees when it is known and equal, and all coarser ones are. */
function agrees(
  left: AppliedRemedy['signature'],
  right: AppliedRemedy['signature'],
  level: 1 | 2 | 3,
): boolean {
  if (left.l1 !== right.l1) return false;
  if (level === 1) return true;
  if (left.l2 !== right.l2 || (level === 2 && left.l2 === '')) return false;
  return level === 2 || (left.l3 !== '' && left.l3 === right.l3);
}

function lastPerDevice(trials: readonly AppliedRemedy[]): readonly AppliedRemedy[] {
  const last = new Map<string, AppliedRemedy>();
  for (const trial of trials) {
    const key = `${trial.deviceKey}\n${trial.kb}`;
    const known = last.get(key);
    if (!known || isLater(trial, known)) last.set(key, trial);
  }
  return [...last.values()];
}

function isLater(left: AppliedRemedy, right: AppliedRemedy): boolean {
  if (left.appliedAtMs !== right.appliedAtMs) return left.appliedAtMs > right.appliedAtMs;
  return JSON.stringify(left) > JSON.stringify(right);
}
