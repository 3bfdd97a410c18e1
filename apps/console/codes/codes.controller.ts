import { Controller, Get, Headers, NotFoundException, Param, Query } from '@nestjs/common';
import { explainSpelling } from '#domain/codes/explain-code.js';
import { AdminReader } from '#event-log/admin-reader.js';
import { parseParameters } from '../http/question-parameters.js';
import { readerOf } from '../http/reader-of.js';
import { codeParameters } from './code-answer.js';

/** What an error code means: the dictionary of the program over HTTP. It tells nothing about any bank. */
@Controller('api/v1/codes')
export class CodesController {
  constructor(private readonly admin: AdminReader) {}

  @Get(':code')
  async code(
    @Headers('authorization') authorization: string | undefined,
    @Param('code') spelling: string,
    @Query() query: unknown,
  ) {
    const { as } = parseParameters(codeParameters, query);
    await readerOf(this.admin, authorization, undefined);
    const answer = explainSpelling(spelling, as);
    if (!answer) throw new NotFoundException(`"${spelling}" is no error code`);
    return answer;
  }
}
