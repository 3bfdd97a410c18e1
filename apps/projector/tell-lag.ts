import { setTimeout as sleep } from 'node:timers/promises';
import type { AdminReader } from '#event-log/admin-reader.js';
import type { EventLog } from '#event-log/event-log.js';
import { groupLag, waitingMs } from '#event-log/group-lag.js';
import type { Metrics } from '#runtime/metrics.js';
import { groupOf, PROJECTED_TOPICS } from './projected-topics.js';

/** Brokers that are away must not keep Prometheus from the other figures: it gives up after 10 s. */
const LONGEST_MS = 4_000;

interface LagParts {
  readonly log: EventLog;
  readonly admin: AdminReader;
  readonly metrics: Pick<Metrics, 'consumerLag' | 'consumerWaiting'>;
}

/**
 * Brings the lag of the group that fills the live generation up to date, for every partition: also while this projector
 * does nothing, or has none of them. When the log does not answer there is no lag at all: an old figure would lie.
 */
export async function tellLag(parts: LagParts): Promise<void> {
  const asked = readLag(parts).catch(() => null);
  const items = await Promise.race([asked, sleep(LONGEST_MS, null, { ref: false })]);
  const { consumerLag, consumerWaiting } = parts.metrics;
  consumerLag.reset();
  consumerWaiting.reset();
  for (const { group, topic, partition, lag, waitsMs } of items ?? []) {
    const labels = { group, topic, partition: String(partition) };
    consumerLag.set(labels, lag);
    consumerWaiting.set(labels, waitsMs / 1_000);
  }
}

async function readLag({ log, admin }: LagParts) {
  const { generation } = await admin.current();
  const nowMs = Date.now();
  const lags = await groupLag(log, groupOf(generation), PROJECTED_TOPICS);
  return Promise.all(lags.map(async (one) => ({ ...one, waitsMs: (await waitingMs(log, one, nowMs)) ?? 0 })));
}
