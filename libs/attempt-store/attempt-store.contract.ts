import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ANY_FAILURE, groupId } from '#domain/spikes/scan/counts.js';
import type { AttemptEvent } from '#domain/attempt-event.js';
import type { Report } from '#domain/report.js';
import { tellHistory } from '#domain/tell-history.js';
import { WSUS_SERVER_TAG, wsusServerOf } from '#domain/wsus-server.js';
import {
  reportOf,
  SAMPLE_START_MS,
  sampleAttempt,
  sampleInventory,
  sampleSuccess,
  sampleTime,
} from '../../test/harness/sample-events.js';
import type {
  AlertView,
  AttemptStore,
  AttemptStoreWriter,
  FactBatch,
  HistoryRow,
  InventoryRow,
  LinkEntry,
  LinkFeed,
  ReportingSource,
} from './attempt-store.js';
import type { StoreWriters } from './store-writers.js';

/** A store for one spec file; `dispose` stops what was started for it. */
export interface OpenedAttemptStore {
  readonly writers: StoreWriters;
  readonly store: AttemptStore;
  /** As of a process that starts now: it knows nothing but what is stored. */
  laterWriters(): StoreWriters;
  /** As of a process that fills the store together with others. */
  sharedWriters(): StoreWriters;
  dispose(): Promise<void>;
}

const HOUR_MS = 3_600_000;
const NOTHING: FactBatch = { reports: [], inventories: [], aliasLinks: [], kbLinks: [] };

const factsOf = (...events: AttemptEvent[]): FactBatch => ({
  ...NOTHING,
  reports: events.map((event) => ({
    report: reportOf(event),
    updateTitle: event.updateTitle ?? '',
    excerpt: event.excerpt ?? [],
    wsusServer: wsusServerOf(event),
  })),
});

/** The conclusions over all the given events of one device and KB. */
function historyOf(version: number, ...events: [AttemptEvent, ...AttemptEvent[]]): HistoryRow {
  const [{ bank, deviceKey, targetKb = 'unknown' }] = events;
  const history = tellHistory({ bank, kb: targetKb, reports: events.map(reportOf), builds: [] });
  return { bank, deviceKey, kb: targetKb, version: BigInt(version), history };
}

