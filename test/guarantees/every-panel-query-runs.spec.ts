import { readFileSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { tellHistory } from '#domain/tell-history.js';
import type { AttemptEvent } from '#domain/attempt-event.js';
import { ClickHouseWriters } from '#attempt-store/clickhouse/clickhouse-writers.js';
import { connectClickHouse } from '#attempt-store/clickhouse/connection.js';
import { runClickHouse } from '../harness/ask-clickhouse.js';
import { expandMacros } from '../harness/grafana-macros.js';
import type { GrafanaChoice } from '../harness/grafana-macros.js';
import {
  reportOf,
  sampleAttempt,
  sampleInventory,
  sampleSuccess,
  sampleTime,
} from '../harness/sample-events.js';
import { startTestEngine } from '../harness/test-engine.js';
import type { TestEngine } from '../harness/test-engine.js';

const FOLDER = 'dashboards/generated';
const HOUR_MS = 3_600_000;
const WHOLE_SAMPLE = { fromMs: Date.parse(sampleTime(-48)), toMs: Date.parse(sampleTime(48)) };

interface Target {
  readonly rawSql: string;
  readonly queryType: 'table' | 'timeseries';
}
interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets: readonly Target[];
}
interface Dashboard {
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] };
}
interface Answer {
  readonly meta: readonly { readonly name: string; readonly type: string }[];
  readonly data: readonly Record<string, unknown>[];
}

const dashboards = readdirSync(FOLDER).map(
  (file) => JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8')) as Dashboard,
);
const panels = dashboards.flatMap((dashboard) =>
  dashboard.panels.map((panel): [string, Panel] => [`${dashboard.title}: ${panel.title}`, panel]),
);

let engine: TestEngine;
let stopWriter: () => Promise<void>;

/** Two banks: some devices fail, one fails again after a success, some wait for a restart. */
function sampleFleet(): [AttemptEvent, ...AttemptEvent[]][] {
  const eventId = (digit: string) => digit.repeat(32);
  return [
    ...Array.from({ length: 5 }, (_, n): [AttemptEvent] => [
      sampleAttempt(`fails-${n}`, { occurredAt: sampleTime(n / 2), receivedAt: sampleTime(1 + n) }),
    ]),
    [sampleAttempt('fine', { innerErrors: [{ code: '0xc0000102', kind: 'ntstatus' }], stage: 'primitives' })],
    [sampleAttempt('b', { bank: 'bank-b', hresult: '0x80070002', channel: 'dism', branch: undefined })],
    ...Array.from({ length: 7 }, (_, n): [AttemptEvent] => [sampleSuccess(`works-${n}`)]),
    [sampleAttempt('restart', { outcome: 'pending_reboot', hresult: undefined })],
    [
      sampleAttempt('again', { eventId: eventId('a'), occurredAt: sampleTime(-30) }),
      sampleSuccess('again', { eventId: eventId('b'), occurredAt: sampleTime(-20) }),
      sampleAttempt('again', { eventId: eventId('c'), occurredAt: sampleTime(0) }),
    ],
  ];
}

beforeAll(async () => {
  engine = await startTestEngine();
  const client = connectClickHouse({ url: engine.urlFor('writer') });
  stopWriter = () => client.close();
  const writers = new ClickHouseWriters(client, 'rules-of-the-test');
  await writers.prepare('blue');
  const writer = writers.of('blue');
  const fleet = sampleFleet();
  const inventory = sampleInventory('works-1');
  await writer.insertFacts({
    reports: fleet
      .flat()
      .map((event) => ({ report: reportOf(event), updateTitle: '', excerpt: [], wsusServer: '' })),
    inventories: [
      {
        bank: inventory.bank,
        deviceKey: inventory.deviceKey,
        eventId: inventory.eventId,
        takenAtMs: Date.parse(inventory.takenAt),
        receivedAtMs: Date.parse(inventory.receivedAt),
        osInstance: '',
        osBuild: inventory.osBuild ?? '',
        osName: 'Windows 10',
        osEdition: '',
        model: inventory.model ?? '',
        manufacturer: '',
        branch: inventory.branch ?? '',
        pendingReboot: false,
        event: '{}',
      },
    ],
    aliasLinks: [],
    kbLinks: [],
  });
  await writer.writeHistories(
    fleet.map((events) => {
      const [{ bank, deviceKey, targetKb: kb = 'unknown' }] = events;
      const history = tellHistory({ bank, kb, reports: events.map(reportOf), builds: [] });
      return { bank, deviceKey, kb, version: BigInt(events.length), history };
    }),
  );
  await writer.writeAlerts([
    {
      alertId: 'abcdefghijklmnop',
      bank: 'bank-a',
      build: '17763.6054',
      kb: 'KB5041578',
      signature: { id: 's', l1: '0x80071ab1', l2: '', l3: '', fineness: 1, reason: 'code' },
      tier: 'page',
      state: 'open',
      openedAt: sampleTime(3),
      resolvedAt: null,
      failed: 5,
      installs: 14,
      expected: 0.1,
      lnP: -14,
      text: '5 of 14',
      deliveries: [],
      eventNo: 1,
    },
  ]);
  await writers.publish('blue');
});
afterAll(async () => {
  await stopWriter();
  await engine.stop();
});

