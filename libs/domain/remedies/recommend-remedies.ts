import type { FailureParts } from '../signature/signature.js';
import type { LedgerEntry } from './remedy-ledger.js';
import catalogue from './remedies.json' with { type: 'json' };

/** Something that people can do. Rollcall recommends it and never executes it. */
export interface Remedy {
  readonly id: string;
  readonly risk: 'low' | 'medium' | 'high';
  readonly needsReboot: boolean;
  /** The device forgets earlier attempts: export them first. */
  readonly losesHistory: boolean;
  readonly steps: { readonly zh: readonly string[]; readonly en: readonly string[] };
}

/** A remedy for one failure, and what speaks for it. */
export interface RemedyAdvice extends Remedy {
  /** The deepest level of the signature that it answers: 3 inner error or object, 2 stage, 1 code. */
  readonly level: 1 | 2 | 3;
  /** Who advises it. */
  readonly source: string;
  /** Outcomes in support cases before Rollcall counted; null when none is known. */
  readonly seen: { readonly tried: number; readonly fixed: number } | null;
  /** What Rollcall counted itself; null when it was never tried. */
  readonly counted: LedgerEntry | null;
}

interface Rule {
  readonly remedy: string;
  readonly codes: readonly string[];
  readonly source: string;
  readonly inner?: string;
  readonly object?: string;
  readonly stage?: string;
  readonly seen?: { readonly tried: number; readonly fixed: number };
}

const rules: readonly Rule[] = catalogue.rules;
/** Every remedy of the catalogue, by id. */
export const REMEDIES: ReadonlyMap<string, Remedy> = new Map(
  catalogue.remedies.map(({ id, risk, needsReboot, losesHistory, zh, en }): [string, Remedy] => [
    id,
    { id, risk: risk as Remedy['risk'], needsReboot, losesHistory, steps: { zh, en } },
  ]),
);

type FailureWords = Pick<FailureParts, 'code' | 'reported' | 'stage' | 'inner' | 'object'>;

/**
 * What is advised for a failure, each remedy once at the deepest level that fits it. Finer levels first; inside a level
 * what was counted to help, then what helped in cases, then the order of the catalogue. Sources that disagree all
 * appear, with their counts.
 */
export function recommendRemedies(
  failure: FailureWords,
  ledger: readonly LedgerEntry[] = [],
): readonly RemedyAdvice[] {
  const advice = new Map<string, RemedyAdvice>();
  for (const rule of rules) {
    const level = levelOf(rule, failure);
    const remedy = REMEDIES.get(rule.remedy);
    if (level === null || !remedy) continue;
    if ((advice.get(remedy.id)?.level ?? 0) >= level) continue;
    advice.set(remedy.id, {
      ...remedy,
      level,
      source: rule.source,
      seen: rule.seen ?? null,
      counted: ledger.find(({ remedyId }) => remedyId === remedy.id) ?? null,
    });
  }
  return [...advice.values()].sort((left, right) => right.level - left.level || weight(right) - weight(left));
}

/** Enough trials of our own outweigh single cases. */
function weight({ seen, counted }: RemedyAdvice): number {
  if (counted?.interval) return 1 + counted.interval[0];
  return seen === null ? 0 : seen.fixed / (seen.tried + 1);
}

/** How deep a rule fits; null when it does not. */
function levelOf(rule: Rule, { code, reported, stage, inner, object }: FailureWords): 1 | 2 | 3 | null {
  const isAsked = rule.codes.length === 0 || rule.codes.includes(code) || rule.codes.includes(reported);
  if (!isAsked) return null;
  if (rule.inner !== undefined && rule.inner !== inner) return null;
  if (rule.object !== undefined && !object.includes(rule.object)) return null;
  if (rule.stage !== undefined && rule.stage !== stage) return null;
  if (rule.inner !== undefined || rule.object !== undefined) return 3;
  return rule.stage === undefined ? 1 : 2;
}
