import { describe, expect, it } from '@jest/globals';
import { attemptReportSchema } from '#domain/attempt-event.js';
import { looksAWeek } from '#domain/spikes/alarm-budget.js';
import { LEARNING_MS, LOOK_EVERY_MS } from '#domain/spikes/constants.js';
import { watchInMemory } from '../../../test/bench/spikes/watch-in-memory.js';
import { buildFleet } from './fleet.js';
import { historyOf } from './history.js';

const LOOKED_EVERY_MS = 4 * 3_600_000;

interface Ended {
  readonly bank: string;
  readonly build: string;
  readonly kb: string;
  readonly device: string;
  readonly levels: readonly string[] | null;
  readonly arrivedMs: number;
  readonly occurredMs: number;
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
    const told = attemptReportSchema.parse(report);
    const {
      deviceKey = '',
      targetKb = '',
      osBuild = '',
      startedAt,
      endedAt,
      outcome,
      hresult,
      source,
    } = told;
    if (outcome === 'unknown') continue;
    const key = `${deviceKey}/${targetKb}/${endedAt}`;
    const known = attempts.get(key);
    const fine = source === 'servicing' ? [`${hresult} fine`] : [];
    const levels = hresult === undefined ? null : [hresult, ...fine];
    attempts.set(key, {
      ...{ bank, build: osBuild, kb: targetKb, device: deviceKey },
      levels: source === 'servicing' ? levels : (known?.levels ?? levels),
      arrivedMs: Math.min(receivedAtMs, known?.arrivedMs ?? receivedAtMs),
      occurredMs: Date.parse(startedAt ?? endedAt ?? new Date(receivedAtMs).toISOString()),
    });
  }
  return [...attempts.values()].sort((left, right) => left.arrivedMs - right.arrivedMs);
}

describe('the demo’s fleet without an incident', () => {
  it('raises nothing on its first Patch Tuesday', async () => {
    const endMs = Date.UTC(2026, 10, 21, 11);
    const reports = endedAttempts(endMs);
    const fromMs = Math.ceil((reports[0]?.arrivedMs ?? endMs) / LOOKED_EVERY_MS) * LOOKED_EVERY_MS;
    const untilMs = fromMs + LEARNING_MS;
    const { events } = await watchInMemory({
      ...{ reports, fromMs, untilMs, lookEveryMs: LOOKED_EVERY_MS, decideFromMs: fromMs },
      looksAWeek: looksAWeek(LOOK_EVERY_MS),
      isLearning: () => true,
    });
    expect(events.filter(({ event }) => event.type === 'AlertRaised')).toEqual([]);
  });
});
