import { boundedMemo } from '../bounded-memo.js';
import { symbolOf } from '../codes/code-symbols.js';
import { innerCauseOf } from './inner-cause.js';
import type { InnerCause } from './inner-cause.js';
import { objectFamily, plainWord } from './object-family.js';
import type { FailingObject, InnerError, Signature } from '../report.js';
import { shortId } from '../short-id.js';
import type { Stage } from '../words.js';
import { isWrapperCode } from './wrapper-codes.js';

/** Part of every signature id: raise it when the parts of a signature change, not when one is read otherwise (decision 0040). */
export const SIGNATURE_VERSION = 2;

/** The facts of a failure that its signature is made of. */
export interface FailureFacts {
  readonly stage: Stage;
  readonly hresult: string;
  readonly reportedHresult: string;
  readonly innerErrors: readonly InnerError[];
  readonly failureSource: string;
  readonly failingObject: FailingObject | null;
}

/** A failure reduced to what can be compared; '' = not known. */
export interface FailureParts {
  /** The code, or `unknown`. */
  readonly code: string;
  /** The code the user was shown, when it is another one. */
  readonly reported: string;
  readonly stage: string;
  readonly failureSource: string;
  readonly inner: string;
  readonly object: string;
  readonly signature: Signature;
}

const partsByFacts = boundedMemo<FailureParts>(10_000);
/** Many facts tell the same: a component of another version, a code in another spelling. */
const partsByWords = boundedMemo<FailureParts>(10_000);

/** Signature of a failure in three levels; equal facts in any order give the equal signature. */
export const signatureOf = (facts: FailureFacts): Signature => failurePartsOf(facts).signature;

/** The comparable parts of a failure, with its signature. */
export function failurePartsOf(facts: FailureFacts): FailureParts {
  const { failingObject } = facts;
  let key = `${facts.hresult}\n${facts.reportedHresult}\n${facts.stage}\n${facts.failureSource}`;
  for (const { code, kind } of facts.innerErrors) key += `\n${kind}${code}`;
  if (failingObject) key += `\n\n${failingObject.type}\n${failingObject.name}\n${failingObject.path ?? ''}`;
  return partsByFacts(key, () => readParts(facts));
}

const levelsById = boundedMemo<readonly Signature[]>(10_000);

/**
 * The signature at each of its known levels, from the code alone to itself: what failures with less evidence, or another
 * inner cause, share with it. The id of a level is the id that a failure has of which only so much is known.
 */
export const levelsOf = (signature: Signature): readonly Signature[] =>
  levelsById(signature.id, () => {
    const { l1: code, l2, l3 } = signature;
    const [stage = '', ...source] = l2.split('/').map((part) => (part === '-' ? '' : part));
    const coarser = [sign(code, '', '', '', null, '').signature];
    if (l2 !== '' && l3 !== '') coarser.push(sign(code, '', stage, source.join('/'), null, '').signature);
    return [...coarser.filter(({ id }) => id !== signature.id), signature];
  });

function readParts(facts: FailureFacts): FailureParts {
  const code = facts.hresult || facts.reportedHresult || 'unknown';
  const reported = facts.reportedHresult === code ? '' : facts.reportedHresult;
  const stage = facts.stage === 'unknown' ? '' : facts.stage;
  const failureSource = failureSourceName(facts.failureSource);
  const inner = innerCauseOf(code, facts.innerErrors);
  const object = facts.failingObject ? objectFamily(facts.failingObject) : '';
  const words = `${code}\n${reported}\n${stage}\n${failureSource}\n${inner?.text ?? ''}\n${object}`;
  return partsByWords(words, () => sign(code, reported, stage, failureSource, inner, object));
}

function sign(
  code: string,
  reported: string,
  stage: string,
  failureSource: string,
  inner: InnerCause | null,
  object: string,
): FailureParts {
  const l2 = stage || failureSource ? `${stage || '-'}/${failureSource || '-'}` : '';
  const l3 = inner && object ? `${inner.text} + ${object}` : (inner?.text ?? object);
  const signature: Signature = {
    id: shortId([SIGNATURE_VERSION, code, l2, l3]),
    l1: code,
    l2,
    l3,
    fineness: finenessOf(code, l2, l3),
    reason: reasonOf(code, stage, failureSource, inner, object),
  };
  return { code, reported, stage, failureSource, inner: inner?.text ?? '', object, signature };
}

function finenessOf(code: string, l2: string, l3: string): Signature['fineness'] {
  if (l3 !== '') return 3;
  if (l2 !== '') return 2;
  return code === 'unknown' || isWrapperCode(code) ? 0 : 1;
}

/** CBS writes `CSI Other`, `DOQ` …; other spellings of the same word must not make a second cohort. */
function failureSourceName(written: string): string {
  if (written === '') return '';
  const text = plainWord(written);
  return text === 'unknown' || text === 'not applicable' ? '' : text;
}

function reasonOf(
  code: string,
  stage: string,
  failureSource: string,
  inner: InnerCause | null,
  object: string,
): string {
  const symbol = symbolOf(code);
  const said = [
    code === 'unknown' ? 'no code given' : `code ${code}${symbol === null ? '' : ` (${symbol})`}`,
  ];
  if (stage) said.push(`failed at stage ${stage}`);
  if (failureSource) said.push(`failure source ${failureSource}`);
  if (inner) said.push(`inner error ${inner.text}${inner.symbol === null ? '' : ` ${inner.symbol}`}`);
  if (object) said.push(`failing object ${object}`);
  return `Grouped by ${said.join(', ')}.`;
}
