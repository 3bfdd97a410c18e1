import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { EventLog } from '#event-log/event-log.js';
import { logAddressOf } from '#event-log/log-address.js';
import { ConfigError, loadConfig } from '#runtime/load-config.js';
import { createLogger, nestLogger } from '#runtime/logger.js';
import { markLate } from '#runtime/mark-late.js';
import { watchParentLifeline } from '#runtime/parent-lifeline.js';
import { projectorConfigSchema } from './projector.config.js';
import { ProjectorModule } from './projector.module.js';
import { rebuild } from './rebuild/rebuild.js';
import { rebuildOptions } from './rebuild/rebuild-options.js';

/** Parses the configuration, then fills the store until told to stop – or, with `--rebuild`, fills the idle generation once. */
async function main(): Promise<void> {
  const config = loadConfig(projectorConfigSchema, process.env);
  if (process.argv.includes('--check-config')) return;
  const logger = createLogger('projector', config.ROLLCALL_LOG_LEVEL);
  const options = { logger: nestLogger(logger), abortOnError: false };
  const rebuilding = rebuildOptions(process.argv);
  if (rebuilding) {
    const context = await NestFactory.createApplicationContext(ProjectorModule.forRebuild(config), options);
    context.enableShutdownHooks();
    process.exitCode = await rebuild(context, logAddressOf(config), rebuilding);
    await context.get(EventLog, { strict: false }).close();
    await context.close();
    return;
  }
  const app = await NestFactory.create<NestFastifyApplication>(
    ProjectorModule.with(config),
    new FastifyAdapter(),
    options,
  );
  app.enableShutdownHooks();
  watchParentLifeline(config.ROLLCALL_PARENT_LIFELINE, () => process.kill(process.pid, 'SIGTERM'));
  await app.listen(config.ROLLCALL_PORT, config.ROLLCALL_HOST);
  logger.info({ port: config.ROLLCALL_PORT }, 'projector is up');
}

markLate();
main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ConfigError ? error.message : String((error as Error).stack)}\n`);
  process.exit(error instanceof ConfigError ? 64 : 1);
});
