import { Controller, Header, HttpCode, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { missingFacts } from '#domain/required-facts.js';
import { readReportEventBatch } from '#sources/wsus/report-event-batch.js';
import { Problem } from '../problem.js';
import { EventIntake } from './event-intake.js';
import type { RecordReading } from './event-intake.js';

/**
 * Where a reverse proxy in front of WSUS mirrors the reports of its clients (MS-WUSP `ReportEventBatch`). It must add the
 * token; WSUS itself answers the client, so this answer is read by nobody but the proxy.
 */
@Controller('ReportingWebService/ReportingWebService.asmx')
export class ReportEventBatchController {
  constructor(private readonly intake: EventIntake) {}

  @Post()
  @HttpCode(200)
  @Header('content-type', 'text/xml; charset=utf-8')
  async post(@Req() request: FastifyRequest): Promise<string> {
    await this.intake.take(request, readBatch);
    return ANSWER;
  }
}

function readBatch(bytes: Buffer): readonly RecordReading[] {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  const batch = readReportEventBatch(bytes.toString(isUtf16 ? 'utf16le' : 'utf8').replace(/^\ufeff/, ''));
  if (batch === null) {
    throw new Problem(400, 'broken_soap', 'the body is no ReportEventBatch request; nothing was taken');
  }
  return batch.reports.map((report) => {
    const [missing] = missingFacts(report);
    return missing === undefined ? { kind: 'report', report } : { kind: 'refused', why: missing.message };
  });
}

const ANSWER =
  '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>' +
  '<ReportEventBatchResponse xmlns="http://www.microsoft.com/SoftwareDistribution"><ReportEventBatchResult>true</ReportEventBatchResult>' +
  '</ReportEventBatchResponse></soap:Body></soap:Envelope>';
