import { Controller, Get, Headers, Param, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { AdminReader } from '#event-log/admin-reader.js';
import { DraftCase } from '../questions/draft-case.js';
import { ListAlerts } from '../questions/list-alerts.js';
import { ListAttempts } from '../questions/list-attempts.js';
import { ListCohorts } from '../questions/list-cohorts.js';
import { ShowCohort } from '../questions/show-cohort.js';
import { ShowDevice } from '../questions/show-device.js';
import { ShowStatus } from '../questions/show-status.js';
import {
  attemptParameters,
  bankParameters,
  caseParameters,
  listParameters,
  parseParameters,
} from './question-parameters.js';
import { readerOf } from './reader-of.js';

/** HTTP ↔ questions: who asks (from the credential), what is asked (from the address). Answers are the questions' own. */
@Controller('api/v1')
export class QuestionsController {
  constructor(
    private readonly questions: QueryBus,
    private readonly admin: AdminReader,
  ) {}

  @Get('cohorts')
  async cohorts(@Headers('authorization') authorization: string | undefined, @Query() query: unknown) {
    const { cursor, limit, ...filter } = parseParameters(listParameters, query);
    const { bank } = await readerOf(this.admin, authorization, filter.bank);
    return this.questions.execute(new ListCohorts({ ...filter, bank }, { cursor, limit }));
  }

  @Get('cohorts/:cohortId')
  async cohort(
    @Headers('authorization') authorization: string | undefined,
    @Param('cohortId') cohortId: string,
    @Query() query: unknown,
  ) {
    const reader = await readerOf(this.admin, authorization, parseParameters(bankParameters, query).bank);
    return this.questions.execute(new ShowCohort(reader, cohortId));
  }

  @Get('cohorts/:cohortId/case')
  async draft(
    @Headers('authorization') authorization: string | undefined,
    @Param('cohortId') cohortId: string,
    @Query() query: unknown,
  ) {
    const { bank: wanted, lang } = parseParameters(caseParameters, query);
    const reader = await readerOf(this.admin, authorization, wanted);
    return this.questions.execute(new DraftCase(reader, cohortId, lang));
  }

  @Get('devices/:deviceKey')
  async device(
    @Headers('authorization') authorization: string | undefined,
    @Param('deviceKey') deviceKey: string,
    @Query() query: unknown,
  ) {
    const { bank } = await readerOf(this.admin, authorization, parseParameters(bankParameters, query).bank);
    return this.questions.execute(new ShowDevice(bank, deviceKey));
  }

  @Get('attempts')
  async attempts(@Headers('authorization') authorization: string | undefined, @Query() query: unknown) {
    const { cursor, limit, ...filter } = parseParameters(attemptParameters, query);
    const { bank } = await readerOf(this.admin, authorization, filter.bank);
    return this.questions.execute(new ListAttempts({ ...filter, bank }, { cursor, limit }));
  }

  @Get('alerts')
  async alerts(@Headers('authorization') authorization: string | undefined, @Query() query: unknown) {
    const { cursor, limit, ...filter } = parseParameters(listParameters, query);
    const { bank } = await readerOf(this.admin, authorization, filter.bank);
    return this.questions.execute(new ListAlerts({ ...filter, bank }, { cursor, limit }));
  }

  @Get('status')
  async status(@Headers('authorization') authorization: string | undefined, @Query() query: unknown) {
    const { bank } = await readerOf(this.admin, authorization, parseParameters(bankParameters, query).bank);
    return this.questions.execute(new ShowStatus(bank));
  }
}