/** Everything an adapter of the attempt store must keep; each adapter's spec calls it once. */
export function describeAttemptStoreContract(name: string, open: () => Promise<OpenedAttemptStore>): void {
  describe(`attempt store contract: ${name}`, () => {
    let opened: OpenedAttemptStore;
    let store: AttemptStore;
    let writer: AttemptStoreWriter;

    beforeAll(async () => {
      opened = await open();
      store = opened.store;
      writer = opened.writers.of('blue');
    });
    afterAll(async () => {
      await opened.dispose();
    });
    beforeEach(async () => {
      await opened.writers.drop('blue');
      await opened.writers.prepare('blue');
      await opened.writers.publish('blue');
    });

    /** Facts and conclusions of devices that each have the given events. */
    async function fill(...devices: [AttemptEvent, ...AttemptEvent[]][]): Promise<void> {
      await writer.insertFacts(factsOf(...devices.flat()));
      await writer.writeHistories(devices.map((events) => historyOf(events.length, ...events)));
    }

    it('gives a report back as it was stored, whatever its text', async () => {
      const odd = sampleAttempt('odd', {
        updateTitle: '2024-适用于\t"Windows"\n\\ \u0000 累积更新',
        failingObject: { type: 'folder', name: "C:\\Program Files\\Wind'ows\tDefender", path: 'C:\\x' },
        innerErrors: [
          { code: '0xc0000102', kind: 'ntstatus', origin: "SysCreateFile '\\'" },
          { code: '0x80070422', kind: 'win32' },
        ],
        occurredAt: null,
        occurredAtText: '2022-08-18 15:53:46',
        osBuild: undefined,
      });
      await writer.insertFacts(factsOf(odd));
      const report = reportOf(odd);
      for (const reading of [writer, opened.laterWriters().of('blue')]) {
        const readReports = (bank: string) =>
          reading.readReports([{ bank, deviceKey: 'd-odd', kbKey: report.kbKey }]);
        expect(await readReports('bank-a')).toEqual([report]);
        expect(await readReports('bank-b')).toEqual([]);
      }
    });

    it('counts an event once, however often and in whatever copies it is stored', async () => {
      const event = sampleAttempt('one');
      const retried = sampleAttempt('one', { receivedAt: sampleTime(9) });
      await fill([event]);
      await fill([event, retried]);
      await fill([retried, event]);
      expect(await store.status(null)).toMatchObject({
        reports: 1,
        attempts: 1,
        devices: 1,
        failingDevices: 1,
        cohorts: 1,
      });
    });

    it('lets the higher version win and takes an emptied key back', async () => {
      const failure = sampleAttempt('one');
      const success = sampleSuccess('one', { eventId: 'f'.repeat(32), occurredAt: sampleTime(20) });
      await writer.writeHistories([historyOf(2, failure, success)]);
      await writer.writeHistories([historyOf(1, failure)]);
      const closed = await store.cohorts({ bank: null }, { limit: 10 });
      expect(closed.items).toMatchObject([{ failing: 0, everFailed: 1, attempted: 1 }]);
      const empty = tellHistory({ bank: 'bank-a', kb: 'KB5041578', reports: [], builds: [] });
      await writer.writeHistories([
        { bank: 'bank-a', deviceKey: 'd-one', kb: 'KB5041578', version: 3n, history: empty },
      ]);
      expect((await store.cohorts({ bank: null }, { limit: 10 })).items).toEqual([]);
      expect((await store.status(null)).devices).toBe(0);
    });

    it('shows cohorts with their denominators, most failing first, of the bank asked for only', async () => {
      await fill(
        [sampleAttempt('a1')],
        [sampleAttempt('a2', { occurredAt: sampleTime(5) })],
        [sampleSuccess('a3')],
        [sampleAttempt('a4', { hresult: '0x80070002' })],
        [sampleAttempt('b1', { bank: 'bank-b' })],
      );
      const { items } = await store.cohorts({ bank: 'bank-a' }, { limit: 10 });
      expect(
        items.map(({ signature, failing, attempted, firstSeen, lastSeen }) => [
          signature.l1,
          failing,
          attempted,
          firstSeen,
          lastSeen,
        ]),
      ).toEqual([
        ['0x80071ab1', 2, 4, sampleTime(0.5), sampleTime(5)],
        ['0x80070002', 1, 4, sampleTime(0.5), sampleTime(0.5)],
      ]);
      expect((await store.cohorts({ bank: null }, { limit: 10 })).items).toHaveLength(3);
      expect(
        (await store.cohorts({ bank: null, signature: '0x80071ab1', kb: 'KB5041578' }, { limit: 10 })).items,
      ).toHaveLength(2);
      expect((await store.cohorts({ bank: null, since: sampleTime(3) }, { limit: 10 })).items).toHaveLength(
        1,
      );
      expect((await store.cohorts({ bank: 'bank-c' }, { limit: 10 })).items).toEqual([]);
    });

    it('shows a cohort from near; other banks as a number, and only when asked for every bank', async () => {
      await fill(
        [
          sampleAttempt('a1', {
            excerpt: ['line of evidence'],
            innerErrors: [{ code: '0x00001abf', kind: 'win32' }],
          }),
        ],
        [sampleAttempt('a2', { branch: 'branch-2', innerErrors: [{ code: '0x00001abf', kind: 'win32' }] })],
        [sampleAttempt('b1', { bank: 'bank-b', innerErrors: [{ code: '0x00001abf', kind: 'win32' }] })],
      );
      const [cohort] = (await store.cohorts({ bank: 'bank-a' }, { limit: 1 })).items;
      const detail = await store.cohort('bank-a', cohort?.cohortId ?? '');
      expect(detail).toMatchObject({
        failing: 2,
        attempts: 2,
        otherBanks: null,
        hresult: '0x80071ab1',
        excerpt: ['line of evidence'],
        sources: ['windows_update_client'],
        branches: [
          { name: 'branch-1', devices: 1 },
          { name: 'branch-2', devices: 1 },
        ],
        channels: [{ name: 'wsus', devices: 2 }],
      });
      expect(await store.cohort(null, cohort?.cohortId ?? '')).toEqual({ ...detail, otherBanks: 1 });
      expect(detail?.devices.map(({ deviceKey }) => deviceKey).sort()).toEqual(['d-a1', 'd-a2']);
      expect(await store.cohort('bank-b', cohort?.cohortId ?? '')).toBeNull();
    });

    it('pages through lists without repeating or leaving out', async () => {
      const devices = Array.from({ length: 23 }, (_, index): [AttemptEvent] => [
        sampleAttempt(`p${index}`, {
          hresult: `0x8007${(0x1000 + (index % 9)).toString(16)}`,
          occurredAt: sampleTime(index % 4),
        }),
      ]);
      await fill(...devices);
      const walk = async <T>(
        page: (cursor: string | undefined) => Promise<{ items: readonly T[]; nextCursor: string | null }>,
      ): Promise<T[]> => {
        const all: T[] = [];
        let cursor: string | undefined;
        do {
          const { items, nextCursor } = await page(cursor);
          all.push(...items);
          cursor = nextCursor ?? undefined;
        } while (cursor !== undefined);
        return all;
      };
      const cohorts = await walk((cursor) => store.cohorts({ bank: null }, { limit: 4, cursor }));
      expect(new Set(cohorts.map(({ cohortId }) => cohortId)).size).toBe(9);
      expect(cohorts).toHaveLength(9);
      const attempts = await walk((cursor) => store.attempts({ bank: null }, { limit: 5, cursor }));
      expect(new Set(attempts.map(({ deviceKey }) => deviceKey)).size).toBe(23);
      expect(attempts).toHaveLength(23);
      await expect(store.cohorts({ bank: null }, { limit: 4, cursor: 'nonsense' })).rejects.toThrow('cursor');
    });

    it('tells a device by any key it was sent under, with its codes', async () => {
      await fill(
        [
          sampleAttempt('a1'),
          sampleAttempt('a1', {
            eventId: '1'.repeat(32),
            occurredAt: sampleTime(20),
            receivedAt: sampleTime(21),
          }),
        ],
        [sampleAttempt('a1', { targetKb: 'KB5043050', eventId: '2'.repeat(32), hresult: '0x80070002' })],
      );
      await writer.insertFacts({ ...NOTHING, inventories: [inventoryRow('a1')] });
      await writer.writeCanonicalDevices([
        { bank: 'bank-a', deviceKey: 'd-old-name', canonicalKey: 'd-a1', version: 1 },
      ]);
      const device = await store.device('bank-a', 'd-old-name');
      expect(device).toMatchObject({
        deviceKey: 'd-a1',
        bank: 'bank-a',
        osBuild: '17763.6054',
        model: 'Model 7',
        codes: { '0x80071ab1': 2, '0x80070002': 1 },
      });
      expect(device?.attempts).toHaveLength(3);
      expect(device?.latest.map(({ kb }) => kb).sort()).toEqual(['KB5041578', 'KB5043050']);
      expect(await store.device('bank-b', 'd-a1')).toBeNull();
      expect(await store.device(null, 'd-nobody')).toBeNull();
    });

    it('filters attempts by device and outcome', async () => {
      await fill([sampleAttempt('a1')], [sampleSuccess('a2')]);
      const failed = await store.attempts({ bank: null, outcome: 'failed' }, { limit: 10 });
      expect(failed.items.map(({ deviceKey, signature }) => [deviceKey, signature?.l1])).toEqual([
        ['d-a1', '0x80071ab1'],
      ]);
      const ofDevice = await store.attempts({ bank: null, deviceKey: 'd-a2' }, { limit: 10 });
      expect(ofDevice.items).toMatchObject([
        { outcome: 'succeeded', signature: null, endedAt: sampleTime(0.5) },
      ]);
    });

    it('keeps the newest state of an alert', async () => {
      await writer.writeAlerts([{ ...alert, eventNo: 2, state: 'resolved', resolvedAt: sampleTime(40) }]);
      await writer.writeAlerts([{ ...alert, eventNo: 1 }]);
      const { items } = await store.alerts({ bank: 'bank-a' }, { limit: 5 });
      expect(items).toEqual([{ ...alert, state: 'resolved', resolvedAt: sampleTime(40) }]);
      expect((await store.alerts({ bank: 'bank-b' }, { limit: 5 })).items).toEqual([]);
    });

    it('counts for the watch distinct device and KB pairs by arrival, in the window and in the baseline', async () => {
      const at = SAMPLE_START_MS + 60 * 24 * HOUR_MS;
      const arrived = (hoursBefore: number) => new Date(at - hoursBefore * HOUR_MS).toISOString();
      const failing = (key: string, hoursBefore: number): [AttemptEvent] => [
        sampleAttempt(key, { receivedAt: arrived(hoursBefore), occurredAt: arrived(hoursBefore + 0.1) }),
      ];
      await fill(
        failing('in-1', 0),
        failing('in-2', 23.9),
        failing('between', 30),
        failing('base', 80),
        failing('old', 29 * 24 + 80),
        [sampleSuccess('ok', { receivedAt: arrived(2), occurredAt: arrived(2.1) })],
        [
          sampleAttempt('started', {
            outcome: 'unknown',
            hresult: undefined,
            receivedAt: arrived(1),
            startedAt: arrived(1),
            occurredAt: arrived(1),
          }),
        ],
      );
      const counts = await writer.watchCounts({ atMs: at, told: [], sincesMs: [at - 3 * HOUR_MS] });
      const [, day, longest] = counts.windows;
      expect(day?.leaves).toMatchObject([{ bank: 'bank-a', kb: 'KB5041578', devices: 3, started: 4 }]);
      expect(longest?.leaves).toMatchObject([{ devices: 4, started: 5 }]);
      expect(day?.failures.map(({ arrivedMs, branch }) => [at - arrivedMs, branch])).toEqual(
        [0, 23.9 * HOUR_MS].map((before) => [before, 'branch-1']),
      );
      const [failure] = day?.failures ?? [];
      const series = failure?.levels.at(-1) ?? '';
      expect(counts.signatureOf(series)).toMatchObject({
        id: series,
        l1: failure?.levels.length ? expect.any(String) : '',
      });
      for (const group of [groupId(null, null), groupId('bank-a', null)]) {
        expect(counts.baseline.installs(group)).toBe(1);
        expect(counts.baseline.failures(group, series)).toBe(1);
        expect(counts.baseline.failures(group, ANY_FAILURE)).toBe(1);
      }
      expect(counts.arrivedSince({ bank: 'bank-a', build: '*', kb: '*' }, at - 3 * HOUR_MS)).toBe(2);
      expect(counts.active).toMatchObject([{ lastArrivedMs: at }]);
      const told = {
        bank: 'bank-a',
        build: '*',
        kb: '*',
        levels: [series],
        openedMs: at - 90 * HOUR_MS,
        closedMs: null,
      };
      const { baseline } = await writer.watchCounts({ atMs: at, told: [told], sincesMs: [] });
      expect(baseline.installs(groupId('bank-a', null))).toBe(0);
      expect(await writer.lastArrivalMs(at + 1)).toBe(at);
      expect(await writer.lastArrivalMs(at - 1)).toBe(at - HOUR_MS);
      expect(await writer.lastArrivalMs(at - 40 * 24 * HOUR_MS)).toBeNull();
      const firstArrival = { bank: 'bank-a', firstMs: at - (29 * 24 + 80) * HOUR_MS };
      expect(await writer.firstArrivals(['bank-a', 'bank-none'])).toEqual([firstArrival]);
    });

    it('keeps what tells of a time that cannot be, and does not test it; counts apart what tells no start', async () => {
      const at = SAMPLE_START_MS + 60 * 24 * HOUR_MS;
      const arrived = (hoursBefore: number) => new Date(at - hoursBefore * HOUR_MS).toISOString();
      const failing = (key: string, times: { occurredAt: string; startedAt?: string }): [AttemptEvent] => [
        sampleAttempt(key, { ...times, receivedAt: arrived(2) }),
      ];
      await fill(
        failing('in-1970', { occurredAt: '1970-01-01T00:00:00Z' }),
        failing('in-2099', { occurredAt: '2099-01-01T00:00:00Z' }),
        failing('started', { occurredAt: arrived(2.5), startedAt: arrived(3) }),
        failing('ended', { occurredAt: arrived(2.5) }),
      );
      const { windows, earlier } = await writer.watchCounts({ atMs: at, told: [], sincesMs: [] });
      const [window] = windows;
      expect(window?.leaves).toMatchObject([{ devices: 2, started: 2, undated: 1 }]);
      expect(window?.failures.map(({ isDated }) => isDated).sort()).toEqual([false, true]);
      expect(earlier.failures).toEqual([]);
      expect((await store.attempts({ bank: 'bank-a' }, { limit: 10 })).items).toHaveLength(4);
    });

    it('tells who reports: each bank, and apart from that its WSUS and each WSUS server with a name, with the longest gap', async () => {
      const from = SAMPLE_START_MS;
      const reported = (key: string, hour: number, source: AttemptEvent['source']): [AttemptEvent] => [
        sampleAttempt(key, {
          source,
          receivedAt: new Date(from + hour * HOUR_MS).toISOString(),
          ...(key === 'four' && { tags: { [WSUS_SERVER_TAG]: 'north' } }),
        }),
      ];
      await fill(
        reported('one', 1, 'windows_update_client'),
        reported('two', 4, 'wsus'),
        reported('three', 11, 'windows_update_client'),
        reported('four', 12, 'wsus'),
        reported('later', 30, 'wsus'),
      );
      const sources = await writer.reportingSources(from, from + 24 * HOUR_MS);
      const named = ({ isWsus, wsusServer }: ReportingSource) => `${Number(isWsus)} ${wsusServer}`;
      expect([...sources].sort((left, right) => (named(left) < named(right) ? -1 : 1))).toEqual([
        {
          bank: 'bank-a',
          isWsus: false,
          wsusServer: '',
          firstMs: from + HOUR_MS,
          lastMs: from + 12 * HOUR_MS,
          longestGapHours: 7,
        },
        {
          bank: 'bank-a',
          isWsus: true,
          wsusServer: '',
          firstMs: from + 4 * HOUR_MS,
          lastMs: from + 12 * HOUR_MS,
          longestGapHours: 8,
        },
        {
          bank: 'bank-a',
          isWsus: true,
          wsusServer: 'north',
          firstMs: from + 12 * HOUR_MS,
          lastMs: from + 12 * HOUR_MS,
          longestGapHours: 0,
        },
      ]);
      expect(await writer.reportingSources(from + 40 * HOUR_MS, from + 50 * HOUR_MS)).toEqual([]);
    });

    it('names the banks that are known for less than 28 days, up to the newest arrival', async () => {
      expect(await store.status(null)).toMatchObject({ asOf: null, learning: [] });
      await fill([sampleAttempt('one', { receivedAt: sampleTime(1) })]);
      const until = new Date(Date.parse(sampleTime(1)) + 28 * 24 * HOUR_MS);
      expect((await store.status(null)).learning).toEqual([{ bank: 'bank-a', until: until.toISOString() }]);
      expect((await store.status('bank-b')).learning).toEqual([]);
      const { generation, asOf, learning } = await store.status('bank-a');
      expect(await store.position('bank-a')).toEqual({ generation, asOf, learning });
      await fill([sampleAttempt('two', { receivedAt: until.toISOString() })]);
      expect((await store.status(null)).learning).toEqual([]);
    });

    it('counts an incident of 20,000 devices in one signature within the limits of the writer', async () => {
      const at = SAMPLE_START_MS + 2 * HOUR_MS;
      const row = historyOf(1, sampleAttempt('many', { receivedAt: sampleTime(1) }));
      const devices = Array.from({ length: 20_000 }, (_, index) => ({ ...row, deviceKey: `d-${index}` }));
      await writer.writeHistories(devices);
      const { windows } = await writer.watchCounts({ atMs: at, told: [], sincesMs: [] });
      expect(windows[0]?.leaves).toMatchObject([{ devices: 20_000 }]);
      // More than 10,000 change no verdict.
      expect(windows[0]?.failures).toHaveLength(10_000);
    });

    it('reads keys back per bank', async () => {
      const bare = sampleAttempt('bare', {
        targetKb: undefined,
        updateId: '3021ADFB-0000-4000-8000-000000000001',
        updateRevision: 200,
        osBuild: undefined,
      });
      await writer.insertFacts(factsOf(bare, sampleAttempt('named')));
      const key = reportOf(bare).kbKey;
      expect(await writer.readDevicesOf('bank-a', [key])).toEqual([{ deviceKey: 'd-bare', kbKey: key }]);
      expect(await writer.readKbKeys('bank-a', ['d-bare', 'd-named'], { withoutBuild: true })).toEqual([
        { deviceKey: 'd-bare', kbKey: key },
      ]);
    });

    it('gives every entry of the journal of links to every feed, whoever wrote it, and only once', async () => {
      const other = opened.laterWriters().of('blue');
      const link = (subject: string, bank = 'bank-a'): LinkEntry => ({
        bank,
        kind: 'alias',
        subject,
        object: "smbios/k'1",
      });
      const early = writer.openLinkFeed();
      expect(await early.read(['bank-a', 'bank-b'])).toEqual([]);
      await writer.insertLinks([link('d-1'), link('d-2'), link('d-3', 'bank-b')]);
      expect(await early.read(['bank-a'])).toEqual([link('d-1'), link('d-2')]);
      await other.insertLinks([link('d-4')]);
      await writer.insertLinks([link('d-5')]);
      const subjects = async (feed: LinkFeed, banks: string[]) =>
        (await feed.read(banks)).map(({ subject }) => subject).sort();
      expect(await subjects(early, ['bank-a', 'bank-b'])).toEqual(['d-3', 'd-4', 'd-5']);
      expect(await subjects(early, ['bank-a', 'bank-b'])).toEqual([]);
      expect(await subjects(other.openLinkFeed(), ['bank-a'])).toEqual(['d-1', 'd-2', 'd-4', 'd-5']);
    });

    it('knows reports that another process stored, when several fill it', async () => {
      const [first, second] = [opened.sharedWriters().of('blue'), opened.sharedWriters().of('blue')];
      const event = sampleAttempt('both');
      const keys = [reportOf(event)];
      expect(await first.readReports(keys)).toEqual([]);
      await first.insertFacts(factsOf(event));
      await second.insertFacts(factsOf({ ...event, parser: { name: 'p', version: '2.0.0' } }));
      expect(await first.readReports(keys)).toHaveLength(2);
      expect(await second.readReports(keys)).toHaveLength(2);
    });

    it('leaves out the copies that the asker has, but not the same copy that arrived at another time', async () => {
      const shared = opened.sharedWriters().of('blue');
      const late = sampleAttempt('known', { receivedAt: sampleTime(9) });
      const early = { ...late, receivedAt: sampleTime(8) };
      const [lateReport, earlyReport] = [reportOf(late), reportOf(early)];
      const known = (...reports: Report[]) => shared.readReports([{ ...lateReport, known: reports }]);
      await shared.insertFacts(factsOf(late));
      expect(await known(lateReport)).toEqual([]);
      await shared.insertFacts(factsOf(early));
      expect(await known(lateReport)).toEqual([earlyReport]);
      expect(await known(lateReport, earlyReport)).toEqual([]);
    });

    it('names the rows that differ between two generations, and only those', async () => {
      await opened.writers.drop('green');
      await opened.writers.prepare('green');
      const green = opened.writers.of('green');
      const [one, two] = [sampleAttempt('one'), sampleAttempt('two')];
      for (const each of [writer, green]) await each.insertFacts(factsOf(one, two));
      await writer.writeHistories([historyOf(1, one), historyOf(1, two)]);
      await green.writeHistories([historyOf(5, one), historyOf(5, two)]);
      expect(await opened.writers.differences(10)).toEqual([]);
      await green.writeHistories([historyOf(6, sampleSuccess('two'))]);
      expect(await opened.writers.differences(10)).toEqual(['histories: bank-a/KB5041578/d-two']);
    });
  });
}

const alert: AlertView = {
  alertId: 'alert-1',
  bank: 'bank-a',
  build: '*',
  kb: 'KB5041578',
  signature: { id: 's1', l1: '0x80071ab1', l2: 'poqexec', l3: '', fineness: 2, reason: 'because' },
  tier: 'ticket',
  state: 'open',
  openedAt: sampleTime(10),
  resolvedAt: null,
  failed: 17,
  installs: 240,
  expected: 0.8,
  lnP: -22.4,
  text: '17 of 240 装机失败',
  deliveries: ['alert-1.1.log'],
};

function inventoryRow(name: string): InventoryRow {
  const event = sampleInventory(name);
  return {
    bank: event.bank,
    deviceKey: event.deviceKey,
    eventId: event.eventId,
    takenAtMs: Date.parse(event.takenAt),
    receivedAtMs: Date.parse(event.receivedAt),
    osInstance: '',
    osBuild: event.osBuild ?? '',
    osName: '',
    osEdition: '',
    model: event.model ?? '',
    manufacturer: '',
    branch: event.branch ?? '',
    pendingReboot: false,
    event: JSON.stringify(event),
  };
}
