import 'reflect-metadata';
import { ConfigError, loadConfig } from '#runtime/load-config.js';
import { createLogger } from '#runtime/logger.js';
import { watchParentLifeline } from '#runtime/parent-lifeline.js';
import { consoleConfigSchema } from './console.config.js';
import type { ConsoleConfig } from './console.config.js';
import { ConsoleModule } from './console.module.js';
import { createConsole } from './create-console.js';

try {
  const config = loadConfig(consoleConfigSchema, process.env);
  if (process.argv.includes('--check-config')) process.exit(0);
  await run(config);
} catch (error) {
  process.stderr.write(
    `console: ${error instanceof ConfigError ? error.message : String((error as Error).stack)}\n`,
  );
  process.exit(1);
}

async function run(config: ConsoleConfig): Promise<void> {
  const logger = createLogger('console', config.logLevel);
  const app = await createConsole(ConsoleModule.with(config), logger);
  let closing: Promise<void> | null = null;
  const stop = (): void => {
    closing ??= app.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ error }, 'the stop failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  watchParentLifeline(config.parentLifeline, stop);
  await app.listen(config.port, config.host);
  logger.info({ url: await app.getUrl() }, 'the console listens');
}
