import type { AttemptStoreWriter } from '#attempt-store/attempt-store.js';
import { symbolOf } from '#domain/codes/code-symbols.js';
import type { EventLog } from '#event-log/event-log.js';
import { logNotifier } from '#notify/log.js';
import type { Notifier } from '#notify/notifier.js';
import { webhookNotifier } from '#notify/webhook.js';
import { ConfigError } from '#runtime/load-config.js';
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
 * @throws ConfigError when there is a webhook without a secret to sign with
 */
export async function startSpikeWatch({
  log,
  store,
  config,
  metrics,
  logger,
}: SpikeWatchStart): Promise<SpikeWatch> {
  const notifiers = [logNotifier(logger), ...webhooks(config)];
  const watch = new SpikeWatch({ log, store, notifiers, symbolOf, logger, metrics });
  await watch.onProjected(null);
  return watch;
}

function webhooks(config: ProjectorConfig): Notifier[] {
  const { ROLLCALL_WEBHOOK_URL: url, ROLLCALL_WEBHOOK_SECRET: secret } = config;
  if (url === undefined) return [];
  if (secret === undefined)
    throw new ConfigError(
      'ROLLCALL_WEBHOOK_URL needs ROLLCALL_WEBHOOK_SECRET: unsigned alerts could be forged',
    );
  return [webhookNotifier({ url, secret })];
}
