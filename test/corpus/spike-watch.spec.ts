import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AlertMessage } from '#domain/alerts/alert-events.js';
import { alertMessageSchema } from '#domain/alerts/alert-events.js';
import { symbolOf } from '#domain/codes/code-symbols.js';
import { looksAWeek } from '#domain/spikes/alarm-budget.js';
import { LEARNING_MS } from '#domain/spikes/constants.js';
import { connectClickHouse } from '#attempt-store/clickhouse/connection.js';
import { ClickHouseWriters } from '#attempt-store/clickhouse/clickhouse-writers.js';
import { appendAdminEvent } from '#event-log/admin-reader.js';
import { createLogger } from '#runtime/logger.js';
import { createMetrics } from '#runtime/metrics.js';
import { ProjectBatch, ProjectBatchHandler } from '../../apps/projector/project-batch/project-batch.js';
import { groupOf, PROJECTED_TOPICS } from '../../apps/projector/projected-topics.js';
import { SpikeWatch } from '../../apps/projector/watch/spike-watch.js';
import { HOUR_MS, readScenario } from '../bench/spikes/scenario.js';
import type { LabelledReport } from '../bench/spikes/scenario.js';
import { watchInMemory } from '../bench/spikes/watch-in-memory.js';
import { postReports } from '../harness/post-reports.js';
import { startTestCollector } from '../harness/test-collector.js';
import type { TestCollector } from '../harness/test-collector.js';
import { startTestEngine } from '../harness/test-engine.js';
import type { TestEngine } from '../harness/test-engine.js';

const SPIKES = '../shared/corpus/spikes';
/** Hour 0 of the scenario: a Monday, 00:00 UTC. */
const START_MS = Date.parse('2026-01-05T00:00:00Z');
const DAY_HOURS = 24;
/** A busy collector asks to come again. */
const [MOST_TRIES, RETRY_MS] = [120, 500];
const AT_ONCE = 20_000;
const TIMEOUT_MS = 900_000;

