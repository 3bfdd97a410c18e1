import { Query, QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { AttemptStore } from '#attempt-store/attempt-store.js';
import { FailureQuestions } from '#attempt-store/failure-questions.js';
import { ledgerFor, ledgerRows } from '#domain/remedies/remedy-ledger.js';
import { draftCase } from '#domain/case-draft.js';
import { findCohort } from './find-cohort.js';
import type { CohortReader } from './find-cohort.js';
import { StorePosition, atPosition } from './store-position.js';
import type { Position } from './store-position.js';

/** A support case filled in from a cohort; `missing` names what could not be. */
export interface CaseDraftAnswer extends Position {
  readonly cohortId: string;
  readonly lang: 'zh' | 'en';
  readonly title: string;
  readonly body: string;
  readonly missing: readonly string[];
}

/** What would the support case of this cohort say? */
export class DraftCase extends Query<CaseDraftAnswer> {
  constructor(
    readonly reader: CohortReader,
    readonly cohortId: string,
    readonly lang: 'zh' | 'en',
  ) {
    super();
  }
}

@QueryHandler(DraftCase)
export class DraftCaseHandler implements IQueryHandler<DraftCase> {
  constructor(
    private readonly store: AttemptStore,
    private readonly failures: FailureQuestions,
    private readonly position: StorePosition,
  ) {}

  async execute({ reader, cohortId, lang }: DraftCase) {
    return atPosition(this.position, reader.bank, async () => {
      const cohort = await findCohort(this.store, reader, cohortId);
      // An operator's proposal rests on what every bank's devices told; a bank's on its own.
      const trials = await this.failures.remedyTrials({ bank: reader.everyBank ? null : reader.bank });
      const own = trials.filter(
        ({ bank, kb, signature }) =>
          bank === cohort.bank && kb === cohort.kb && signature?.id === cohort.signature.id,
      );
      const record = { ledger: ledgerFor(cohort.signature, trials), used: ledgerRows(own) };
      return { cohortId, lang, ...draftCase(cohort, lang, {}, record) };
    });
  }
}
