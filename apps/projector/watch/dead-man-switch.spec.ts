import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ReportingSource } from '#attempt-store/attempt-store.js';
import { AlertLog } from '#event-log/alert-log.js';
import type { EventLog } from '#event-log/event-log.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';
import { DeadManSwitch } from './dead-man-switch.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const START = Date.parse('2026-03-10T12:00:00Z');

let directory: string;
let log: EventLog;
let alertLog: AlertLog;
let sources: readonly ReportingSource[] | Error;
let asked: number;
let clockMs: number;
let monotonicMs: number;
let lastArrivalMs: number | null;
let watchTimeMs: number | null;
let warnings: unknown[];
let deadMan: DeadManSwitch;

/** A bank that has reported every hour for three weeks, up to the start. */
const bankOf = (bank: string, isWsus = false, wsusServer = ''): ReportingSource => ({
  ...{ bank, isWsus, wsusServer, longestGapHours: 1 },
  ...{ firstMs: START - 21 * DAY_MS, lastMs: START },
});

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-dead-man-'));
  log = await openLmdbEventLog({ directory });
  alertLog = new AlertLog(log, () => undefined);
  [sources, asked, warnings] = [[bankOf('bank-a'), bankOf('bank-a', true), bankOf('bank-b')], 0, []];
  [clockMs, monotonicMs, lastArrivalMs, watchTimeMs] = [START, 0, null, null];
  deadMan = new DeadManSwitch({
    log,
    alertLog,
    outbox: { channels: ['log'], health: () => [], request: () => undefined },
    store: {
      lastArrivalMs: () => Promise.resolve(lastArrivalMs),
      reportingSources: () => {
        asked += 1;
        return sources instanceof Error ? Promise.reject(sources) : Promise.resolve([...sources]);
      },
    },
    group: 'projector-blue',
    watchTimeMs: () => watchTimeMs,
    logger: { warn: (...told: unknown[]) => warnings.push(told) } as never,
    now: () => clockMs,
    monotonicNow: () => monotonicMs,
  });
});
afterEach(async () => {
  await deadMan.stop();
  await log.close();
  rmSync(directory, { recursive: true, force: true });
});

async function afterMs(ms: number): Promise<void> {
  clockMs += ms;
  monotonicMs += ms;
  await deadMan.settled();
}
const open = async (): Promise<string[]> =>
  [...(await alertLog.refresh()).health.values()]
    .filter(({ resolvedAtMs }) => resolvedAtMs === null)
    .map(({ condition, subject }) => `${condition} ${subject}`)
    .sort();

