import { describe, expect, it } from '@jest/globals';
import { attemptReportSchema } from '#domain/attempt-event.js';
import { DAY_MS, WINDOW_MS } from '#domain/spikes/constants.js';
import { isLearning } from '#domain/spikes/learning.js';
import { lookAt } from '#domain/spikes/look.js';
import type { Look, SeriesCounts } from '#domain/spikes/look.js';
import { buildFleet } from './fleet.js';
import { historyOf } from './history.js';

const LOOKED_EVERY_MS = 4 * 3_600_000;

interface Ended {
  readonly bank: string;
  readonly device: string;
  readonly pair: string;
  readonly signature: string | null;
  readonly arrivedMs: number;
}

/** Attempts as the watch counts them: by first arrival, each under the finest signature that anyone told. */
function endedAttempts(endMs: number): Ended[] {
  const fleet = buildFleet({ seed: 'rollcall-demo', bankCount: 3, devicesPerBank: 2_000 });
  const attempts = new Map<string, Ended>();
  for (const { bank, receivedAtMs, report } of historyOf(fleet, {
    seed: 'rollcall-demo',
    weeks: 5,
    endMs,
    heldBack: null,
  })) {
    if (report.eventType === 'patch.device_inventory') continue;
    const { deviceKey = '', targetKb, endedAt, outcome, hresult, source } = attemptReportSchema.parse(report);
    if (outcome === 'unknown') continue;
    const key = `${deviceKey}/${targetKb}/${endedAt}`;
    const known = attempts.get(key);
    const told = hresult === undefined ? null : `${hresult} ${source === 'servicing' ? 'fine' : ''}`;
    attempts.set(key, {
      bank,
      device: deviceKey,
      pair: `${deviceKey}/${targetKb}`,
      signature: source === 'servicing' ? told : (known?.signature ?? told),
      arrivedMs: Math.min(receivedAtMs, known?.arrivedMs ?? receivedAtMs),
    });
  }
  return [...attempts.values()].sort((left, right) => left.arrivedMs - right.arrivedMs);
}

const raisedBy = ({ series }: Look): string[] =>
  series
    .filter(({ spikes }) => spikes)
    .map(({ signature, failed, installs }) => `${signature.id}: ${failed} of ${installs}`);
const pairs = (attempts: readonly Ended[]): number => new Set(attempts.map(({ pair }) => pair)).size;

function groupBy(attempts: readonly Ended[], keyOf: (attempt: Ended) => string | null): Map<string, Ended[]> {
  const groups = new Map<string, Ended[]>();
  for (const attempt of attempts) {
    const key = keyOf(attempt);
    if (key === null) continue;
    const group = groups.get(key);
    if (group) group.push(attempt);
    else groups.set(key, [attempt]);
  }
  return groups;
}
const seriesOf = ({ bank, signature }: Ended) => (signature === null ? null : `${bank} ${signature}`);

function seriesAt(attempts: readonly Ended[], atMs: number): SeriesCounts[] {
  const today = attempts.filter(({ arrivedMs }) => arrivedMs <= atMs && arrivedMs > atMs - WINDOW_MS);
  const before = attempts.filter(({ arrivedMs }) => arrivedMs <= atMs - 3 * DAY_MS);
  const failedBefore = groupBy(before, seriesOf);
  return [...groupBy(today, seriesOf)].map(([key, failed]): SeriesCounts => {
    const [bank = ''] = key.split(' ');
    const ofBank = (attempt: Ended) => attempt.bank === bank;
    return {
      bank,
      signature: { id: key, l1: key, l2: '', l3: '', fineness: 1, reason: '' },
      failed: pairs(failed),
      installs: pairs(today.filter(ofBank)),
      baselineFailed: pairs(failedBefore.get(key) ?? []),
      baselineInstalls: pairs(before.filter(ofBank)),
      ...{ topBuild: '', topKb: '', branches: [], firstArrival: '' },
      thirdArrival: new Set(failed.map(({ device }) => device)).size < 3 ? null : 'known',
    };
  });
}

describe('the demo’s fleet without an incident', () => {
  it('raises nothing on its first Patch Tuesday', () => {
    const endMs = Date.UTC(2026, 10, 21, 11);
    const attempts = endedAttempts(endMs);
    const sinceMs = attempts[0]?.arrivedMs ?? endMs;
    const spikes: string[] = [];
    const spikesByOldRule: string[] = [];
    for (let atMs = sinceMs; isLearning(sinceMs, atMs); atMs += LOOKED_EVERY_MS) {
      const series = seriesAt(attempts, atMs);
      spikes.push(...raisedBy(lookAt(series, atMs, () => true)));
      spikesByOldRule.push(...raisedBy(lookAt(series, atMs, () => false)));
    }
    expect(spikes).toEqual([]);
    // What a bank that is known for long would be told, from the same numbers.
    expect(spikesByOldRule).not.toEqual([]);
  });
});
