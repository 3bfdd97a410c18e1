import { symbolOf } from '#domain/codes/code-symbols.js';
import { AlertLog } from '#event-log/alert-log.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';
import { channelConfigSchema, configuredNotifiers } from '#notify/configured-channels.js';
import { createLogger } from '#runtime/logger.js';
import { createMetrics } from '#runtime/metrics.js';
import { Outbox } from '../../apps/projector/watch/outbox.js';

// A process that only delivers what the log owes, as the projector does: for tests that kill it.
const log = await openLmdbEventLog({ directory: process.env['OUTBOX_LOG'] ?? '' });
const alertLog = new AlertLog(log, () => undefined);
const outbox = new Outbox({
  alertLog,
  notifiers: configuredNotifiers(channelConfigSchema.parse(process.env), () => undefined),
  context: { symbolOf, consoleUrl: null },
  watchTimeMs: () => null,
  onDelivered: () => Promise.resolve(),
  logger: createLogger('outbox', 'silent'),
  metrics: createMetrics('outbox'),
});
process.stdout.write('delivering\n');
await outbox.settled();
process.stdout.write('settled\n');
// Stays until it is killed, and tries again meanwhile.
setInterval(() => {
  outbox.request();
}, 60_000);
