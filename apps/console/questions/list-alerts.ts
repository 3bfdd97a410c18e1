import { Query, QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import type { AlertHandlingAnswer } from '../alerts/alert-answers.js';
import { alertHandling } from '../alerts/alert-detail.js';
import { AlertLog } from '#event-log/alert-log.js';
import type { LearningBank } from '#domain/spikes/learning.js';
import { AttemptStore } from '#attempt-store/attempt-store.js';
import type { AlertView, CohortFilter, Page, Paged } from '#attempt-store/attempt-store.js';
import { StorePosition } from './store-position.js';
import type { Position } from './store-position.js';

/** Alerts with what people did about them, and the banks whose alerts are provisional. */
export interface AlertList extends Paged<AlertView & AlertHandlingAnswer>, Position {
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

const UNHANDLED = { acknowledged: null, snoozed: null, silencedBy: null };

@QueryHandler(ListAlerts)
export class ListAlertsHandler implements IQueryHandler<ListAlerts> {
  constructor(
    private readonly store: AttemptStore,
    private readonly position: StorePosition,
    private readonly alertLog: AlertLog,
  ) {}

  async execute({ filter, page }: ListAlerts) {
    const position = await this.position.of(filter.bank);
    const { items, nextCursor } = await this.store.alerts(filter, page);
    const state = await this.alertLog.refresh();
    const handled = items.map((item) => {
      const alert = state.alerts.get(item.alertId);
      return { ...item, ...(alert ? alertHandling(state, alert) : UNHANDLED) };
    });
    return { items: handled, nextCursor, ...position };
  }
}
