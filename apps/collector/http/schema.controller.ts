import { Controller, Get, Header } from '@nestjs/common';
import { reportJsonSchemas } from '#domain/attempt-event.js';
import { remedyJsonSchemas } from '#domain/remedies/remedy-event.js';
import { anyGiven, asSendersMayWrite } from './published-schema.js';

const DEVICE = anyGiven('deviceKey', 'deviceName', 'deviceAliases');

/** What senders may post. Unknown fields are taken too and kept aside, so a sender may be newer than its collector. */
@Controller('v1/schema')
export class SchemaController {
  @Get('attempt.json')
  @Header('content-type', 'application/schema+json')
  attempt() {
    return {
      ...asSendersMayWrite(reportJsonSchemas['patch.update_attempt']),
      title: "patch.update_attempt: one source's observation of one update attempt",
      allOf: [
        DEVICE,
        anyGiven('targetKb', 'updateId', 'packageIdentity'),
        anyGiven('occurredAt', 'occurredAtText'),
      ],
    };
  }

  @Get('remedy.json')
  @Header('content-type', 'application/schema+json')
  remedy() {
    return {
      title: 'RemediationApplied, RemediationOutcome: a remedy used on a device, and what came of it',
      anyOf: remedyJsonSchemas.map(asSendersMayWrite),
      allOf: [anyGiven('deviceKey', 'deviceName')],
    };
  }

  @Get('inventory.json')
  @Header('content-type', 'application/schema+json')
  inventory() {
    return {
      ...asSendersMayWrite(reportJsonSchemas['patch.device_inventory']),
      title: 'patch.device_inventory: a snapshot of one device',
      allOf: [DEVICE],
    };
  }
}
