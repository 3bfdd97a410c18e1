import { canonicalCode } from '../codes/canonical-code.js';
import type { Signature } from '../report.js';
import type { FailureParts } from '../signature/signature.js';

/** What a remedy is chosen by; '' = not known. */
export type FailureWords = Pick<FailureParts, 'code' | 'reported' | 'stage' | 'inner' | 'object'>;

const INNER = /^(?:\d+|0x[0-9a-f]{8}) \((?:hresult|win32|ntstatus|unknown)\)(?= \+ |$)/;

/** The words of a failure out of the levels of its signature, as `signature.ts` joins them. */
export function wordsOfSignature({ l1, l2, l3 }: Pick<Signature, 'l1' | 'l2' | 'l3'>): FailureWords {
  const stage = l2.split('/', 1)[0] ?? '';
  const inner = INNER.exec(l3)?.[0] ?? '';
  const object = inner === '' ? l3 : l3.slice(inner.length).replace(/^ \+ /, '');
  return { code: l1, reported: '', stage: stage === '-' ? '' : stage, inner, object };
}

/** The words of a failure of which only the code is known; null when the text is no code. */
export function wordsOfCode(text: string): FailureWords | null {
  const read = canonicalCode(text, 'hresult');
  return read && { code: read.code, reported: '', stage: '', inner: '', object: '' };
}
