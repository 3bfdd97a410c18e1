import 'reflect-metadata';
import { ConfigError, loadConfig } from '#runtime/load-config.js';
import { createLogger } from '#runtime/logger.js';
import { markLate } from '#runtime/mark-late.js';
import { watchParentLifeline } from '#runtime/parent-lifeline.js';
import { collectorConfigSchema } from './collector.config.js';
import type { CollectorConfig } from './collector.config.js';
import { CollectorModule } from './collector.module.js';
import { createCollector } from './create-collector.js';

/** A stop that hangs is ended by force: a supervisor waits 10 s. */
const STOP_MS = 9_500;

markLate();
try {
  const config = loadConfig(collectorConfigSchema, process.env);
  if (process.argv.includes('--check-config')) process.exit(0);
  await run(config);
} catch (error) {
  process.stderr.write(
    `collector: ${error instanceof ConfigError ? error.message : String((error as Error).stack)}\n`,
  );
  process.exit(1);
}

async function run(config: CollectorConfig): Promise<void> {
  const logger = createLogger('collector', config.logLevel);
  const app = await createCollector(CollectorModule.with(config, logger), logger, config.bodyTimeoutMs);
  let closing: Promise<void> | null = null;
  const stop = (): void => {
    setTimeout(() => process.exit(1), STOP_MS).unref();
    closing ??= app.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'the stop failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  watchParentLifeline(config.parentLifeline, stop);
  await app.listen(config.port, config.host);
  logger.info({ url: await app.getUrl() }, 'the collector listens');
}