async function ask(rawSql: string, choice: GrafanaChoice): Promise<Answer> {
  const sql = `${expandMacros(rawSql, choice)} FORMAT JSON`;
  return JSON.parse(await runClickHouse(engine, 'grafana', sql)) as Answer;
}

const ageIn = ([row]: Answer['data']): number => Number(row?.['age_seconds']);

/** The words ClickHouse has for columns a panel can draw as a number. */
const isNumber = (type: string): boolean => /^(?:Nullable\()?(?:U?Int|Float|Decimal)\d+/.test(type);
const isTime = (type: string): boolean => /^(?:Nullable\()?Date(?:Time)?/.test(type);

describe('every panel query runs, as the user Grafana has', () => {
  it('there are panels', () => {
    expect(panels.length).toBeGreaterThan(15);
  });

  it.each(panels)('%s', async (_, { title, type, targets }) => {
    for (const { rawSql, queryType } of targets) {
      const everything = await ask(rawSql, { variables: {}, ...WHOLE_SAMPLE });
      expect(everything.data.length).toBeGreaterThan(0);
      const columns = everything.meta;
      expect(new Set(columns.map(({ name }) => name)).size).toBe(columns.length);
      if (queryType === 'timeseries') {
        expect(columns[0]).toMatchObject({ name: 'time' });
        expect(isTime(columns[0]?.type ?? '')).toBe(true);
      }
      if (type === 'stat') expect(columns).toHaveLength(1);
      if (type !== 'table') expect(isNumber(columns.at(-1)?.type ?? '')).toBe(true);

      const chosen = { bank: ['bank-a', 'bank-b'], build: ['17763.6054'], kb: ['KB5041578'] };
      const { data } = await ask(rawSql, { variables: chosen, ...WHOLE_SAMPLE });
      if (title !== 'Data age') expect(data).toEqual(everything.data);
      else {
        // It grows between two questions.
        const grown = ageIn(data) - ageIn(everything.data);
        expect(grown).toBeGreaterThanOrEqual(0);
        expect(grown).toBeLessThan(60);
      }
    }
  });

  it.each(panels.filter(([, { title }]) => title !== 'Data age'))(
    '%s: of one bank only',
    async (_, { targets }) => {
      for (const { rawSql } of targets) {
        const one = await ask(rawSql, { variables: { bank: ['bank-a'] }, ...WHOLE_SAMPLE });
        expect(JSON.stringify(one.data)).not.toContain('bank-b');
        const none = await ask(rawSql, { variables: { bank: ['no-such-bank'] }, ...WHOLE_SAMPLE });
        const numbers = none.data.flatMap((row) => Object.values(row)).map(Number);
        expect(numbers.every((number) => number === 0)).toBe(true);
      }
    },
  );

  it.each(
    dashboards.flatMap(({ title, templating }) =>
      templating.list.map((entry) => [title, entry.name, entry.query]),
    ),
  )('%s: variable %s offers values', async (_, __, query) => {
    const banks = { bank: ['bank-a', 'bank-b'] };
    const { data } = await ask(query, { variables: banks, fromMs: 0, toMs: HOUR_MS });
    expect(data.length).toBeGreaterThan(0);
  });

  it('shows the fleet that was put in', async () => {
    const value = async (title: string) => {
      const panel = panels.find(([, shown]) => shown.title === title)?.[1];
      const { data } = await ask(panel?.targets[0]?.rawSql ?? '', { variables: {}, ...WHOLE_SAMPLE });
      return data.length === 1 ? Number(Object.values(data[0] ?? {})[0]) : data;
    };
    expect(await value('Devices')).toBe(16);
    expect(await value('Failing devices')).toBe(8);
    expect(await value('Failing again')).toBe(1);
    expect(await value('Waiting for a restart')).toBe(1);
    expect(await value('Open alerts')).toBe(1);
    expect(await value('Installed')).toBeCloseTo(7 / 16, 9);
  });
});
