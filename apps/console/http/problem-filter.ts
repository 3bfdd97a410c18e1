import { Catch, HttpException } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';
import { StoreUnavailableError } from '#attempt-store/attempt-store.js';
import { LogUnavailableError } from '#event-log/event-log.js';
import type { Logger } from '#runtime/logger.js';

/** RFC 9457 `application/problem+json`. */
interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** One word for programs, stable. */
  readonly code: string;
}

const CODES: Readonly<Record<number, string>> = {
  400: 'wrong_parameter',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  500: 'internal',
  503: 'store_unavailable',
};

/** Answers every error as a problem; what is our own defect is logged and shown without its inner words. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const { status, detail, code = CODES[status] ?? 'error' } = this.judge(error);
    const title = STATUS_CODES[status] ?? 'Error';
    const problem: Problem = { type: 'about:blank', title, status, detail, code };
    if (status === 401) void reply.header('www-authenticate', 'Bearer realm="rollcall"');
    if (status === 503) void reply.header('retry-after', '2');
    void reply.status(status).type('application/problem+json').send(JSON.stringify(problem));
  }

  private judge(error: unknown): { status: number; detail: string; code?: string } {
    if (error instanceof HttpException) return { status: error.getStatus(), detail: error.message };
    if (error instanceof StoreUnavailableError) {
      this.logger.warn({ err: error }, 'the store did not answer a question');
      return { status: 503, detail: 'the store does not answer for now; try again' };
    }
    if (error instanceof LogUnavailableError) {
      this.logger.warn({ err: error }, 'the event log did not answer');
      return {
        status: 503,
        detail: 'the event log does not answer for now, so tokens and alerts cannot be read; try again',
        code: 'log_unavailable',
      };
    }
    // Named by the store's adapter, which this layer does not import.
    if (error instanceof Error && error.name === 'CursorError') return { status: 400, detail: error.message };
    const status = (error as { statusCode?: unknown } | null)?.statusCode;
    if (typeof status === 'number' && status >= 400 && status < 500) {
      return { status, detail: (error as Error).message };
    }
    this.logger.error({ err: error }, 'a question failed');
    return { status: 500, detail: 'the question failed here; the console has logged why' };
  }
}
