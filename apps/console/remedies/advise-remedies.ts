import { NotFoundException } from '@nestjs/common';
import { Query, QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { FailureQuestions } from '#attempt-store/failure-questions.js';
import { wordsOfCode, wordsOfSignature } from '#domain/remedies/failure-words.js';
import { recommendRemedies } from '#domain/remedies/recommend-remedies.js';
import type { RemedyAdvice } from '#domain/remedies/recommend-remedies.js';
import { ledgerFor } from '#domain/remedies/remedy-ledger.js';
import { StorePosition, atPosition } from '../questions/store-position.js';
import type { Position } from '../questions/store-position.js';

export interface AdviceAnswer extends Position {
  readonly signature: { readonly l1: string; readonly l2: string; readonly l3: string };
  /** Best first. */
  readonly items: readonly RemedyAdvice[];
}

/** What is advised against a failure, and what came of it in the banks that the reader may see? */
export class AdviseRemedies extends Query<AdviceAnswer> {
  constructor(
    readonly bank: string | null,
    /** A signature's id, or a code in any spelling. */
    readonly failure: string,
  ) {
    super();
  }
}

@QueryHandler(AdviseRemedies)
export class AdviseRemediesHandler implements IQueryHandler<AdviseRemedies> {
  constructor(
    private readonly failures: FailureQuestions,
    private readonly position: StorePosition,
  ) {}

  async execute({ bank, failure }: AdviseRemedies) {
    return atPosition(this.position, bank, async () => {
      const signature = await this.signatureOf(bank, failure);
      const ledger = ledgerFor(signature, await this.failures.remedyTrials({ bank }));
      return { signature, items: recommendRemedies(wordsOfSignature(signature), ledger) };
    });
  }

  private async signatureOf(bank: string | null, failure: string): Promise<AdviceAnswer['signature']> {
    const code = wordsOfCode(failure)?.code;
    if (code !== undefined) return { l1: code, l2: '', l3: '' };
    const known = await this.failures.signature(bank, failure);
    if (!known)
      throw new NotFoundException(`"${failure}" is no error code and no signature that was met here`);
    const { l1, l2, l3 } = known;
    return { l1, l2, l3 };
  }
}
