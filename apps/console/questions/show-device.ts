import { NotFoundException } from '@nestjs/common';
import { Query, QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { AttemptStore } from '#attempt-store/attempt-store.js';
import type { DeviceView } from '#attempt-store/attempt-store.js';

/** What happened on one device? */
export class ShowDevice extends Query<DeviceView> {
  constructor(
    readonly bank: string | null,
    readonly deviceKey: string,
  ) {
    super();
  }
}

@QueryHandler(ShowDevice)
export class ShowDeviceHandler implements IQueryHandler<ShowDevice> {
  constructor(private readonly store: AttemptStore) {}

  async execute({ bank, deviceKey }: ShowDevice) {
    const device = await this.store.device(bank, deviceKey);
    if (!device) throw new NotFoundException(`device ${deviceKey} is not known`);
    return device;
  }
}
