import { Query, QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { AttemptStore } from '#attempt-store/attempt-store.js';
import type { StoreStatus } from '#attempt-store/attempt-store.js';

/** How much is there, and how fresh is it? */
export class ShowStatus extends Query<StoreStatus> {
  constructor(readonly bank: string | null) {
    super();
  }
}

@QueryHandler(ShowStatus)
export class ShowStatusHandler implements IQueryHandler<ShowStatus> {
  constructor(private readonly store: AttemptStore) {}

  async execute({ bank }: ShowStatus) {
    return this.store.status(bank);
  }
}
