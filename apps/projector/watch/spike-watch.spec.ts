import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { alertMessageSchema } from '#domain/alerts/alert-events.js';
import type { AlertMessage } from '#domain/alerts/alert-events.js';
import type { Notification } from '#domain/alerts/alert-notification.js';
import type { RemedyTrial } from '#domain/remedies/remedy-trials.js';
import { symbolOf } from '#domain/codes/code-symbols.js';
import { DAY_MS, LOOK_EVERY_MS } from '#domain/spikes/constants.js';
import type { AlertView, WatchQuestion } from '#attempt-store/attempt-store.js';
import type { EventLog } from '#event-log/event-log.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';
import type { Notifier } from '#notify/notifier.js';
import { createLogger } from '#runtime/logger.js';
import { createMetrics } from '#runtime/metrics.js';
import type { Metrics } from '#runtime/metrics.js';
import { AlertLog } from '#event-log/alert-log.js';
import { sampleCounts, sampleSeries } from '../../../test/harness/sample-look.js';
import type { SampleSeries } from '../../../test/harness/sample-look.js';
import { projectAlerts } from './project-alerts.js';
import { SpikeWatch } from './spike-watch.js';

const START = Date.parse('2026-03-10T12:00:00Z');
const FLEET_SINCE = START - 90 * DAY_MS;

const spike = (failed = 17) => sampleSeries({ failed, installs: 300 });

/** A store that has stored up to `lastMs` and sees `seriesAt(T)`. */
class SeenStore {
  lastMs: number | null = null;
  seriesAt: (atMs: number) => SampleSeries[] = () => [];
  failures = 0;
  readonly looks: number[] = [];
  readonly views = new Map<string, AlertView & { eventNo: number }>();

  sinceMs = FLEET_SINCE;
  /** An arrival that a `simulate` credential named, besides `lastMs`. */
  namedMs: number | null = null;

  lastArrivalMs(notAfterMs: number) {
    const arrivals = [this.lastMs, this.namedMs].filter((ms) => ms !== null && ms <= notAfterMs);
    return Promise.resolve(arrivals.length === 0 ? null : Math.max(...(arrivals as number[])));
  }
  firstArrivals() {
    return Promise.resolve([{ bank: 'bank-a', firstMs: this.sinceMs }]);
  }
  watchCounts({ atMs, sincesMs }: WatchQuestion) {
    if (this.failures-- > 0) return Promise.reject(new Error('the store is away'));
    // Days of the past are asked for to learn how they varied; they are no looks.
    if (sincesMs.length === 0) return Promise.resolve(sampleCounts(atMs, []));
    this.looks.push(atMs);
    return Promise.resolve(sampleCounts(atMs, this.seriesAt(atMs)));
  }
  writeAlerts(rows: readonly (AlertView & { eventNo: number })[]) {
    for (const row of rows) {
      if (row.eventNo >= (this.views.get(row.alertId)?.eventNo ?? 0)) this.views.set(row.alertId, row);
    }
    return Promise.resolve();
  }
}

class Receiver implements Notifier {
  readonly channel = 'webhook';
  readonly taken: Notification[] = [];
  refuses = false;
  deliver(notification: Notification) {
    if (this.refuses) return Promise.reject(new Error('refused'));
    this.taken.push(notification);
    return Promise.resolve();
  }
}

let directory: string;
let log: EventLog;
let metrics: Metrics;
const watches: SpikeWatch[] = [];

function watchOver(
  store: SeenStore,
  receiver: Receiver,
  over: EventLog = log,
  remedyTrials: () => Promise<readonly RemedyTrial[]> = () => Promise.resolve([]),
): SpikeWatch {
  const watch = new SpikeWatch({
    log: over,
    store,
    notifiers: [receiver],
    symbolOf,
    remedyTrials,
    logger: createLogger('test', 'silent'),
    metrics,
  });
  watches.push(watch);
  return watch;
}

async function project(watch: SpikeWatch, store: SeenStore, untilMs: number): Promise<void> {
  store.lastMs = untilMs;
  await watch.onProjected(untilMs);
  await watch.settled();
}