describe("the dead-man's switch", () => {
  it('tells of a bank and a WSUS that fall silent, once, and that they are heard again', async () => {
    await afterMs(0);
    await afterMs(2 * HOUR_MS);
    expect(await open()).toEqual([]);
    sources = [
      bankOf('bank-a'),
      bankOf('bank-a', true),
      { ...bankOf('bank-b'), lastMs: START + 30 * HOUR_MS },
    ];
    await afterMs(29 * HOUR_MS);
    await afterMs(HOUR_MS);
    // Its WSUS fell silent with the whole bank: that is told once.
    expect(await open()).toEqual(['bank_silent bank-a']);
    sources = [bankOf('bank-b'), { ...bankOf('bank-a'), lastMs: clockMs }, bankOf('bank-a', true)];
    await afterMs(HOUR_MS);
    expect(await open()).toContain('wsus_silent bank-a');
    expect(await open()).not.toContain('bank_silent bank-a');
    sources = [{ ...bankOf('bank-a', true), lastMs: clockMs }];
    await afterMs(HOUR_MS);
    expect(await open()).not.toContain('wsus_silent bank-a');
  });

  it('tells which of a bank’s WSUS servers fell silent, and only that one', async () => {
    const heard = (source: ReportingSource) => ({ ...source, lastMs: START + 40 * HOUR_MS });
    sources = [
      heard(bankOf('bank-a')),
      heard(bankOf('bank-a', true)),
      heard(bankOf('bank-a', true, 'north')),
      bankOf('bank-a', true, 'south'),
    ];
    await afterMs(2 * HOUR_MS);
    await afterMs(39 * HOUR_MS);
    expect(await open()).toEqual(['wsus_silent bank-a/south']);
    sources = [{ ...bankOf('bank-a', true, 'south'), lastMs: clockMs }];
    await afterMs(HOUR_MS);
    expect(await open()).toEqual([]);
  });

  it('a bank with a name for each device has no servers to tell of: they count together', async () => {
    const names = Array.from({ length: 101 }, (_, n) => bankOf('bank-a', true, `pc-${n}`));
    sources = [{ ...bankOf('bank-a'), lastMs: START + 30 * HOUR_MS }, bankOf('bank-a', true), ...names];
    await afterMs(2 * HOUR_MS);
    await afterMs(29 * HOUR_MS);
    expect(await open()).toEqual(['wsus_silent bank-a']);
  });

  it('servers that have names now speak for themselves, and end what was told of all of them', async () => {
    sources = [{ ...bankOf('bank-a'), lastMs: START + 30 * HOUR_MS }, bankOf('bank-a', true)];
    await afterMs(2 * HOUR_MS);
    await afterMs(29 * HOUR_MS);
    expect(await open()).toEqual(['wsus_silent bank-a']);
    const north = { ...bankOf('bank-a', true, 'north'), firstMs: clockMs - 4 * DAY_MS, lastMs: clockMs };
    sources = [bankOf('bank-a'), { ...bankOf('bank-a', true), lastMs: clockMs }, north].map((source) => ({
      ...source,
      lastMs: Math.max(source.lastMs, START + 30 * HOUR_MS),
    }));
    await afterMs(HOUR_MS);
    expect(await open()).toEqual([]);
    sources = [{ ...bankOf('bank-a'), lastMs: clockMs + 4 * DAY_MS }, bankOf('bank-a', true), north];
    await afterMs(4 * DAY_MS);
    expect(await open()).toEqual(['wsus_silent bank-a/north']);
  });

  it('asks who reports every ten minutes, and goes on when the store does not answer', async () => {
    await afterMs(0);
    await afterMs(9 * MINUTE_MS);
    expect(asked).toBe(1);
    sources = new Error('away');
    await afterMs(MINUTE_MS);
    expect([asked, warnings.length]).toEqual([2, 1]);
    sources = [];
    // What was not answered is asked for again at the next look.
    await afterMs(MINUTE_MS);
    expect([asked, warnings.length]).toEqual([3, 1]);
    expect(await open()).toEqual([]);
  });

  it('calls nobody silent within the hour after its start, nor within the hour after its clock jumped', async () => {
    clockMs = START + 40 * DAY_MS;
    await afterMs(2 * HOUR_MS);
    expect(await open()).toEqual([]);
    await afterMs(30 * MINUTE_MS);
    expect(await open()).toEqual([]);
    await afterMs(40 * MINUTE_MS);
    expect(await open()).toContain('bank_silent bank-a');
  });

  it('a clock that goes back raises nothing, and ends nothing that is so', async () => {
    await afterMs(2 * HOUR_MS);
    clockMs -= 10 * DAY_MS;
    await afterMs(0);
    await afterMs(2 * HOUR_MS);
    expect(await open()).toEqual([]);
  });

  it('tells that the watch does not look while reports arrive', async () => {
    [lastArrivalMs, watchTimeMs] = [START, START];
    await afterMs(0);
    lastArrivalMs = START + 2 * HOUR_MS;
    await afterMs(10 * MINUTE_MS);
    expect(await open()).toEqual([]);
    await afterMs(10 * MINUTE_MS);
    expect(await open()).toEqual(['watch_behind watch']);
    watchTimeMs = lastArrivalMs;
    await afterMs(MINUTE_MS);
    expect(await open()).toEqual([]);
  });
});
