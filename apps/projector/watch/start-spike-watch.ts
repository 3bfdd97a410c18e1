import type { AttemptStoreWriter } from '#attempt-store/attempt-store.js';
import { symbolOf } from '#domain/codes/code-symbols.js';
import type { EventLog } from '#event-log/event-log.js';
import { configuredNotifiers } from '#notify/configured-channels.js';
import { logNotifier } from '#notify/log.js';
import type { Logger } from '#runtime/logger.js';
import type { Metrics } from '#runtime/metrics.js';
import type { ProjectorConfig } from '../projector.config.js';
import { SpikeWatch } from './spike-watch.js';

export interface SpikeWatchStart {
  readonly log: EventLog;
  readonly store: AttemptStoreWriter;
  readonly config: ProjectorConfig;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/**
 * Starts the watch on the live generation: what a crash left undone is looked at and delivered now, not with the next
 * batch. Whoever starts it calls `onProjected` after each commit and `stop` at the end.
 */
export async function startSpikeWatch({
  log,
  store,
  config,
  metrics,
  logger,
}: SpikeWatchStart): Promise<SpikeWatch> {
  const toStdout = (text: string) => process.stdout.write(text);
  const notifiers = [logNotifier(logger), ...configuredNotifiers(config, toStdout)];
  const consoleUrl = config.ROLLCALL_CONSOLE_URL ?? null;
  const watch = new SpikeWatch({ log, store, notifiers, symbolOf, consoleUrl, logger, metrics });
  watch.outbox.request();
  await watch.onProjected(null);
  return watch;
}
