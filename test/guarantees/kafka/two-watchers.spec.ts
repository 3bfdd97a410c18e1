import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { AlertLog } from '#event-log/alert-log.js';
import { createTopics } from '#event-log/kafka/kafka-topics.js';
import { eventually } from '../../harness/eventually.js';
import { ExtraProjector } from '../../harness/extra-projector.js';
import { kafkaAddressOf } from '../../harness/kafka-address.js';
import { KafkaCluster } from '../../harness/kafka-cluster.js';
import { describeWithOwnBrokers } from '../../harness/kafka-specs.js';
import { RollcallUp } from '../../harness/rollcall-up.js';

const BANK = 'bank-w';
const DEVICES = 240;
const FAILING = 20;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Days ago, update: the bank is known for longer than the 28 days in which it is only learnt. */
const HISTORY = [
  [40, 'KB5037765'],
  [20, 'KB5039217'],
  [10, 'KB5040430'],
] as const;
/** Longer than the group waits for a member: another watches when it goes on. */
const HANGS_MS = 60_000;

jest.setTimeout(600_000);

interface Posted {
  readonly deliveryId: string;
  readonly alertId: string;
  readonly kind: string;
}

/** One projector of all watches. It hangs, another takes over, it goes on and believes that it still watches. */
describeWithOwnBrokers('kafka: two watchers', () => {
  let cluster: KafkaCluster;
  let rollcall: RollcallUp;
  let other: ExtraProjector;
  let receiver: Server;
  let token: string;
  const posted: Posted[] = [];

  beforeAll(async () => {
    receiver = createServer((request, response) => {
      let text = '';
      request.on('data', (part: Buffer) => (text += part.toString('utf8')));
      request.on('end', () => {
        posted.push(JSON.parse(text) as Posted);
        response.writeHead(204).end();
      });
    }).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    cluster = await KafkaCluster.start();
    await createTopics(kafkaAddressOf(cluster.address), { replicationFactor: 1, minInsyncReplicas: 1 });
    rollcall = await RollcallUp.start({
      ROLLCALL_LOG: cluster.address,
      ROLLCALL_WEBHOOK_URL: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`,
      ROLLCALL_WEBHOOK_SECRET: '0123456789abcdef',
    });
    await eventually('the first watcher', () => watchers() > 0 || null);
    await rollcall.addSender(BANK);
    const created = await rollcall.cli(['token', 'create', '--bank', BANK, '--scope', 'simulate', '--json']);
    token = (JSON.parse(created.stdout) as { token: string }).token;
    other = await ExtraProjector.start(rollcall.data);
  });

  afterAll(async () => {
    await other.kill();
    await rollcall.dispose();
    await cluster.stop();
    receiver.closeAllConnections();
    receiver.close();
  });

  const watchers = () =>
    rollcall.lines.filter((line) => line.includes('this projector watches for spikes')).length;

  /** One report of each of these devices, all of this time. */
  async function report(from: number, to: number, atMs: number, facts: object): Promise<void> {
    const rows = Array.from({ length: to - from }, (_, index) => ({
      deviceName: `PC-${from + index}`,
      source: 'windows_update_client',
      targetKb: 'KB5041578',
      osBuild: '17763.6054',
      sourceEventId: `${atMs}-${from + index}`,
      startedAt: new Date(atMs - 20 * MINUTE_MS).toISOString(),
      occurredAt: new Date(atMs).toISOString(),
      receivedAt: new Date(atMs + MINUTE_MS).toISOString(),
      ...facts,
    }));
    const answer = await rollcall.post(rows, token);
    expect({ status: answer.status, body: answer.body }).toMatchObject({ status: 202 });
  }

  it('make one alert under one delivery id', async () => {
    const nowMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
    for (const [days, targetKb] of HISTORY)
      await report(0, DEVICES, nowMs - days * DAY_MS, { outcome: 'succeeded', targetKb });
    await rollcall.drained();

    const hanging = await rollcall.child('projector');
    const hungAtMs = performance.now();
    process.kill(hanging, 'SIGSTOP');
    try {
      const failed = { outcome: 'failed', hresult: '0x80071ab1' };
      await report(DEVICES, DEVICES + FAILING, nowMs - 3 * HOUR_MS, failed);
      await report(0, 1, nowMs - 2 * HOUR_MS, { outcome: 'succeeded', targetKb: 'KB5043050' });
      await eventually('the delivery by the other watcher', () => posted.length > 0 || null, 180_000);
      console.log(
        `kafka, two watchers: told ${((performance.now() - hungAtMs) / 1_000).toFixed(0)} s after the first hung`,
      );
      await sleep(Math.max(0, HANGS_MS - (performance.now() - hungAtMs)));
    } finally {
      process.kill(hanging, 'SIGCONT');
    }
    // What it held in its hands it does now: the other's alerts stand.
    await report(0, 1, nowMs - HOUR_MS, { outcome: 'succeeded', targetKb: 'KB5044277' });
    await rollcall.drained();
    await sleep(15_000);

    const alerts = await rollcall.withLog(async (log) => {
      const state = await new AlertLog(log, () => undefined).refresh();
      return [...state.alerts.values()];
    });
    expect(alerts.map(({ bank, signature }) => [bank, signature.l1])).toEqual([[BANK, '0x80071ab1']]);
    const raised = posted.filter(({ kind }) => kind === 'raised');
    expect(new Set(raised.map(({ deliveryId }) => deliveryId)).size).toBe(1);
    expect(new Set(posted.map(({ alertId }) => alertId)).size).toBe(1);
  });
});
