import { NestFactory } from '@nestjs/core';
import type { DynamicModule } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Metrics } from '#runtime/metrics.js';
import { nestLogger } from '#runtime/logger.js';
import type { Logger } from '#runtime/logger.js';
import { METRICS } from './http/metrics-token.js';
import { ProblemFilter } from './http/problem-filter.js';

/** The Nest application around a module: error form, headers, request count. It does not listen yet. */
export async function createConsole(module: DynamicModule, logger: Logger): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({ bodyLimit: 64 * 1024, forceCloseConnections: 'idle' });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: nestLogger(logger),
  });
  const metrics = app.get<Metrics>(METRICS);
  app.useGlobalFilters(new ProblemFilter(logger));
  adapter
    .getInstance()
    .addHook('onSend', async (_request, reply) => {
      void reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
      return Promise.resolve();
    })
    .addHook('onResponse', async (request, reply) => {
      metrics.requests.inc({
        route: request.routeOptions.url ?? 'unknown',
        status: String(reply.statusCode),
      });
      return Promise.resolve();
    });
  return app;
}
