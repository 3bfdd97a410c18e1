import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { PatchEvent } from '#domain/attempt-event.js';
import { explainCohort } from '#domain/cohort-explanation/explain-cohort.js';
import { commonFactors } from '#domain/common-factor/common-factors.js';
import { stalePending, tellPackages } from '#domain/packages/device-packages.js';
import { ledgerRows } from '#domain/remedies/remedy-ledger.js';
import type { RemedyEvent } from '#domain/remedies/remedy-event.js';
import { openPipeline } from '../../../test/harness/pipeline.js';
import type { Pipeline } from '../../../test/harness/pipeline.js';
import {
  sampleAttempt,
  sampleInventory,
  sampleSuccess,
  sampleTime,
} from '../../../test/harness/sample-events.js';
import { sampleOutcome, sampleRemedy } from '../../../test/harness/sample-remedies.js';
import { ClickHouseFailureQuestions } from './clickhouse-failure-questions.js';
import { connectClickHouse } from './connection.js';

const HOURS_A_DAY = 24;

describe.each([
  ['one ClickHouse', 1],
  ['two shards', 2],
] as const)('questions about failures on %s', (_, shards) => {
  let pipeline: Pipeline;
  let client: ReturnType<typeof connectClickHouse>;
  let questions: ClickHouseFailureQuestions;
  beforeAll(async () => {
    pipeline = await openPipeline(shards);
    client = connectClickHouse({ url: pipeline.askedUrl });
    questions = new ClickHouseFailureQuestions(client, () => Promise.resolve('blue'));
  });
  afterAll(async () => {
    await client.close();
    await pipeline.dispose();
  });
  beforeEach(() => pipeline.reset('blue'));

  /** The log keeps what earlier tests wrote: each test has an update of its own. */
  async function project(...events: readonly (PatchEvent | RemedyEvent)[]): Promise<void> {
    await pipeline.append(events);
    await pipeline.replay('blue', 500);
  }

  describe('remedies and what came of them', () => {
    it('are told by the attempts of the device, per bank', async () => {
      await project(
        sampleAttempt('r1'),
        sampleRemedy('r1'),
        sampleSuccess('r1', { eventId: 'a'.repeat(32), occurredAt: sampleTime(5) }),
        sampleAttempt('r2'),
        sampleRemedy('r2'),
        sampleAttempt('r2', { eventId: 'b'.repeat(32), occurredAt: sampleTime(6) }),
        sampleAttempt('r3', { bank: 'bank-b' }),
        sampleRemedy('r3', { bank: 'bank-b' }),
        sampleOutcome('r3', { bank: 'bank-b', fixed: true }),
      );
      const outcomesFor = async (bank: string | null) =>
        (await questions.remedyTrials({ bank }))
          .map(({ deviceKey, outcome, outcomeIsTold, signature }) => [
            deviceKey,
            outcome,
            outcomeIsTold,
            signature?.l1,
          ])
          .sort();
      const ofA = [
        ['d-r1', 'fixed', false, '0x80071ab1'],
        ['d-r2', 'not_fixed', false, '0x80071ab1'],
      ];
      expect(await outcomesFor('bank-a')).toEqual(ofA);
      expect(await outcomesFor(null)).toEqual([...ofA, ['d-r3', 'fixed', true, '0x80071ab1']]);
      expect(await questions.remedyTrials({ bank: null, kb: 'KB5000000' })).toEqual([]);
      const [row] = ledgerRows(await questions.remedyTrials({ bank: null }));
      expect(row).toMatchObject({
        remedyId: 'reset_transaction_log',
        tried: 3,
        fixed: 2,
        tooFew: true,
        interval: null,
      });
      expect(await questions.signature('bank-a', row?.signature?.id ?? '')).toMatchObject({
        l1: '0x80071ab1',
      });
      expect(await questions.signature('bank-c', row?.signature?.id ?? '')).toBeNull();
      expect(await questions.signature(null, 'nothing')).toBeNull();
    }, 60_000);
  });

  describe('what failures share', () => {
    it('is found across the codes of one device, against the successes of others', async () => {
      const failingObject = { type: 'inf' as const, name: 'C:\\Windows\\INF\\CPU.inf' };
      await project(
        sampleAttempt('f1', { hresult: '0x80070005', failingObject, channel: 'dism', targetKb: 'KB5043050' }),
        sampleAttempt('f1', {
          eventId: 'c'.repeat(32),
          hresult: '0x80070002',
          failingObject,
          channel: 'dism',
          targetKb: 'KB5043050',
          occurredAt: sampleTime(30),
        }),
        ...['s1', 's2', 's3'].map((name) => sampleSuccess(name, { channel: 'dism', targetKb: 'KB5043050' })),
        sampleSuccess('other', { bank: 'bank-b', failingObject, targetKb: 'KB5043050' }),
      );
      const [first, ...rest] = commonFactors(await questions.deviceObservations('bank-a', 'd-f1'));
      expect(first).toMatchObject({
        factor: 'inf:cpu.inf',
        failures: 2,
        failuresWith: 2,
        successes: 3,
        successesWith: 0,
        codes: ['0x80070002', '0x80070005'],
      });
      expect(rest.map(({ factor }) => factor)).not.toContain('channel:dism');

      const { items } = await pipeline.store.cohorts({ bank: 'bank-a', kb: 'KB5043050' }, { limit: 9 });
      const cohort = items.find(({ signature }) => signature.l1 === '0x80070005');
      if (!cohort) throw new Error('no cohort');
      const { bank, kb, build, signature } = cohort;
      const observed = await questions.cohortObservations({ bank, kb, build, signatureId: signature.id });
      expect(observed.map(({ failed }) => failed).sort()).toEqual([false, false, false, true]);
    }, 60_000);
  });

  describe('packages that wait', () => {
    it('come with all that was seen of them, and only when the newest listing still shows them so', async () => {
      const identity = 'Package_for_RollupFix~31bf3856ad364e35~amd64~~17763.6293.1.4';
      const listing = (name: string, day: number, state: string, bank = 'bank-a') =>
        sampleInventory(name, {
          bank,
          eventId: `${day}`.padStart(32, name === 'p1' ? 'a' : 'b'),
          takenAt: sampleTime(day * HOURS_A_DAY),
          packages: [
            { identity, state },
            { identity: 'another', state: 'Installed' },
          ],
        });
      await project(
        listing('p1', 20, 'Install Pending'),
        listing('p1', 1, 'CbsInstallStateInstallPending'),
        listing('p1', 0, 'Staged'),
        listing('p2', 1, '0x60'),
        listing('p2', 20, 'Installed'),
        listing('p3', 3, '96', 'bank-b'),
      );
      const devices = await questions.pendingPackages('bank-a');
      expect(devices.map(({ deviceKey }) => deviceKey)).toEqual(['d-p1']);
      const told = devices.map(({ deviceKey, snapshots }) => ({
        deviceKey,
        packages: tellPackages(snapshots),
      }));
      const stale = stalePending(told, Date.parse(sampleTime(31 * HOURS_A_DAY)), 14);
      expect(stale).toMatchObject([{ deviceKey: 'd-p1', identity, kb: 'KB5043050', pendingDays: 30 }]);
      expect((await questions.pendingPackages(null)).map(({ bank }) => bank)).toEqual(['bank-a', 'bank-b']);
    }, 60_000);

    it('a log that names other packages hides none; a whole listing without one does', async () => {
      const identity = 'Package_for_RollupFix~31bf3856ad364e35~amd64~~17763.6293.1.4';
      const other = 'Package_for_KB5034763~31bf3856ad364e35~amd64~~10.0.1.4';
      const seen = (
        name: string,
        day: number,
        packages: { identity: string; state: string; kb?: string }[],
        source?: 'cbs_log',
      ) =>
        sampleInventory(name, {
          bank: 'bank-c',
          eventId: `${name}${day}`.padStart(32, '0'),
          takenAt: sampleTime(day * HOURS_A_DAY),
          packages,
          ...(source !== undefined && { source }),
        });
      const waits = { identity, state: 'Install Pending' };
      const installed = { identity: other, state: 'Installed' };
      await project(
        ...['c1', 'c2', 'c3', 'c4'].map((name) => seen(name, 1, [waits, installed])),
        seen('c1', 20, [installed], 'cbs_log'),
        seen('c2', 20, [{ identity, state: 'Installed' }], 'cbs_log'),
        seen('c3', 20, [installed]),
        seen('c4', 20, [{ identity: 'KB5034763', kb: 'KB5034763', state: 'Installed' }]),
      );
      const devices = await questions.pendingPackages('bank-c');
      expect(devices.map(({ deviceKey }) => deviceKey)).toEqual(['d-c1', 'd-c4']);
    }, 60_000);
  });

  describe('the devices behind a cohort', () => {
    it('come with what attempts and inventories tell, so that the cause can be named', async () => {
      const names = Array.from({ length: 120 }, (_, n) => `e${n}`);
      const fails = (n: number) => n % 10 === 0;
      await project(
        ...names.map((name, n) =>
          fails(n)
            ? sampleAttempt(name, { branch: `branch-${n % 7}`, targetKb: 'KB5039217' })
            : sampleSuccess(name, { branch: `branch-${n % 7}`, targetKb: 'KB5039217' }),
        ),
        ...names.map((name, n) =>
          sampleInventory(name, {
            model: `Model ${n % 3}`,
            upgradedFrom: fails(n) || n % 40 === 1 ? 'V2020-L' : 'none',
            services: [{ name: 'Winmgmt', startType: n % 2 ? 'auto' : 'manual', status: 'running' }],
            drivers: [{ inf: 'CPU.inf', version: fails(n) ? '10.0.1' : '10.0.2' }],
            systemVolumeFreeMb: 7_000,
            packages: [{ identity: 'p', state: n % 2 ? 'Installed' : 'Install Pending' }],
            pendingReboot: true,
          }),
        ),
        // What a servicing log tells a day later says nothing of model, drivers or services.
        ...names.map((name, n) =>
          sampleInventory(name, {
            eventId: `later-${n}`.padStart(32, '0'),
            source: 'cbs_log',
            takenAt: sampleTime(HOURS_A_DAY),
            model: undefined,
            branch: undefined,
            packages: [{ identity: 'q', state: 'Installed' }],
          }),
        ),
        sampleAttempt('elsewhere', { bank: 'bank-b', targetKb: 'KB5039217' }),
      );
      const [cohort] = (await pipeline.store.cohorts({ bank: 'bank-a', kb: 'KB5039217' }, { limit: 9 }))
        .items;
      if (!cohort) throw new Error('no cohort');
      const asked = { kb: cohort.kb, signatureId: cohort.signature.id };
      const rows = await questions.explanationRows('bank-a', asked);
      const devicesOf = (failed: boolean) =>
        rows.reduce((sum, row) => sum + (row.failed === failed ? row.devices : 0), 0);
      expect([devicesOf(true), devicesOf(false)]).toEqual([12, 108]);
      expect(rows.find(({ failed }) => failed)?.attributes).toMatchObject({
        bank: 'bank-a',
        build: '17763.6054',
        upgradedFrom: 'v2020-l',
        diskFree: '5 to 10 GB',
        model: expect.stringContaining('Model '),
        pendingPackages: 'some',
        pendingReboot: 'yes',
        daysSinceUpgrade: '',
        'service:winmgmt': 'manual running',
        'driver:cpu.inf': '10.0.1',
      });
      const { causes } = explainCohort(rows);
      expect(causes[0]?.values).toEqual([{ attribute: 'driver:cpu.inf', value: '10.0.1' }]);
      expect(causes[0]).toMatchObject({ devices: 12, failed: 12, comparison: { devices: 108, failed: 0 } });
      const all = await questions.explanationRows(null, asked);
      expect(all.reduce((sum, { devices }) => sum + devices, 0)).toBe(121);
    }, 60_000);
  });
});
