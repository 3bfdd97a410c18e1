import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { decideAlerts } from '#domain/alerts/decide-alerts.js';
import { looksAWeek } from '#domain/spikes/alarm-budget.js';
import { LOOK_EVERY_MS } from '#domain/spikes/constants.js';
import { ClickHouseWriters } from '#attempt-store/clickhouse/clickhouse-writers.js';
import { connectClickHouse } from '#attempt-store/clickhouse/connection.js';
import { fillFleet, fillStorm } from '../bench/spikes/fill-histories.js';
import { startTestEngine } from '../harness/test-engine.js';
import type { TestEngine } from '../harness/test-engine.js';

const AT_MS = Date.parse('2024-03-12T12:00:00Z');
const SIGNATURES = 300;
const TIMEOUT_MS = 300_000;

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
}, TIMEOUT_MS);
afterAll(() => engine.stop());

/** 10,000 of them, with what they cost: `npm run bench -- look`. */
it.each([
  { devicesEach: 3, tier: 'ticket', because: 'none is unlikely by itself among so many' },
  { devicesEach: 25, tier: 'page', because: 'each would be an alert of its own' },
])(
  'new signatures of $devicesEach devices each within the hour are told by one alert, a $tier: $because',
  async ({ devicesEach, tier }) => {
    const client = connectClickHouse({ url: engine.urlFor('writer') });
    const writers = new ClickHouseWriters(client, 'rules-of-the-test');
    await writers.drop('blue');
    await writers.prepare('blue');
    await fillFleet(engine, { attempts: 20_000, untilMs: AT_MS, banks: 5 });
    await fillStorm(engine, SIGNATURES, devicesEach, AT_MS);
    const counts = await writers.of('blue').watchCounts({ atMs: AT_MS, told: [], sincesMs: [] });
    await client.close();
    const codes = new Set(counts.windows[0]?.failures.map(({ levels }) => levels[0]));
    expect(codes.size).toBeGreaterThanOrEqual(SIGNATURES);
    const events = decideAlerts(counts, new Map(), {
      isLearning: () => false,
      c2: 0.3,
      looksAWeek: looksAWeek(LOOK_EVERY_MS),
      sinceMs: AT_MS - LOOK_EVERY_MS,
      isPast: false,
      channels: [],
    });
    const raised = events.filter((event) => event.type === 'AlertRaised');
    expect(raised).toMatchObject([{ tier, basis: 'any', bank: 'bank-0', levels: [] }]);
    expect(raised[0]?.failed).toBeGreaterThanOrEqual(SIGNATURES * devicesEach);
  },
  TIMEOUT_MS,
);
