import { BadRequestException, Controller, Get, Headers, Param, Query } from '@nestjs/common';
import { kbSchema } from '#domain/attempt-event.js';
import { checkKb } from '#domain/kb/applicability.js';
import { complianceOf } from '#domain/kb/compliance.js';
import { AdminReader } from '#event-log/admin-reader.js';
import { parseParameters } from '../http/question-parameters.js';
import { readerOf } from '../http/reader-of.js';
import { kbParameters } from './kb-answer.js';

/** Whether an update fits a device: the KB catalogue of the program over HTTP. It tells nothing about any bank. */
@Controller('api/v1/kb')
export class KbController {
  constructor(private readonly admin: AdminReader) {}

  /** A KB that is not known is an answer, not a missing page: it says what may have been meant. */
  @Get(':kb/check')
  async check(
    @Headers('authorization') authorization: string | undefined,
    @Param('kb') asked: string,
    @Query() query: unknown,
  ) {
    const {
      build = null,
      claimed,
      at = new Date().toISOString().slice(0, 10),
    } = parseParameters(kbParameters, query);
    const kb = kbSchema.safeParse(asked.toUpperCase());
    if (!kb.success) throw new BadRequestException(`"${asked}" is no KB: expected KB and 6 to 8 digits`);
    await readerOf(this.admin, authorization, undefined);
    const check = checkKb(kb.data, { osBuild: build, claimedEdition: claimed });
    return { ...check, compliance: build === null ? null : complianceOf(build, at) };
  }
}
