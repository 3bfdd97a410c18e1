import { NestFactory } from '@nestjs/core';
import type { DynamicModule } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Metrics } from '#runtime/metrics.js';
import { nestLogger } from '#runtime/logger.js';
import type { Logger } from '#runtime/logger.js';
import { METRICS } from './http/metrics-token.js';
import { ProblemFilter } from './http/problem-filter.js';

/** The Nest application around a module: error form, bodies left unread, request count. It does not listen yet. */
export async function createCollector(
  module: DynamicModule,
  logger: Logger,
  bodyTimeoutMs: number,
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    forceCloseConnections: 'idle',
    requestTimeout: bodyTimeoutMs,
    // Its own 503 while closing lacks Retry-After; ours has it.
    return503OnClosing: false,
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: nestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  const metrics = app.get<Metrics>(METRICS);
  app.useGlobalFilters(new ProblemFilter(logger));
  const fastify = adapter.getInstance();
  // Bodies are read by the controller, when it knows who sends them.
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', (_request, _payload, done) => {
    done(null, undefined);
  });
  fastify.addHook('onResponse', async (request, reply) => {
    metrics.requests.inc({ route: request.routeOptions.url ?? 'unknown', status: String(reply.statusCode) });
    return Promise.resolve();
  });
  return app;
}
