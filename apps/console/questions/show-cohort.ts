import { Query, QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { AttemptStore } from '#attempt-store/attempt-store.js';
import type { CohortDetail } from '#attempt-store/attempt-store.js';
import { findCohort } from './find-cohort.js';
import type { CohortReader } from './find-cohort.js';

/** What does one cohort look like from near? */
export class ShowCohort extends Query<CohortDetail> {
  constructor(
    readonly reader: CohortReader,
    readonly cohortId: string,
  ) {
    super();
  }
}

@QueryHandler(ShowCohort)
export class ShowCohortHandler implements IQueryHandler<ShowCohort> {
  constructor(private readonly store: AttemptStore) {}

  async execute({ reader, cohortId }: ShowCohort) {
    return findCohort(this.store, reader, cohortId);
  }
}
