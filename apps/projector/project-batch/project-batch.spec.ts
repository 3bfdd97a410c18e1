import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { PatchEvent } from '#domain/attempt-event.js';
import { sampleAttempt, sampleTime } from '../../../test/harness/sample-events.js';
import { openPipeline } from '../../../test/harness/pipeline.js';
import type { Pipeline } from '../../../test/harness/pipeline.js';

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline();
});
beforeEach(() => pipeline.reset('blue'));
afterAll(() => pipeline.dispose());

async function historyAfter(events: readonly PatchEvent[], batchSize: number) {
  await pipeline.reset('blue');
  await pipeline.projectEvents('blue', events, batchSize);
  const { items } = await pipeline.store.attempts({ bank: 'bank-a' }, { limit: 10 });
  const atMs = Date.parse(sampleTime(10));
  const { windows } = await pipeline.writers.of('blue').watchCounts({ atMs, told: [], sincesMs: [] });
  return { items, windows };
}

describe('copies of one event in different batches', () => {
  const coarse = sampleAttempt('one', { parser: { name: 'p', version: '1.0.0' }, hresult: '0x80070643' });
  const fine = { ...coarse, parser: { name: 'p', version: '2.0.0' }, hresult: '0x80071ab1' };

  it('give the best copy whichever comes first', async () => {
    const together = await historyAfter([coarse, fine], 2);
    expect(together.items.map(({ hresult }) => hresult)).toEqual(['0x80071ab1']);
    expect(await historyAfter([coarse, fine], 1)).toEqual(together);
    expect(await historyAfter([fine, coarse], 1)).toEqual(together);
  });

  it('arrived when the first of them did: a sender that repeats itself makes nothing new', async () => {
    const again = { ...coarse, receivedAt: sampleTime(500) };
    const once = await historyAfter([coarse], 1);
    expect(await historyAfter([coarse, again], 1)).toEqual(once);
    expect(await historyAfter([again, coarse], 1)).toEqual(once);
  });
});
