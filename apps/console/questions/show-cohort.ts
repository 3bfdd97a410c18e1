import { NotFoundException } from '@nestjs/common';
import { Query, QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { AttemptStore } from '#attempt-store/attempt-store.js';
import type { CohortDetail } from '#attempt-store/attempt-store.js';

/** What does one cohort look like from near? */
export class ShowCohort extends Query<CohortDetail> {
  constructor(
    readonly bank: string | null,
    readonly cohortId: string,
  ) {
    super();
  }
}

@QueryHandler(ShowCohort)
export class ShowCohortHandler implements IQueryHandler<ShowCohort> {
  constructor(private readonly store: AttemptStore) {}

  async execute({ bank, cohortId }: ShowCohort) {
    const cohort = await this.store.cohort(bank, cohortId);
    if (!cohort) throw new NotFoundException(`cohort ${cohortId} is not known`);
    return cohort;
  }
}
