import { Query, QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { AttemptStore } from '#attempt-store/attempt-store.js';
import type { Cohort, CohortFilter, Page, Paged } from '#attempt-store/attempt-store.js';
import { StorePosition, atPosition } from './store-position.js';
import type { Position } from './store-position.js';

/** Which devices fail for the same reason? */
export class ListCohorts extends Query<Paged<Cohort> & Position> {
  constructor(
    readonly filter: CohortFilter,
    readonly page: Page,
  ) {
    super();
  }
}

@QueryHandler(ListCohorts)
export class ListCohortsHandler implements IQueryHandler<ListCohorts> {
  constructor(
    private readonly store: AttemptStore,
    private readonly position: StorePosition,
  ) {}

  async execute({ filter, page }: ListCohorts) {
    return atPosition(this.position, filter.bank, () => this.store.cohorts(filter, page));
  }
}
