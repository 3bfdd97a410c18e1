import { Query, QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { FailureQuestions } from '#attempt-store/failure-questions.js';
import type { Paged } from '#attempt-store/attempt-store.js';
import type { RemedyFilter } from '#attempt-store/failure-questions.js';
import { ledgerRows } from '#domain/remedies/remedy-ledger.js';
import type { LedgerRow } from '#domain/remedies/remedy-ledger.js';
import { StorePosition, atPosition } from '../questions/store-position.js';
import type { Position } from '../questions/store-position.js';

/** `signature`: an id, or a code of level 1. */
export interface LedgerFilter extends RemedyFilter {
  readonly signature?: string | undefined;
}

/** How often did each remedy help, against which failure? Every row there is: there are few. */
export class ListLedger extends Query<Paged<LedgerRow> & Position> {
  constructor(readonly filter: LedgerFilter) {
    super();
  }
}

@QueryHandler(ListLedger)
export class ListLedgerHandler implements IQueryHandler<ListLedger> {
  constructor(
    private readonly failures: FailureQuestions,
    private readonly position: StorePosition,
  ) {}

  async execute({ filter: { signature: wanted, ...filter } }: ListLedger) {
    return atPosition(this.position, filter.bank, async () => {
      const rows = ledgerRows(await this.failures.remedyTrials(filter));
      const items = rows.filter(
        ({ signature }) => wanted === undefined || signature?.id === wanted || signature?.l1 === wanted,
      );
      return { items, nextCursor: null };
    });
  }
}
