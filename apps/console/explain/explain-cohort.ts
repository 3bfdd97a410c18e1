import { Query, QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { AttemptStore } from '#attempt-store/attempt-store.js';
import { FailureQuestions } from '#attempt-store/failure-questions.js';
import { explainCohort } from '#domain/cohort-explanation/explain-cohort.js';
import type { CohortExplanation } from '#domain/cohort-explanation/explain-cohort.js';
import { commonFactors } from '#domain/common-factor/common-factors.js';
import type { CommonFactor } from '#domain/common-factor/common-factors.js';
import { findCohort } from '../questions/find-cohort.js';
import type { CohortReader } from '../questions/find-cohort.js';
import { StorePosition, atPosition } from '../questions/store-position.js';
import type { Position } from '../questions/store-position.js';

export interface ExplanationAnswer extends CohortExplanation, Position {
  readonly cohortId: string;
  readonly kb: string;
  readonly signatureId: string;
  /** The bank whose devices were compared; null = all banks. */
  readonly bank: string | null;
  /** What its failures name beside the code, against the attempts that succeeded in the cohort's bank. */
  readonly commonFactors: readonly CommonFactor[];
}

/** What do the failing devices of a cohort have in common that the others have not? */
export class ExplainCohort extends Query<ExplanationAnswer> {
  constructor(
    readonly reader: CohortReader,
    readonly cohortId: string,
  ) {
    super();
  }
}

@QueryHandler(ExplainCohort)
export class ExplainCohortHandler implements IQueryHandler<ExplainCohort> {
  constructor(
    private readonly store: AttemptStore,
    private readonly failures: FailureQuestions,
    private readonly position: StorePosition,
  ) {}

  async execute({ reader, cohortId }: ExplainCohort) {
    return atPosition(this.position, reader.bank, async () => {
      const found = await findCohort(this.store, reader, cohortId);
      const { bank, kb, build } = found;
      const signatureId = found.signature.id;
      const [rows, observations] = await Promise.all([
        this.failures.explanationRows(reader.bank, { kb, signatureId }),
        this.failures.cohortObservations({ bank, kb, build, signatureId }),
      ]);
      return {
        cohortId: found.cohortId,
        kb,
        signatureId,
        bank: reader.bank,
        ...explainCohort(rows),
        commonFactors: commonFactors(observations),
      };
    });
  }
}
