import { Catch, HttpException } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { Logger } from '#runtime/logger.js';
import { Problem } from '../problem.js';

/** Answers every error as RFC 9457 `application/problem+json`; what is our own defect is logged, not shown. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const body = error instanceof Problem ? error.toBody() : this.judge(error);
    if (error instanceof Problem) void reply.headers(error.headers);
    // Bytes, because the framework adds a charset to text, which this media type does not have.
    void reply
      .status(body.status)
      .type('application/problem+json')
      .send(Buffer.from(JSON.stringify(body)));
  }

  private judge(error: unknown) {
    const status = statusOf(error);
    if (status === 500) this.logger.error({ err: error }, 'a request failed');
    const detail =
      status === 500 ? 'the request failed here; the collector has logged why' : (error as Error).message;
    return {
      type: 'about:blank',
      title: STATUS_CODES[status] ?? 'Error',
      status,
      detail,
      code: CODES[status] ?? 'error',
    };
  }
}

const CODES: Readonly<Record<number, string>> = { 404: 'not_found', 500: 'internal' };

/** Errors of the framework carry their status; anything else is ours. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { readonly statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500;
}
