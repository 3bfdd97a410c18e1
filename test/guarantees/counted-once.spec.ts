import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { arbitraryFleet } from '../harness/arbitrary-fleet.js';
import { openPipeline } from '../harness/pipeline.js';
import type { Pipeline } from '../harness/pipeline.js';
import { sampleAttempt, sampleInventory, sampleSuccess, sampleTime } from '../harness/sample-events.js';

/** G3: crash, replay, sender retry, two sources, any order, any batching: the numbers do not move. */
describe.each([
  ['one ClickHouse', 1],
  ['two shards', 2],
] as const)('counted once: %s', (_, shards) => {
  let pipeline: Pipeline;
  beforeAll(async () => {
    pipeline = await openPipeline(shards);
    for (const generation of ['blue', 'green'] as const) await pipeline.reset(generation);
  });
  afterAll(async () => {
    await pipeline.dispose();
  });
  const cohortsOf = async (bank: string) =>
    (await pipeline.store.cohorts({ bank }, { limit: 100 })).items.map(
      ({ signature, failing, everFailed, attempted, build }) => ({
        code: signature.l1,
        fineness: signature.fineness,
        build,
        failing,
        everFailed,
        attempted,
      }),
    );

  it('a sender that retries, a second shipper and a replay add nothing', async () => {
    const event = sampleAttempt('retry', { bank: 'bank-retry' });
    await pipeline.append([event, { ...event, receivedAt: sampleTime(2) }]);
    await pipeline.project('blue', 1);
    await pipeline.append([
      {
        ...event,
        receivedAt: sampleTime(3),
        collector: { id: 'other', version: '2' },
        deliveryMode: 'file_import',
      },
    ]);
    await pipeline.project('blue', 100);
    await pipeline.replay('blue', 3);
    expect(await cohortsOf('bank-retry')).toEqual([
      { code: '0x80071ab1', fineness: 1, build: '17763.6054', failing: 1, everFailed: 1, attempted: 1 },
    ]);
    expect(await pipeline.store.status('bank-retry')).toMatchObject({ reports: 1, attempts: 1, devices: 1 });
  });

  it('two sources that tell one attempt are one attempt, in the finest cohort only, when the cause comes days later', async () => {
    const coarse = sampleAttempt('late', { bank: 'bank-late' });
    await pipeline.append([coarse]);
    await pipeline.project('blue', 10);
    expect(await cohortsOf('bank-late')).toMatchObject([{ fineness: 1, failing: 1 }]);
    const fine = sampleAttempt('late', {
      bank: 'bank-late',
      eventId: 'a'.repeat(32),
      source: 'cbs_log',
      receivedAt: sampleTime(72),
      stage: 'poqexec',
      innerErrors: [{ code: '0x80070422', kind: 'win32' }],
    });
    await pipeline.append([fine]);
    await pipeline.project('blue', 10);
    expect(await cohortsOf('bank-late')).toMatchObject([{ fineness: 3, failing: 1, attempted: 1 }]);
    expect((await pipeline.store.device('bank-late', 'd-late'))?.attempts).toHaveLength(1);
    await pipeline.project('green', 7);
    expect(await pipeline.writers.differences(10)).toEqual([]);
  });

  it('an update without a KB joins the KB once any report of the bank names it', async () => {
    const updateId = '3021adfb-0000-4000-8000-00000000000f';
    await pipeline.append([
      sampleAttempt('bare', { bank: 'bank-kb', targetKb: undefined, updateId, updateRevision: 200 }),
    ]);
    await pipeline.project('blue', 10);
    await pipeline.append([sampleSuccess('named', { bank: 'bank-kb', updateId, updateRevision: 200 })]);
    await pipeline.project('blue', 10);
    const { items } = await pipeline.store.cohorts({ bank: 'bank-kb' }, { limit: 10 });
    expect(items).toMatchObject([{ kb: 'KB5041578', failing: 1, attempted: 2 }]);
  });

  it('a device under two keys is one device as soon as an alias says so, and the build comes from the inventory', async () => {
    const alias = [{ kind: 'smbios' as const, key: 'same-board' }];
    await pipeline.append([
      sampleAttempt('new-name', { bank: 'bank-alias', osBuild: undefined }),
      sampleAttempt('old-name', {
        bank: 'bank-alias',
        osBuild: undefined,
        eventId: 'b'.repeat(32),
        occurredAt: sampleTime(3),
        receivedAt: sampleTime(4),
      }),
    ]);
    await pipeline.project('blue', 10);
    expect(await cohortsOf('bank-alias')).toMatchObject([{ failing: 2, build: 'unknown' }]);
    await pipeline.append([
      sampleInventory('new-name', { bank: 'bank-alias', deviceAliases: alias }),
      sampleInventory('old-name', {
        bank: 'bank-alias',
        deviceAliases: alias,
        osBuild: '17763.5696',
        takenAt: sampleTime(-900),
      }),
    ]);
    await pipeline.project('blue', 1);
    expect(await cohortsOf('bank-alias')).toMatchObject([{ failing: 1, attempted: 1, build: '17763.6054' }]);
    expect((await pipeline.store.device('bank-alias', 'd-old-name'))?.deviceKey).toBe('d-new-name');
  });

  it('a projector killed at any call to the store leaves nothing out and nothing twice', async () => {
    const [events] = fc.sample(arbitraryFleet, { numRuns: 1, seed: 7 });
    await pipeline.append(events ?? []);
    await pipeline.project('green', 1_000);
    let crashes = 0;
    // The n-th projector dies at its n-th call; what it had done stays, and the next one begins at the last commit.
    while (await pipeline.projectUntilCrash('blue', 9, crashes + 1)) crashes += 1;
    expect(crashes).toBeGreaterThan(5);
    expect(await pipeline.writers.differences(10)).toEqual([]);
  });

  it('any order, any batching, once or twice: equal cells', async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(
        arbitraryFleet,
        fc.integer({ min: 1, max: 40 }),
        fc.integer(),
        async (fleet, batchSize, seed) => {
          round += 1;
          const events = fleet.map((event) => ({ ...event, bank: `${event.bank}-${round}` }));
          const [twiceInAnyOrder] = fc.sample(
            fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 }),
            { numRuns: 1, seed },
          );
          await pipeline.projectEvents('blue', events, 1_000);
          await pipeline.projectEvents('green', twiceInAnyOrder ?? [], batchSize);
          expect(await pipeline.writers.differences(10)).toEqual([]);
        },
      ),
      { numRuns: Number(process.env['ROLLCALL_PROPERTY_RUNS'] ?? 12), seed: 42 },
    );
  }, 300_000);
});
