import { Query, QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { AttemptStore } from '#attempt-store/attempt-store.js';
import type { AttemptView, AttemptFilter, Page, Paged } from '#attempt-store/attempt-store.js';
import { StorePosition, atPosition } from './store-position.js';
import type { Position } from './store-position.js';

/** Which single attempts were there? */
export class ListAttempts extends Query<Paged<AttemptView> & Position> {
  constructor(
    readonly filter: AttemptFilter,
    readonly page: Page,
  ) {
    super();
  }
}

@QueryHandler(ListAttempts)
export class ListAttemptsHandler implements IQueryHandler<ListAttempts> {
  constructor(
    private readonly store: AttemptStore,
    private readonly position: StorePosition,
  ) {}

  async execute({ filter, page }: ListAttempts) {
    return atPosition(this.position, filter.bank, () => this.store.attempts(filter, page));
  }
}
