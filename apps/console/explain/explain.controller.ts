import { Controller, Get, Headers, Param, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { AdminReader } from '#event-log/admin-reader.js';
import { bankParameters, parseParameters } from '../http/question-parameters.js';
import { readerOf } from '../http/reader-of.js';
import { stalePackageParameters } from './explain-answers.js';
import { ExplainCohort } from './explain-cohort.js';
import { ListDeviceFactors } from './list-device-factors.js';
import { ListStalePackages } from './list-stale-packages.js';

/** Why do these devices fail, and which will be next? */
@Controller('api/v1')
export class ExplainController {
  constructor(
    private readonly questions: QueryBus,
    private readonly admin: AdminReader,
  ) {}

  @Get('cohorts/:cohortId/explanation')
  async explanation(
    @Headers('authorization') authorization: string | undefined,
    @Param('cohortId') cohortId: string,
    @Query() query: unknown,
  ) {
    const reader = await readerOf(this.admin, authorization, parseParameters(bankParameters, query).bank);
    return this.questions.execute(new ExplainCohort(reader, cohortId));
  }

  @Get('devices/:deviceKey/factors')
  async factors(
    @Headers('authorization') authorization: string | undefined,
    @Param('deviceKey') deviceKey: string,
    @Query() query: unknown,
  ) {
    const { bank } = await readerOf(this.admin, authorization, parseParameters(bankParameters, query).bank);
    return this.questions.execute(new ListDeviceFactors(bank, deviceKey));
  }

  @Get('packages/stale')
  async stalePackages(@Headers('authorization') authorization: string | undefined, @Query() query: unknown) {
    const { bank: wanted, days, at } = parseParameters(stalePackageParameters, query);
    const { bank } = await readerOf(this.admin, authorization, wanted);
    return this.questions.execute(new ListStalePackages(bank, days, at ?? new Date().toISOString()));
  }
}
