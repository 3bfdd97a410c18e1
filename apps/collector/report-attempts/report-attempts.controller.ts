import { Controller, Headers, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Credentials } from '../admission/credentials.js';
import { Intake } from '../admission/intake.js';
import { readBody } from '../body/read-body.js';
import { COLLECTOR_CONFIG } from '../collector.config.js';
import type { CollectorConfig } from '../collector.config.js';
import { Problem } from '../problem.js';
import { bodyFormatOf } from '../rows/read-report-body.js';
import { ReportAttempts } from './report-attempts.js';

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** HTTP ↔ `ReportAttempts`: nothing of a body is read before it is known who sends it and that there is room. */
@Controller('v1/attempts')
export class ReportAttemptsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly credentials: Credentials,
    private readonly intake: Intake,
    @Inject(COLLECTOR_CONFIG) private readonly config: CollectorConfig,
  ) {}

  @Post()
  @HttpCode(202)
  async post(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Headers() headers: Readonly<Record<string, string | undefined>>,
    @Query('bank') wantedBank: unknown,
  ) {
    const sender = await this.credentials.senderOf(
      headers['authorization'],
      typeof wantedBank === 'string' ? wantedBank : undefined,
    );
    const format = bodyFormatOf(headers['content-type']);
    const idempotencyKey = idempotencyKeyOf(headers['idempotency-key']);
    const ticket = await this.intake.admit(sender.bank);
    try {
      const grow = (bytes: number): void => {
        ticket.grow(bytes);
      };
      const body = await readBody(request.raw, this.config.maxBodyBytes, grow);
      const answer = await this.commands.execute(
        new ReportAttempts(sender, body, headers['content-encoding'], format, idempotencyKey, grow),
      );
      void reply.status(answer.status);
      return answer.body;
    } finally {
      ticket.end();
    }
  }
}

function idempotencyKeyOf(header: string | undefined): string | undefined {
  if (header === undefined || IDEMPOTENCY_KEY.test(header)) return header;
  throw new Problem(
    400,
    'bad_idempotency_key',
    'Idempotency-Key: expected 1 to 255 printable ASCII characters',
  );
}
