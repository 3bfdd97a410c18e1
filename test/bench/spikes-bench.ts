import { existsSync } from 'node:fs';
import { looksAWeek, PAGE_BUDGET, TICKET_BUDGET } from '#domain/spikes/alarm-budget.js';
import type { AlarmBudget } from '#domain/spikes/alarm-budget.js';
import type { BenchResult, BenchRun, Skipped } from './bench-run.js';
import { figure, round } from './figure.js';
import type { Limit } from './figure.js';
import { HOUR_MS, readScenario, scenariosIn } from './spikes/scenario.js';
import type { Scenario } from './spikes/scenario.js';
import { metricsOf, pool, scoreAlerts } from './spikes/score.js';
import type { Score, ScoredAlert } from './spikes/score.js';
import { watchInMemory } from './spikes/watch-in-memory.js';
import type { CountedBy, WatchedEvent } from './spikes/watch-in-memory.js';

/**
 * A tier is one search with its budget, as the requirements have it. The search for tickets is given the counts that the
 * product gives it: what pages tell is left out of the past and of the dispersion, what only tickets tell is not.
 */
const BUDGETS = { page: PAGE_BUDGET, ticket: TICKET_BUDGET };
const TIERS = ['page', 'ticket'] as const;
type Tier = (typeof TIERS)[number];

/** What is required of 56 fleet-weeks (seven scenarios of eight scored weeks), as rates that hold for any folder. */
const MOST_FALSE_A_WEEK = 34 / 56;
const MOST_FALSE_A_WEEK_WITHOUT_INCIDENTS = 5 / 8;
const MOST_FALSE_TICKETS_A_WEEK = 115 / 56;

/** The watch with hourly looks over every scenario of a folder, scored by the rules of the spike corpus. */
export async function benchSpikes(
  { quick, note }: BenchRun,
  directory: string,
): Promise<BenchResult | Skipped> {
  const names = existsSync(directory) ? scenariosIn(directory) : [];
  if (names.length === 0)
    return { skipped: `no *.reports.csv.gz in ${directory}: name a folder of scenarios` };
  const scores: Record<Tier, Score[]> = { page: [], ticket: [] };
  const scenarios: Record<string, unknown> = {};
  const longestLookMs: number[] = [];
  for (const name of quick ? names.slice(0, 1) : names) {
    const scenario = readScenario(directory, name);
    let pages: readonly CountedBy[] | undefined;
    for (const tier of TIERS) {
      const { events, longestMs, countedBy } = await watchScenario(scenario, BUDGETS[tier], pages);
      pages ??= countedBy;
      const score = scoreAlerts(scenario, notificationsOf(events, 'usual'));
      scores[tier].push(score);
      scenarios[`${name} ${tier}`] = metricsOf(score);
      note(`${name}, ${tier}: ${score.matched} of ${score.alerts} alerts are true`);
      if (tier === 'ticket') continue;
      longestLookMs.push(longestMs);
      scenarios[`${name} any failure`] = { alerts: notificationsOf(events, 'any').length };
    }
  }
  const page = metricsOf(pool(scores.page));
  const ticket = metricsOf(pool(scores.ticket));
  const quiet = metricsOf(pool(scores.page.filter(({ incidents }) => incidents.length === 0)));
  const measured: readonly (readonly [string, string, number | null, Limit])[] = [
    ['precision', 'share of alerts', page.precision, { floor: 0.85 }],
    ['recall', 'share of incidents', page.recall, { floor: 0.82 }],
    ['recallLiftFrom20', 'share of incidents', page.recallLiftFrom20, { floor: round(158 / 170) }],
    ['recallLift10To20', 'share of incidents', page.recallLift10To20, { floor: round(11 / 21) }],
    ['recallUpTo10Devices', 'share of incidents', page.recallSmall, { floor: round(38 / 53) }],
    ['falseAWeek', 'alerts a fleet and week', page.falseAWeek, { ceiling: round(MOST_FALSE_A_WEEK) }],
    [
      'falseAWeekWithoutIncidents',
      'alerts a fleet and week',
      quiet.falseAWeek,
      { ceiling: round(MOST_FALSE_A_WEEK_WITHOUT_INCIDENTS) },
    ],
    ['delayMedian', 'h', page.delayHoursMedian, { ceiling: 8 }],
    ['delay90', 'h', page.delayHours90, { ceiling: 48 }],
    ['devicesAtDetection', 'devices, median', page.devicesAtDetectionMedian, { ceiling: 6 }],
    ['notificationsPerIncident', 'alerts', page.notificationsPerIncident, { ceiling: 1.25 }],
    ['scopeExact', 'share of detected', page.scopeExact, { floor: 0.85 }],
    ['scopeWithinOne', 'share of detected', page.scopeWithinOne, { floor: 0.96 }],
    ['ticketRecall', 'share of incidents', ticket.recall, { floor: 0.9 }],
    [
      'ticketFalseAWeek',
      'alerts a fleet and week',
      ticket.falseAWeek,
      { ceiling: round(MOST_FALSE_TICKETS_A_WEEK) },
    ],
    ['longestLook', 'ms of processor time', Math.max(...longestLookMs), { ceiling: 1_000 }],
  ];
  return {
    // Where nothing can be divided (a folder without incidents has no recall) nothing is claimed.
    figures: Object.fromEntries(
      measured.flatMap(([name, unit, value, limit]) =>
        value === null ? [] : [[name, figure(unit, [value], limit)] as const],
      ),
    ),
    details: { directory, pooled: { page, ticket }, scenarios },
  };
}

/** Looks every hour, from the first to the last, as the product would; before the scored part it only learns. */
const watchScenario = (
  scenario: Scenario,
  pageBudget: AlarmBudget,
  countedBy: readonly CountedBy[] | undefined,
): ReturnType<typeof watchInMemory> =>
  watchInMemory({
    reports: scenario.reports,
    fromMs: 0,
    untilMs: scenario.hours * HOUR_MS,
    lookEveryMs: HOUR_MS,
    looksAWeek: looksAWeek(HOUR_MS),
    decideFromMs: scenario.scoreFromMs,
    isLearning: () => false,
    pageBudget,
    ...(countedBy && { countedBy }),
  });

/** Pages of the usual search, or the tickets of "any failure". */
function notificationsOf(events: readonly WatchedEvent[], basis: 'usual' | 'any'): ScoredAlert[] {
  const raised = new Map(
    events.flatMap(({ event }) => (event.type === 'AlertRaised' ? [[event.alertId, event] as const] : [])),
  );
  return events.flatMap(({ atMs, event }) => {
    if (event.type !== 'AlertRaised' && event.type !== 'AlertWidened') return [];
    const of = raised.get(event.alertId);
    if (of?.basis !== basis || of.tier !== (basis === 'usual' ? 'page' : 'ticket')) return [];
    const { bank, build, kb, signature } = event;
    return [{ bank, build, kb, signature: signature.id, openedMs: atMs }];
  });
}
