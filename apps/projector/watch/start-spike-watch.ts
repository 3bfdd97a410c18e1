import type { AttemptStoreWriter } from '#attempt-store/attempt-store.js';
import { symbolOf } from '#domain/codes/code-symbols.js';
import type { RemedyTrial } from '#domain/remedies/remedy-trials.js';
import type { EventLog } from '#event-log/event-log.js';
import { configuredNotifiers } from '#notify/configured-channels.js';
import { logNotifier } from '#notify/log.js';
import type { Logger } from '#runtime/logger.js';
import type { Metrics } from '#runtime/metrics.js';
import type { ProjectorConfig } from '../projector.config.js';
import type { RunningWatch } from './active-watch.js';
import { DeadManSwitch } from './dead-man-switch.js';
import { SpikeWatch } from './spike-watch.js';

export interface SpikeWatchStart {
  readonly log: EventLog;
  readonly store: AttemptStoreWriter;
  readonly config: ProjectorConfig;
  /** The consumer group that fills the live generation. */
  readonly group: string;
  readonly remedyTrials: () => Promise<readonly RemedyTrial[]>;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/**
 * Starts the watch and the dead-man's switch on the live generation; what a crash left undone is delivered now. Whoever
 * starts it calls `onProjected` at once, whenever something was committed, and `stop` at the end.
 */
export function startSpikeWatch({
  log,
  store,
  config,
  group,
  remedyTrials,
  metrics,
  logger,
}: SpikeWatchStart): RunningWatch {
  const toStdout = (text: string) => process.stdout.write(text);
  const notifiers = [logNotifier(logger), ...configuredNotifiers(config, toStdout)];
  const consoleUrl = config.ROLLCALL_CONSOLE_URL ?? null;
  const watch = new SpikeWatch({
    log,
    store,
    notifiers,
    symbolOf,
    consoleUrl,
    remedyTrials,
    logger,
    metrics,
  });
  watch.outbox.request();
  const { alertLog, outbox } = watch;
  const watchTimeMs = () => watch.watchTimeMs;
  const deadMan = new DeadManSwitch({ log, alertLog, outbox, store, group, watchTimeMs, logger });
  return {
    onProjected: (...projected) => watch.onProjected(...projected),
    stop: async () => {
      await deadMan.stop();
      await watch.stop();
    },
  };
}