async function messages(): Promise<AlertMessage[]> {
  const records = await log.readRange('patch.alerts', 0, 0, 1_000);
  return records.map(({ value }) => alertMessageSchema.parse(JSON.parse(value.toString('utf8'))));
}
const eventTypes = async () => (await messages()).flatMap(({ events }) => events.map(({ type }) => type));

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-watch-'));
  log = await openLmdbEventLog({ directory });
  metrics = createMetrics('test');
});
afterEach(async () => {
  await Promise.all(watches.splice(0).map((watch) => watch.stop()));
  await log.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('the record of the best remedy', () => {
  const trial: RemedyTrial = {
    ...{ eventId: 'e1', bank: 'bank-a', deviceKey: 'd-1', kb: 'KB5041578', atMs: START },
    remedyId: 'reset_transaction_log',
    signature: { id: 'code', l1: '0x80071ab1', l2: '', l3: '' },
    ...{ outcome: 'fixed', outcomeIsTold: false },
  };
  const told = async (remedyTrials: () => Promise<readonly RemedyTrial[]>) => {
    const [store, receiver] = [new SeenStore(), new Receiver()];
    store.seriesAt = () => [spike()];
    await project(watchOver(store, receiver, log, remedyTrials), store, START);
    return receiver.taken;
  };
  it('is counted from the remedies used here', async () => {
    expect(await told(() => Promise.resolve([trial]))).toMatchObject([
      { remedy: { id: 'reset_transaction_log', tried: 1, fixed: 1 } },
    ]);
  });
  it('is left out when it cannot be asked for: the alert goes out all the same', async () => {
    expect(await told(() => Promise.reject(new Error('away')))).toHaveLength(1);
  });
});

describe('the spike watch', () => {
  it('raises one alert for one incident, delivers it once, shows it, and resolves it', async () => {
    const [store, receiver] = [new SeenStore(), new Receiver()];
    store.seriesAt = (atMs) => (atMs >= START && atMs < START + 2 * DAY_MS ? [spike()] : [spike(0)]);
    const watch = watchOver(store, receiver);
    for (let at = START - 2 * LOOK_EVERY_MS; at <= START + 3 * DAY_MS; at += 3 * LOOK_EVERY_MS) {
      await project(watch, store, at + 60_000);
    }
    expect((await eventTypes()).filter((type) => type === 'AlertRaised')).toHaveLength(1);
    expect(receiver.taken.map(({ kind }) => kind)).toEqual(['raised', 'resolved']);
    const [view] = store.views.values();
    expect(view).toMatchObject({
      state: 'resolved',
      failed: 17,
      deliveries: receiver.taken.map((n) => n.deliveryId),
    });
  });

  it('looks on the time of the data: at every ten minutes of it, and not while it stands still', async () => {
    const store = new SeenStore();
    const watch = watchOver(store, new Receiver());
    await project(watch, store, START + 1);
    await project(watch, store, START + 1);
    expect(store.looks).toEqual([START]);
    await project(watch, store, START + 3 * LOOK_EVERY_MS);
    expect(store.looks.slice(1)).toEqual([1, 2, 3].map((n) => START + n * LOOK_EVERY_MS));
  });

  it('does not run ahead of a partition with a backlog', async () => {
    const store = new SeenStore();
    const watch = watchOver(store, new Receiver());
    store.lastMs = START + DAY_MS;
    await watch.onProjected(START);
    await watch.settled();
    expect(store.looks).toEqual([START]);
  });

  it('raises a ticket, marked provisional, for a bank in its first month, and a page after it', async () => {
    const [store, receiver] = [new SeenStore(), new Receiver()];
    store.seriesAt = () => [{ ...spike(120), baselineInstalls: 0, baselineFailed: 0 }];
    store.sinceMs = START - DAY_MS;
    const watch = watchOver(store, receiver);
    await project(watch, store, START);
    expect(receiver.taken).toMatchObject([{ tier: 'ticket', kind: 'raised' }]);
    expect(receiver.taken[0]?.en.details.join(' ')).toContain('Provisional');
    const known = START + 27 * DAY_MS;
    const signature = { ...spike().signature, id: 's2', l1: '0x800f0922' };
    const other = { ...spike(), signature, levels: ['s2'] };
    store.seriesAt = (atMs) => (atMs === known ? [spike(120), other] : [spike(120)]);
    await project(watch, store, known);
    expect(receiver.taken.slice(1)).toMatchObject([{ tier: 'page', kind: 'raised' }]);
  });

  it('goes on when somebody has sent an arrival of the future', async () => {
    const [store, receiver] = [new SeenStore(), new Receiver()];
    store.namedMs = Date.now() + 365 * DAY_MS;
    const watch = watchOver(store, receiver);
    await project(watch, store, START - DAY_MS);
    await watch.onProjected(store.namedMs);
    await watch.settled();
    store.seriesAt = (atMs) => (atMs === START ? [spike()] : []);
    await project(watch, store, START);
    expect(receiver.taken).toMatchObject([{ tier: 'page', openedAt: new Date(START).toISOString() }]);
  });

  it('tries again by itself when the store is away', async () => {
    const [store, receiver] = [new SeenStore(), new Receiver()];
    store.seriesAt = () => [spike()];
    store.failures = 1;
    const watch = watchOver(store, receiver);
    await project(watch, store, START);
    expect(await eventTypes()).toEqual([]);
    const told = async (name: string) =>
      (await metrics.registry.getSingleMetric(name)?.get())?.values[0]?.value;
    expect(await told('rollcall_watch_failures_in_row')).toBe(1);
    await project(watch, store, START);
    expect(await eventTypes()).toContain('AlertRaised');
    expect(await told('rollcall_watch_failures_in_row')).toBe(0);
    expect(await told('rollcall_watch_failures_total')).toBe(1);
  });
});

describe('after a crash', () => {
  it('between append and delivery, the alert is delivered, under the same id', async () => {
    const [store, first, second] = [new SeenStore(), new Receiver(), new Receiver()];
    store.seriesAt = () => [spike()];
    first.refuses = true;
    const crashed = watchOver(store, first);
    await project(crashed, store, START);
    await crashed.stop();
    expect(await eventTypes()).toEqual(['AlertRaised']);

    const restarted = watchOver(store, second);
    await restarted.onProjected(null);
    await restarted.settled();
    expect(second.taken).toHaveLength(1);
    const [raised] = (await messages()).flatMap(({ events }) => events);
    if (raised?.type !== 'AlertRaised') throw new Error('no alert raised');
    expect(second.taken[0]?.deliveryId).toBe(`${raised.alertId}-1-webhook`);
    expect(await eventTypes()).toEqual(['AlertRaised', 'DeliveryDone']);
  });

  it('after delivery and before its record, it is delivered again under the same id, with the same words', async () => {
    const [store, first, second] = [new SeenStore(), new Receiver(), new Receiver()];
    store.seriesAt = () => [spike()];
    const broken: EventLog = Object.create(log, {
      append: {
        value: (...call: Parameters<EventLog['append']>) =>
          call[1].some(({ value }) => Buffer.from(value).includes('DeliveryDone'))
            ? Promise.reject(new Error('killed'))
            : log.append(...call),
      },
    }) as EventLog;
    const crashed = watchOver(store, first, broken);
    await project(crashed, store, START);
    await crashed.stop();
    const restarted = watchOver(store, second);
    await restarted.onProjected(null);
    await restarted.settled();
    expect(first.taken).toHaveLength(1);
    expect(second.taken).toEqual(first.taken);
  });

  it('between commit and look, the look is made up for without new data', async () => {
    const [store, receiver] = [new SeenStore(), new Receiver()];
    store.seriesAt = () => [spike()];
    store.lastMs = START + 60_000;
    const watch = watchOver(store, receiver);
    await watch.onProjected(null);
    await watch.settled();
    expect(receiver.taken).toHaveLength(1);
  });

  it('a replay from the beginning raises and delivers nothing anew, and shows the alerts again', async () => {
    const [store, receiver] = [new SeenStore(), new Receiver()];
    store.seriesAt = (atMs) => (atMs === START ? [spike()] : []);
    const watch = watchOver(store, receiver);
    await project(watch, store, START);
    await project(watch, store, START + DAY_MS);
    await watch.stop();
    const before = await messages();

    const [replayed, again] = [new SeenStore(), new Receiver()];
    replayed.seriesAt = store.seriesAt;
    const second = watchOver(replayed, again);
    for (let at = START - 10 * DAY_MS; at <= START + DAY_MS; at += DAY_MS / 2)
      await project(second, replayed, at);
    expect(await messages()).toEqual(before);
    expect(again.taken).toEqual([]);
    expect([...replayed.views.values()]).toEqual([...store.views.values()]);
    const rebuilt = new SeenStore();
    await projectAlerts(log, rebuilt);
    expect([...rebuilt.views.values()]).toEqual([...store.views.values()]);
  });
});

describe('two watchers on one log', () => {
  it('make one history: one alert, one notification', async () => {
    const [left, right, receiver] = [new SeenStore(), new SeenStore(), new Receiver()];
    const watchers = [left, right].map((store) => {
      store.seriesAt = () => [spike()];
      return { store, watch: watchOver(store, receiver) };
    });
    await Promise.all(watchers.map(({ store, watch }) => project(watch, store, START)));
    const { alerts } = await new AlertLog(log, () => undefined).refresh();
    expect([...alerts.values()]).toMatchObject([
      { state: 'open', notifications: [{ delivered: ['webhook'] }] },
    ]);
    expect(new Set(receiver.taken.map(({ deliveryId }) => deliveryId)).size).toBe(1);
  });

  it('decide anew when another was faster, and pass over what is no message of ours', async () => {
    await log.append('patch.alerts', [{ key: 'alerts', value: Buffer.from('{"basedOn":') }]);
    const writers = Array.from({ length: 4 }, () => new AlertLog(log, () => undefined));
    await Promise.all(
      writers.map((writer, number) => writer.decide(() => ({ atMs: START + number, events: [] }))),
    );
    const states = await Promise.all(writers.map((writer) => writer.refresh()));
    expect(states.map(({ version }) => version)).toEqual([4, 4, 4, 4]);
  });
});
