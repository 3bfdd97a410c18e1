import type { RemedyTrial } from '#domain/remedies/remedy-trials.js';
import type { SignatureView } from './attempt-store.js';

/** `bank: null` = every bank (an operator's credential). */
export interface RemedyFilter {
  readonly bank: string | null;
  readonly kb?: string | undefined;
}

/** Questions about what failures share and what helped: they look behind the conclusions, at what was reported. */
export abstract class FailureQuestions {
  /** The levels of a signature by its id; null when none was met. */
  abstract signature(signatureId: string): Promise<SignatureView | null>;
  /** Every use of a remedy, with what it treated and what came of it by now. */
  abstract remedyTrials(filter: RemedyFilter): Promise<readonly RemedyTrial[]>;
}
