import type { FailureWords } from './failure-words.js';
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
  /** The deepest level of the signature that speaks for it: 3 inner error or object, 2 stage, 1 code. */
  readonly level: 1 | 2 | 3;
  /** Who advises it; null when only what was counted here does. */
  readonly source: string | null;
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

/**
 * What is advised for a failure, each remedy once. Finer levels first: the deepest at which a rule of the catalogue fits,
 * or at which it was counted to help. Inside a level what was counted, then what helped in cases, then the order of the
 * catalogue. Sources that disagree all appear, with their counts.
 * @param ledger of this failure's signature
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
    advice.set(remedy.id, { ...remedy, level, source: rule.source, seen: rule.seen ?? null, counted: null });
  }
  for (const counted of ledger) {
    const remedy = REMEDIES.get(counted.remedyId);
    const advised = advice.get(counted.remedyId);
    const level = counted.fixed > 0 ? counted.level : 1;
    if (advised)
      advice.set(advised.id, { ...advised, counted, level: level > advised.level ? level : advised.level });
    else if (remedy && counted.fixed > 0)
      advice.set(remedy.id, { ...remedy, level, source: null, seen: null, counted });
  }
  return [...advice.values()].sort((left, right) => right.level - left.level || weight(right) - weight(left));
}

/** Enough trials of our own outweigh single cases. */
function weight({ seen, counted }: RemedyAdvice): number {
  if (counted?.interval) return 1 + counted.interval[0];
  const tried = (seen?.tried ?? 0) + (counted?.tried ?? 0);
  return ((seen?.fixed ?? 0) + (counted?.fixed ?? 0)) / (tried + 1);
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
