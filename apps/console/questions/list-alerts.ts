import { Query, QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { AttemptStore } from '#attempt-store/attempt-store.js';
import type { AlertView, CohortFilter, Page, Paged } from '#attempt-store/attempt-store.js';
import { StorePosition, atPosition } from './store-position.js';
import type { Position } from './store-position.js';

/** What did the spike watch raise? */
export class ListAlerts extends Query<Paged<AlertView> & Position> {
  constructor(
    readonly filter: CohortFilter,
    readonly page: Page,
  ) {
    super();
  }
}

@QueryHandler(ListAlerts)
export class ListAlertsHandler implements IQueryHandler<ListAlerts> {
  constructor(
    private readonly store: AttemptStore,
    private readonly position: StorePosition,
  ) {}

  async execute({ filter, page }: ListAlerts) {
    return atPosition(this.position, filter.bank, () => this.store.alerts(filter, page));
  }
}