describe('the watch of the running product', () => {
  if (!existsSync(SPIKES)) {
    it('corpus not present: not checked', () => {
      process.stdout.write('corpus not present: alerts of s4-small not held against the running product\n');
      expect(existsSync(SPIKES)).toBe(false);
    });
    return;
  }

  let collector: TestCollector;
  let engine: TestEngine;
  beforeAll(async () => {
    [collector, engine] = await Promise.all([startTestCollector(), startTestEngine()]);
  }, TIMEOUT_MS);
  afterAll(async () => {
    await collector.close();
    await engine.stop();
  }, TIMEOUT_MS);

  it(
    'raises on s4-small, fed through collector, log and ClickHouse, the alerts of the pure functions',
    async () => {
      const { reports, hours, scoreFromMs } = readScenario(SPIKES, 's4-small');
      const shifted = reports.map((report) => ({
        ...report,
        bank: report.bank.toLowerCase(),
        device: `device-${report.device}`,
        arrivedMs: START_MS + report.arrivedMs,
        occurredMs: START_MS + report.occurredMs,
      }));
      const messages = await watchProduct(shifted, hours, START_MS + scoreFromMs);
      const expected = await watchInMemory({
        reports: shifted,
        fromMs: START_MS,
        untilMs: START_MS + hours * HOUR_MS,
        lookEveryMs: HOUR_MS,
        looksAWeek: looksAWeek(HOUR_MS),
        decideFromMs: START_MS + scoreFromMs - HOUR_MS,
        isLearning: (_, atMs) => atMs < (shifted[0]?.arrivedMs ?? 0) + LEARNING_MS,
      });
      const raisedBefore = new Map(
        expected.events.flatMap(({ atMs, event }) =>
          event.type === 'AlertRaised' ? [[event.alertId, { atMs, event }] as const] : [],
        ),
      );

      const raised = messages.flatMap(({ atMs, events }) =>
        events.flatMap((event) => (event.type === 'AlertRaised' ? [{ atMs, event }] : [])),
      );
      const told = ({ atMs, event }: (typeof raised)[number]) =>
        `${(atMs - START_MS) / HOUR_MS} ${event.tier} ${event.basis} ${event.bank} ${event.build} ${event.kb} ${event.signature.l1}`;
      const lines = (all: Iterable<(typeof raised)[number]>) => [...all].map(told).sort();
      process.stdout.write(
        `s4-small through the product: ${raised.length} alerts, ${raised.filter(({ event }) => event.tier === 'page').length} of them pages\n`,
      );
      expect(lines(raised)).toEqual(lines(raisedBefore.values()));
      const lnPOf = (all: Iterable<(typeof raised)[number]>) =>
        [...all].sort((a, b) => (told(a) < told(b) ? -1 : 1)).map(({ event }) => event.lnP);
      lnPOf(raised).forEach((lnP, index) => {
        expect(lnP).toBeCloseTo(lnPOf(raisedBefore.values())[index] ?? 0, 6);
      });
    },
    TIMEOUT_MS,
  );

  /** Days of rows: posted, projected, looked at by the hour. @returns the topic of the alerts */
  async function watchProduct(
    reports: readonly LabelledReport[],
    hours: number,
    watchFromMs: number,
  ): Promise<AlertMessage[]> {
    const { log } = collector;
    const client = connectClickHouse({ url: engine.urlFor('writer') });
    const writers = new ClickHouseWriters(client, 'rules-of-the-test');
    await writers.prepare('blue');
    const handler = new ProjectBatchHandler(log, writers);
    const consumer = await log.consume(groupOf('blue'), PROJECTED_TOPICS);
    const tokens = new Map<string, string>();
    for (const bank of new Set(reports.map((report) => report.bank))) {
      const at = new Date(START_MS).toISOString();
      await appendAdminEvent(log, { type: 'BankAdded', at, bank, timeZone: null, fqdn: false });
      tokens.set(bank, await collector.createToken(['collect', 'simulate'], { bank }));
    }
    let watch: SpikeWatch | null = null;
    let sent = 0;
    for (let hour = DAY_HOURS; hour <= hours; hour += DAY_HOURS) {
      const untilMs = START_MS + hour * HOUR_MS;
      const ofDay: LabelledReport[] = [];
      for (; (reports[sent]?.arrivedMs ?? Infinity) < untilMs; sent += 1) {
        const report = reports[sent];
        if (report) ofDay.push(report);
      }
      for (const bank of new Set(ofDay.map((report) => report.bank))) {
        const rows = ofDay.filter((report) => report.bank === bank).map(asReport);
        const post = () => postReports(collector.url, tokens.get(bank) ?? '', rows);
        let { status, body } = await post();
        for (let tries = 0; (status === 503 || status === 429) && tries < MOST_TRIES; tries += 1) {
          await sleep(RETRY_MS);
          ({ status, body } = await post());
        }
        expect(status).toBe(202);
        expect(body).toMatchObject({ accepted: rows.length, rejected: [] });
      }
      for (;;) {
        const slices = await consumer.read({ maxRecords: AT_ONCE, maxBytes: 1 << 26, maxWaitMs: 0 });
        if (slices.length === 0) break;
        await handler.execute(new ProjectBatch('blue', slices));
        await consumer.commit(slices);
      }
      if (untilMs < watchFromMs) continue;
      watch ??= new SpikeWatch({
        log,
        store: writers.of('blue'),
        notifiers: [],
        symbolOf,
        lookEveryMs: HOUR_MS,
        logger: createLogger('test', 'warn'),
        metrics: createMetrics('test'),
      });
      await watch.onProjected(null);
      await watch.settled();
    }
    await watch?.stop();
    await consumer.close();
    await client.close();
    const records = await log.readRange('patch.alerts', 0, 0, 1_000_000);
    return records.map(({ value }) => alertMessageSchema.parse(JSON.parse(value.toString('utf8'))));
  }
});

function asReport({ device, build, kb, arrivedMs, occurredMs, signature }: LabelledReport) {
  const occurredAt = new Date(occurredMs).toISOString();
  return {
    deviceKey: device,
    targetKb: kb,
    osBuild: build,
    source: 'windows_update_client',
    operation: 'install',
    outcome: signature === null ? 'succeeded' : 'failed',
    ...(signature !== null && { hresult: signature }),
    startedAt: occurredAt,
    occurredAt,
    receivedAt: new Date(arrivedMs).toISOString(),
    deliveryMode: 'live',
  };
}
