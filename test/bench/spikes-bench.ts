import { existsSync } from 'node:fs';
import { looksAWeek } from '#domain/spikes/alarm-budget.js';
import type { BenchResult, BenchRun, Skipped } from './bench-run.js';
import { figure } from './figure.js';
import type { Limit } from './figure.js';
import { HOUR_MS, readScenario, scenariosIn } from './spikes/scenario.js';
import type { Scenario } from './spikes/scenario.js';
import { metricsOf, pool, scoreAlerts } from './spikes/score.js';
import type { Score, ScoredAlert } from './spikes/score.js';
import { watchInMemory } from './spikes/watch-in-memory.js';
import type { WatchedEvent } from './spikes/watch-in-memory.js';

/** Tickets of the whole watch include its pages: an incident that was paged needs no ticket. */
const TIERS = {
  page: ['page'],
  ticket: ['page', 'ticket'],
} as const;
type Tier = keyof typeof TIERS;

/** The watch with hourly looks over every scenario of a folder, scored by the rules of the spike corpus. */
export async function benchSpikes(
  { quick, note }: BenchRun,
  directory: string,
): Promise<BenchResult | Skipped> {
  if (!existsSync(directory)) return { skipped: `${directory} is not here: name a folder of scenarios` };
  const names = scenariosIn(directory);
  const scores: Record<Tier, Score[]> = { page: [], ticket: [] };
  const scenarios: Record<string, unknown> = {};
  const longestLookMs: number[] = [];
  for (const name of quick ? names.filter((each) => each.includes('small')) : names) {
    const scenario = readScenario(directory, name);
    const { events, longestMs } = await watchScenario(scenario);
    longestLookMs.push(longestMs);
    for (const tier of ['page', 'ticket'] as const) {
      const score = scoreAlerts(scenario, notificationsOf(events, tier));
      scores[tier].push(score);
      scenarios[`${name} ${tier}`] = metricsOf(score);
      note(`${name}, ${tier}: ${score.matched} of ${score.alerts} alerts are true`);
    }
    scenarios[`${name} any failure`] = { alerts: notificationsOf(events, 'ticket', 'any').length };
  }
  const page = metricsOf(pool(scores.page));
  const ticket = metricsOf(pool(scores.ticket));
  const of = (unit: string, value: number | null, limit: Limit) => figure(unit, [value ?? 0], limit);
  return {
    figures: {
      precision: of('share of alerts', page.precision, { floor: 0.85 }),
      recall: of('share of incidents', page.recall, { floor: 0.82 }),
      delayMedian: of('h', page.delayHoursMedian, { ceiling: 8 }),
      delay90: of('h', page.delayHours90, { ceiling: 48 }),
      devicesAtDetection: of('devices, median', page.devicesAtDetectionMedian, { ceiling: 6 }),
      notificationsPerIncident: of('alerts', page.notificationsPerIncident, { ceiling: 1.25 }),
      scopeExact: of('share of detected', page.scopeExact, { floor: 0.85 }),
      scopeWithinOne: of('share of detected', page.scopeWithinOne, { floor: 0.96 }),
      ticketRecall: of('share of incidents', ticket.recall, { floor: 0.9 }),
      longestLook: of('ms', Math.max(...longestLookMs), { ceiling: 1_000 }),
    },
    details: { directory, pooled: { page, ticket }, scenarios },
  };
}

/** Looks every hour, from the first to the last, as the product would; before the scored part it only learns. */
const watchScenario = (scenario: Scenario): ReturnType<typeof watchInMemory> =>
  watchInMemory({
    reports: scenario.reports,
    fromMs: 0,
    untilMs: scenario.hours * HOUR_MS,
    lookEveryMs: HOUR_MS,
    looksAWeek: looksAWeek(HOUR_MS),
    decideFromMs: scenario.scoreFromMs,
    isLearning: () => false,
  });

function notificationsOf(
  events: readonly WatchedEvent[],
  tier: Tier,
  basis: 'usual' | 'any' = 'usual',
): ScoredAlert[] {
  const raised = new Map(
    events.flatMap(({ event }) => (event.type === 'AlertRaised' ? [[event.alertId, event] as const] : [])),
  );
  return events.flatMap(({ atMs, event }) => {
    if (event.type !== 'AlertRaised' && event.type !== 'AlertWidened') return [];
    const of = raised.get(event.alertId);
    if (!of || of.basis !== basis || !(TIERS[tier] as readonly string[]).includes(of.tier)) return [];
    const { bank, build, kb, signature } = event;
    return [{ bank, build, kb, signature: signature.id, openedMs: atMs }];
  });
}
