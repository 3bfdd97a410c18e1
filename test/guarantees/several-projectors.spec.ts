import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PatchEvent } from '#domain/attempt-event.js';
import { arbitraryFleet } from '../harness/arbitrary-fleet.js';
import { MemoryStore } from '../harness/memory-store.js';
import { openPipeline } from '../harness/pipeline.js';
import type { Pipeline } from '../harness/pipeline.js';
import { projectShared } from '../harness/shared-projectors.js';
import type { SharedRun } from '../harness/shared-projectors.js';

const weather = fc.record({
  seed: fc.integer(),
  projectors: fc.integer({ min: 2, max: 4 }),
  batchSize: fc.integer({ min: 1, max: 12 }),
  crashes: fc.constantFrom(0, 20, 60),
  stops: fc.constantFrom(0, 30, 100),
});

/** What one projector, alone and undisturbed, makes of the events. */
async function toldAlone(events: readonly PatchEvent[]) {
  const store = new MemoryStore();
  await projectShared('blue', events, () => store.open(false), {
    seed: 1,
    projectors: 1,
    batchSize: 1_000,
    crashes: 0,
    stops: 0,
  });
  return store.cells();
}

describe('several projectors', () => {
  it('leave the rows that one leaves, whoever dies, hangs and goes on when', async () => {
    const seen: SharedRun[] = [];
    await fc.assert(
      fc.asyncProperty(arbitraryFleet, weather, async (events, chosen) => {
        const store = new MemoryStore();
        seen.push(await projectShared('blue', events, () => store.open(true), chosen));
        expect(store.cells()).toEqual(await toldAlone(events));
      }),
      { numRuns: Number(process.env['ROLLCALL_PROPERTY_RUNS'] ?? 300), seed: 42 },
    );
    const total = (of: (run: SharedRun) => number) => seen.reduce((sum, run) => sum + of(run), 0);
    const often = seen.length / 4;
    expect(total(({ crashes }) => crashes)).toBeGreaterThan(often);
    expect(total(({ landedLate }) => landedLate)).toBeGreaterThan(often);
    expect(total(({ stops }) => stops)).toBeGreaterThan(often);
    expect(total(({ refusedCommits }) => refusedCommits)).toBeGreaterThan(often);
  }, 240_000);
});

describe.each([
  ['one ClickHouse', 1],
  ['two shards', 2],
] as const)('several projectors on %s', (_, shards) => {
  let pipeline: Pipeline;
  beforeAll(async () => {
    pipeline = await openPipeline(shards);
    for (const generation of ['blue', 'green'] as const) await pipeline.reset(generation);
  });
  afterAll(() => pipeline.dispose());

  it('leave the rows that one leaves', async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(arbitraryFleet, weather, async (fleet, chosen) => {
        round += 1;
        const events = fleet.map((event) => ({ ...event, bank: `${event.bank}-${round}` }));
        await pipeline.projectEvents('blue', events, 1_000);
        await projectShared('green', events, () => pipeline.openSharedWriters(), chosen);
        expect(await pipeline.writers.differences(10)).toEqual([]);
      }),
      { numRuns: 4, seed: 7 },
    );
  }, 240_000);
});
