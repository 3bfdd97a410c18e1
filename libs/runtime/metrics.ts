import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/**
 * Every metric there is: the only place where a name exists, so that dashboards and alerts cannot drift.
 * Names follow OpenTelemetry/Prometheus custom: `rollcall_<noun>_<unit>[_total]`.
 */
export function createMetrics(app: string) {
  const registry = new Registry();
  registry.setDefaultLabels({ app });
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    /** Reports taken and durable. */
    reportsAccepted: new Counter({
      name: 'rollcall_reports_accepted_total',
      help: 'Reports taken and durable in the log',
      labelNames: ['bank'],
      registers,
    }),
    /** Rows refused with a reason; they lie in the rejects of the bank. */
    reportsRejected: new Counter({
      name: 'rollcall_reports_rejected_total',
      help: 'Report rows refused',
      labelNames: ['code'],
      registers,
    }),
    /** Requests by answer. */
    requests: new Counter({
      name: 'rollcall_http_requests_total',
      help: 'HTTP requests',
      labelNames: ['route', 'status'],
      registers,
    }),
    unknownFields: new Counter({
      name: 'rollcall_report_unknown_fields_total',
      help: 'Fields set aside under extra',
      registers,
    }),
    appendSeconds: new Histogram({
      name: 'rollcall_log_append_seconds',
      help: 'Time until an append was durable',
      buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
      registers,
    }),
    inFlightBytes: new Gauge({
      name: 'rollcall_collector_in_flight_bytes',
      help: 'Bytes of bodies being worked on',
      registers,
    }),
    rawTopicMessages: new Counter({
      name: 'rollcall_raw_topic_messages_total',
      help: 'Messages of topics that log shippers write themselves, by result',
      labelNames: ['topic', 'result'],
      registers,
    }),
    rawTopicLag: new Gauge({
      name: 'rollcall_raw_topic_lag_messages',
      help: 'Messages of a raw topic not yet taken, when it was last read',
      labelNames: ['topic', 'partition'],
      registers,
    }),
    /** Messages by how they ended. */
    messagesProjected: new Counter({
      name: 'rollcall_messages_projected_total',
      help: 'Log messages by result',
      labelNames: ['result', 'reason'],
      registers,
    }),
    batchSeconds: new Histogram({
      name: 'rollcall_projection_batch_seconds',
      help: 'Read to commit of a batch',
      buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
      registers,
    }),
    lagMessages: new Gauge({
      name: 'rollcall_projection_lag_messages',
      help: 'Messages in the log not yet projected',
      registers,
    }),
    /** At the moment of the question, and the same from every projector: take the largest of them. */
    consumerLag: new Gauge({
      name: 'rollcall_consumer_lag_messages',
      help: 'Messages that the group filling the live generation has not committed',
      labelNames: ['group', 'topic', 'partition'],
      registers,
    }),
    consumerWaiting: new Gauge({
      name: 'rollcall_consumer_waiting_seconds',
      help: 'How long the oldest message waits that the group has not committed; 0 when none does',
      labelNames: ['group', 'topic', 'partition'],
      registers,
    }),
    freshnessSeconds: new Gauge({
      name: 'rollcall_projection_freshness_seconds',
      help: 'Arrival to visible, newest batch',
      registers,
    }),
    storeRetries: new Counter({
      name: 'rollcall_store_retries_total',
      help: 'Batches tried again because the store did not answer',
      registers,
    }),
    watchLooks: new Counter({
      name: 'rollcall_watch_looks_total',
      help: 'Looks of the spike watch',
      registers,
    }),
    watchFailures: new Counter({
      name: 'rollcall_watch_failures_total',
      help: 'Looks of the spike watch that failed and were tried again',
      registers,
    }),
    watchFailuresInRow: new Gauge({
      name: 'rollcall_watch_failures_in_row',
      help: 'Failed looks since the last one that worked; above 0 no alert can be raised',
      registers,
    }),
    alertsRaised: new Counter({
      name: 'rollcall_alerts_raised_total',
      help: 'Alerts raised',
      labelNames: ['bank'],
      registers,
    }),
    deliveries: new Counter({
      name: 'rollcall_deliveries_total',
      help: 'Alert deliveries by channel and result',
      labelNames: ['channel', 'result'],
      registers,
    }),
  };
}
export type Metrics = ReturnType<typeof createMetrics>;
