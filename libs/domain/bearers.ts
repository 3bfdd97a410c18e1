import type { Failure } from './episodes.js';
import type { FailureParts } from './signature/signature.js';
import { compareKnowledge, namesNoCause, supersedes } from './signature/supersession.js';

/** A failure and the one that speaks for it: itself, or what supersedes it. */
export interface BorneFailure {
  readonly failure: Failure;
  readonly bearer: FailureParts;
  readonly superseded: boolean;
}

/**
 * Failures of one episode that say the same. One that names no cause is compared with those of its own try, so it
 * is a kind of its own wherever that try holds something else.
 */
interface Kind {
  readonly parts: FailureParts;
  readonly failures: Failure[];
  readonly tries: Set<number>;
  finer: readonly Kind[];
}

/**
 * Who speaks for each failure of one episode. Every failure is tested against all others, not only survivors; a
 * superseded one is borne by the finest survivor above it, one of its own try before others.
 */
export function findBearers(failures: readonly Failure[]): readonly BorneFailure[] {
  const kinds = groupKinds(failures);
  if (kinds.length > 1) {
    for (const kind of kinds) kind.finer = kinds.filter((other) => isFiner(other, kind));
  }
  return kinds.flatMap((kind): readonly BorneFailure[] => {
    if (kind.finer.length === 0) {
      return kind.failures.map((failure) => ({ failure, bearer: kind.parts, superseded: false }));
    }
    const survivors = survivorsAbove(kind);
    return kind.failures.map((failure) => ({
      failure,
      bearer: chooseBearer(survivors, failure.tryIndex),
      superseded: true,
    }));
  });
}

function groupKinds(failures: readonly Failure[]): readonly Kind[] {
  const mixed = triesWithSeveralSignatures(failures);
  const kinds = new Map<string, Kind>();
  for (const failure of failures) {
    const { parts, tryIndex } = failure;
    const alone = mixed.has(tryIndex) && namesNoCause(parts.code);
    const key = `${parts.signature.id}${parts.reported}${alone ? `@${tryIndex}` : ''}`;
    const kind = kinds.get(key);
    if (kind) {
      kind.failures.push(failure);
      kind.tries.add(tryIndex);
    } else kinds.set(key, { parts, failures: [failure], tries: new Set([tryIndex]), finer: [] });
  }
  return [...kinds.values()];
}

function triesWithSeveralSignatures(failures: readonly Failure[]): ReadonlySet<number> {
  const signatures = new Map<number, string>();
  const mixed = new Set<number>();
  for (const { tryIndex, parts } of failures) {
    const known = signatures.get(tryIndex);
    if (known === undefined) signatures.set(tryIndex, parts.signature.id);
    else if (known !== parts.signature.id) mixed.add(tryIndex);
  }
  return mixed;
}

function isFiner(kind: Kind, coarse: Kind): boolean {
  // Of kinds with several tries either the code names a cause, or each try holds nothing else.
  const [coarseTry] = coarse.tries;
  const inSameAttempt = coarse.tries.size === 1 && coarseTry !== undefined && kind.tries.has(coarseTry);
  return kind !== coarse && supersedes(kind.parts, coarse.parts, inSameAttempt);
}

/** Ends because supersession is a strict order. */
function survivorsAbove(kind: Kind): readonly Kind[] {
  return kind.finer.length === 0 ? [kind] : kind.finer.flatMap(survivorsAbove);
}

function chooseBearer(survivors: readonly Kind[], tryIndex: number): FailureParts {
  const nearer = survivors.filter(({ tries }) => tries.has(tryIndex));
  return (nearer.length > 0 ? nearer : survivors)
    .map(({ parts }) => parts)
    .reduce((best, parts) => (isBetterBearer(parts, best) ? parts : best));
}

/** The finest; equal ones by id, so that the choice hangs on nothing else. */
export function isBetterBearer(parts: FailureParts, rival: FailureParts): boolean {
  const byFineness = parts.signature.fineness - rival.signature.fineness || compareKnowledge(parts, rival);
  return byFineness === 0 ? parts.signature.id < rival.signature.id : byFineness > 0;
}
