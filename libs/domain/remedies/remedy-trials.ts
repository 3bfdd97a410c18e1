import type { Signature } from '../report.js';

/** The device and update that something is about. */
export interface Treated {
  readonly bank: string;
  /** Canonical. */
  readonly deviceKey: string;
  readonly kb: string;
}

/** Somebody used a remedy. */
export interface AppliedRemedy extends Treated {
  readonly eventId: string;
  readonly remedyId: string;
  readonly atMs: number;
}

/** Somebody said what came of it. */
export interface ToldOutcome extends AppliedRemedy {
  readonly fixed: boolean;
}

/** An attempt to install the update, before or after a remedy. */
export interface TreatedAttempt extends Treated {
  readonly atMs: number;
  readonly outcome: string;
  /** Of a failure. */
  readonly signature: TreatedSignature | null;
}

export type TreatedSignature = Pick<Signature, 'id' | 'l1' | 'l2' | 'l3'>;

export type RemedyOutcome = 'fixed' | 'not_fixed' | 'open';

/** One use of a remedy, against what, and what came of it. */
export interface RemedyTrial extends AppliedRemedy {
  /** Of the failure before it; null when none is known. */
  readonly signature: TreatedSignature | null;
  readonly outcome: RemedyOutcome;
  /** Somebody told the outcome; false = the attempts did. */
  readonly outcomeIsTold: boolean;
}

/** A success within so long after a remedy is the remedy's. */
export const LONGEST_EFFECT_MS = 14 * 86_400_000;

const isFailure = ({ outcome }: TreatedAttempt): boolean => outcome === 'failed' || outcome === 'rolled_back';

/**
 * What each use of a remedy treated and what came of it. Pure; the order of what is given means nothing.
 *
 * The failure treated is the device's last one of that update before the remedy. The outcome is what somebody told
 * last, else whether an attempt succeeded within 14 days: `not_fixed` when only failures followed, `open` while nothing
 * did. When it failed again and another remedy was used after that, a later success is the other's: the effect of the
 * first ends there. Remedies used together share what follows.
 */
export function tellTrials(
  applied: readonly AppliedRemedy[],
  told: readonly ToldOutcome[],
  attempts: readonly TreatedAttempt[],
): readonly RemedyTrial[] {
  const appliedTo = groupByTreated(applied);
  const toldOf = groupByTreated(told);
  const attemptsOf = groupByTreated(attempts);
  return [...appliedTo].flatMap(([key, own]) => {
    const tries = (attemptsOf.get(key) ?? []).sort((left, right) => left.atMs - right.atMs);
    const outcomes = toldOf.get(key) ?? [];
    const sorted = own.sort(byTime);
    return sorted.map((trial) => tellTrial(trial, sorted, outcomes, tries));
  });
}

function tellTrial(
  trial: AppliedRemedy,
  ofDevice: readonly AppliedRemedy[],
  told: readonly ToldOutcome[],
  attempts: readonly TreatedAttempt[],
): RemedyTrial {
  const before = attempts.findLast(
    (attempt) => isFailure(attempt) && attempt.signature !== null && attempt.atMs <= trial.atMs,
  );
  const sameAgain = ofDevice.find(
    ({ remedyId, atMs }) => remedyId === trial.remedyId && atMs > trial.atMs,
  )?.atMs;
  const said = told
    .filter(
      ({ remedyId, atMs }) =>
        remedyId === trial.remedyId && atMs >= trial.atMs && (sameAgain === undefined || atMs < sameAgain),
    )
    .sort(byTime)
    .at(-1);
  const { eventId, bank, deviceKey, kb, remedyId, atMs } = trial;
  return {
    ...{ eventId, bank, deviceKey, kb, remedyId, atMs },
    signature: before?.signature ?? null,
    outcome: said ? (said.fixed ? 'fixed' : 'not_fixed') : inferOutcome(trial, ofDevice, attempts),
    outcomeIsTold: said !== undefined,
  };
}

function inferOutcome(
  trial: AppliedRemedy,
  ofDevice: readonly AppliedRemedy[],
  attempts: readonly TreatedAttempt[],
): RemedyOutcome {
  let failed = false;
  let endMs = trial.atMs + LONGEST_EFFECT_MS;
  for (const attempt of attempts) {
    if (attempt.atMs <= trial.atMs) continue;
    if (attempt.atMs > endMs) break;
    if (attempt.outcome === 'succeeded') return 'fixed';
    if (failed || !isFailure(attempt)) continue;
    failed = true;
    const next = ofDevice.find(({ atMs }) => atMs >= attempt.atMs);
    if (next) endMs = Math.min(endMs, next.atMs);
  }
  return failed ? 'not_fixed' : 'open';
}

function byTime(left: AppliedRemedy, right: AppliedRemedy): number {
  return left.atMs - right.atMs || (left.eventId < right.eventId ? -1 : Number(left.eventId > right.eventId));
}

function groupByTreated<T extends Treated>(items: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = `${item.bank}\n${item.deviceKey}\n${item.kb}`;
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
