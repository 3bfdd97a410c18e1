import { Query, QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import type { LearningBank } from '#domain/spikes/learning.js';
import { AttemptStore } from '#attempt-store/attempt-store.js';
import type { AlertView, CohortFilter, Page, Paged } from '#attempt-store/attempt-store.js';
import { StorePosition } from './store-position.js';
import type { Position } from './store-position.js';

/** Alerts, and the banks whose alerts are provisional. */
export interface AlertList extends Paged<AlertView>, Position {
  readonly learning: readonly LearningBank[];
}

/** What did the spike watch raise? */
export class ListAlerts extends Query<AlertList> {
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
    const position = await this.position.of(filter.bank);
    return { ...(await this.store.alerts(filter, page)), ...position };
  }
}
