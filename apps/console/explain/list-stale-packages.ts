import { Query, QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import type { Paged } from '#attempt-store/attempt-store.js';
import { FailureQuestions } from '#attempt-store/failure-questions.js';
import { stalePending, tellPackages } from '#domain/packages/device-packages.js';
import { StorePosition, atPosition } from '../questions/store-position.js';
import type { Position } from '../questions/store-position.js';

/** A package that has waited long for its installation: a risk before the next patch. */
export interface StalePackageView {
  readonly bank: string;
  readonly deviceKey: string;
  readonly branch: string;
  readonly identity: string;
  readonly kb: string | null;
  readonly since: string;
  /** False: it has been seen so since then, and may have been before. */
  readonly sinceIsTold: boolean;
  readonly lastSeen: string;
  readonly pendingDays: number;
}

/** Which packages wait for their installation longer than so many days? */
export class ListStalePackages extends Query<Paged<StalePackageView> & Position> {
  constructor(
    readonly bank: string | null,
    readonly days: number,
    /** ISO UTC: the day it is looked at from. */
    readonly at: string,
  ) {
    super();
  }
}

@QueryHandler(ListStalePackages)
export class ListStalePackagesHandler implements IQueryHandler<ListStalePackages> {
  constructor(
    private readonly failures: FailureQuestions,
    private readonly position: StorePosition,
  ) {}

  async execute({ bank, days, at }: ListStalePackages) {
    return atPosition(this.position, bank, async () => {
      const devices = await this.failures.pendingPackages(bank);
      const items = devices.flatMap(({ bank: owner, deviceKey, branch, snapshots }) =>
        stalePending([{ deviceKey, packages: tellPackages(snapshots) }], Date.parse(at), days).map(
          (own): StalePackageView => ({
            bank: owner,
            deviceKey,
            branch,
            identity: own.identity,
            kb: own.kb,
            since: new Date(own.sinceMs).toISOString(),
            sinceIsTold: own.sinceIsTold,
            lastSeen: new Date(own.lastSeenMs).toISOString(),
            pendingDays: own.pendingDays,
          }),
        ),
      );
      items.sort((left, right) => (left.since < right.since ? -1 : Number(left.since > right.since)));
      return { items, nextCursor: null };
    });
  }
}
