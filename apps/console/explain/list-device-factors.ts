import { NotFoundException } from '@nestjs/common';
import { Query, QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { AttemptStore } from '#attempt-store/attempt-store.js';
import type { Paged } from '#attempt-store/attempt-store.js';
import { FailureQuestions } from '#attempt-store/failure-questions.js';
import { commonFactors } from '#domain/common-factor/common-factors.js';
import type { CommonFactor } from '#domain/common-factor/common-factors.js';
import { StorePosition, atPosition } from '../questions/store-position.js';
import type { Position } from '../questions/store-position.js';

/** What do the failed attempts of one device share beyond their codes? */
export class ListDeviceFactors extends Query<Paged<CommonFactor> & Position> {
  constructor(
    readonly bank: string | null,
    readonly deviceKey: string,
  ) {
    super();
  }
}

@QueryHandler(ListDeviceFactors)
export class ListDeviceFactorsHandler implements IQueryHandler<ListDeviceFactors> {
  constructor(
    private readonly store: AttemptStore,
    private readonly failures: FailureQuestions,
    private readonly position: StorePosition,
  ) {}

  async execute({ bank, deviceKey }: ListDeviceFactors) {
    return atPosition(this.position, bank, async () => {
      const device = await this.store.device(bank, deviceKey);
      if (!device) throw new NotFoundException(`device ${deviceKey} is not known`);
      const observed = await this.failures.deviceObservations(device.bank, device.deviceKey);
      return { items: commonFactors(observed), nextCursor: null };
    });
  }
}
