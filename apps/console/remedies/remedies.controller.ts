import { Controller, Get, Headers, Param, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { AdminReader } from '#event-log/admin-reader.js';
import { bankParameters, parseParameters } from '../http/question-parameters.js';
import { readerOf } from '../http/reader-of.js';
import { AdviseRemedies } from './advise-remedies.js';
import { ListLedger } from './list-ledger.js';
import { ledgerParameters } from './remedy-answers.js';

/** What helped against which failure: a reader of one bank learns from its own devices only. */
@Controller('api/v1/remedies')
export class RemediesController {
  constructor(
    private readonly questions: QueryBus,
    private readonly admin: AdminReader,
  ) {}

  @Get()
  async ledger(@Headers('authorization') authorization: string | undefined, @Query() query: unknown) {
    const { bank: wanted, kb, signature } = parseParameters(ledgerParameters, query);
    const { bank } = await readerOf(this.admin, authorization, wanted);
    return this.questions.execute(new ListLedger({ bank, kb, signature }));
  }

  @Get(':failure')
  async advice(
    @Headers('authorization') authorization: string | undefined,
    @Param('failure') failure: string,
    @Query() query: unknown,
  ) {
    const { bank } = await readerOf(this.admin, authorization, parseParameters(bankParameters, query).bank);
    return this.questions.execute(new AdviseRemedies(bank, failure));
  }
}
