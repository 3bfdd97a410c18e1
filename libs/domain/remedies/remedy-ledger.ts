import type { RemedyTrial, TreatedSignature } from './remedy-trials.js';
import { wilsonInterval } from './wilson-interval.js';

/** Below this many trials a share says nothing. */
export const FEWEST_TRIALS = 5;

/** How often something helped. */
export interface TrialCount {
  /** Distinct devices and updates whose outcome is known; the last use counts. */
  readonly tried: number;
  readonly fixed: number;
  /** Used, nothing heard yet: not counted as tried. */
  readonly open: number;
  /** Fewer than five trials: no share can be told. */
  readonly tooFew: boolean;
  /** 95 % interval of the share that it fixes; null when there are too few. */
  readonly interval: readonly [number, number] | null;
}

/** How often a remedy helped against failures like one signature. */
export interface LedgerEntry extends TrialCount {
  readonly remedyId: string;
  /** The finest level of the signature at which it was ever used. */
  readonly level: 1 | 2 | 3;
}

/** How often a remedy helped against exactly this signature. */
export interface LedgerRow extends TrialCount {
  readonly remedyId: string;
  /** null = the device had no known failure before. */
  readonly signature: TreatedSignature | null;
}

/**
 * The ledger for one signature: each remedy at the finest level at which it was ever used, finer levels first; inside a
 * level those with enough trials by the lower end of their interval, then the others.
 */
export function ledgerFor(
  signature: Pick<TreatedSignature, 'l1' | 'l2' | 'l3'>,
  trials: readonly RemedyTrial[],
): readonly LedgerEntry[] {
  const entries: LedgerEntry[] = [];
  for (const [remedyId, own] of byRemedy(trials)) {
    const last = lastPerDevice(own);
    for (const level of [3, 2, 1] as const) {
      const agreeing = last.filter((trial) => trial.signature && agrees(trial.signature, signature, level));
      if (agreeing.length === 0) continue;
      entries.push({ remedyId, level, ...count(agreeing) });
      break;
    }
  }
  return entries.sort((left, right) => right.level - left.level || byShare(left, right));
}

/** The whole ledger: every signature that was ever treated, most trials first. */
export function ledgerRows(trials: readonly RemedyTrial[]): readonly LedgerRow[] {
  const rows: LedgerRow[] = [];
  for (const [remedyId, own] of byRemedy(trials)) {
    const bySignature = new Map<string, RemedyTrial[]>();
    for (const trial of lastPerDevice(own)) {
      const key = trial.signature?.id ?? '';
      bySignature.set(key, [...(bySignature.get(key) ?? []), trial]);
    }
    for (const treated of bySignature.values())
      rows.push({ remedyId, signature: treated[0]?.signature ?? null, ...count(treated) });
  }
  const nameOf = ({ signature, remedyId }: LedgerRow) =>
    `${signature?.l1 ?? ''} ${signature?.id ?? ''} ${remedyId}`;
  return rows.sort(
    (left, right) =>
      right.tried + right.open - left.tried - left.open || (nameOf(left) < nameOf(right) ? -1 : 1),
  );
}

function count(trials: readonly RemedyTrial[]): TrialCount {
  const fixed = trials.filter(({ outcome }) => outcome === 'fixed').length;
  const open = trials.filter(({ outcome }) => outcome === 'open').length;
  const tried = trials.length - open;
  const tooFew = tried < FEWEST_TRIALS;
  return { tried, fixed, open, tooFew, interval: tooFew ? null : wilsonInterval(fixed, tried) };
}

function byShare(left: LedgerEntry, right: LedgerEntry): number {
  return (
    (right.interval?.[0] ?? -1) - (left.interval?.[0] ?? -1) ||
    right.fixed - left.fixed ||
    (left.remedyId < right.remedyId ? -1 : 1)
  );
}

/** A level agrees when it is known and equal, and all coarser ones are. */
function agrees(
  left: Pick<TreatedSignature, 'l1' | 'l2' | 'l3'>,
  right: Pick<TreatedSignature, 'l1' | 'l2' | 'l3'>,
  level: 1 | 2 | 3,
): boolean {
  if (left.l1 !== right.l1) return false;
  if (level === 1) return true;
  if (left.l2 !== right.l2 || (level === 2 && left.l2 === '')) return false;
  return level === 2 || (left.l3 !== '' && left.l3 === right.l3);
}

function byRemedy(trials: readonly RemedyTrial[]): Map<string, RemedyTrial[]> {
  const groups = new Map<string, RemedyTrial[]>();
  for (const trial of trials) {
    const group = groups.get(trial.remedyId);
    if (group) group.push(trial);
    else groups.set(trial.remedyId, [trial]);
  }
  return groups;
}

/** Each device and update once: by its last use. */
function lastPerDevice(trials: readonly RemedyTrial[]): readonly RemedyTrial[] {
  const last = new Map<string, RemedyTrial>();
  for (const trial of trials) {
    const key = `${trial.bank}\n${trial.deviceKey}\n${trial.kb}`;
    const known = last.get(key);
    if (!known || isLater(trial, known)) last.set(key, trial);
  }
  return [...last.values()];
}

const isLater = (left: RemedyTrial, right: RemedyTrial): boolean =>
  left.atMs === right.atMs ? left.eventId > right.eventId : left.atMs > right.atMs;
