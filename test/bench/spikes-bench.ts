import { existsSync } from 'node:fs';
import { PAGE_BUDGET, SpikeScan, TICKET_BUDGET } from '#domain/spikes/scan/spike-scan.js';
import type { AlarmBudget, ScanAlert } from '#domain/spikes/scan/spike-scan.js';
import type { BenchResult, BenchRun, Skipped } from './bench-run.js';
import { figure } from './figure.js';
import type { Limit } from './figure.js';
import { HOUR_MS, readScenario, scenariosIn } from './spikes/scenario.js';
import type { Scenario } from './spikes/scenario.js';
import { metricsOf, pool, scoreAlerts } from './spikes/score.js';
import type { Score } from './spikes/score.js';

const TIERS: Readonly<Record<string, AlarmBudget>> = { page: PAGE_BUDGET, ticket: TICKET_BUDGET };

/** The scan with hourly looks over every scenario of a folder, scored by the rules of the spike corpus. */
export async function benchSpikes(
  { quick, note }: BenchRun,
  directory: string,
): Promise<BenchResult | Skipped> {
  if (!existsSync(directory)) return { skipped: `${directory} is not here: name a folder of scenarios` };
  const names = scenariosIn(directory);
  const scores: Record<string, Score[]> = { page: [], ticket: [] };
  const scenarios: Record<string, unknown> = {};
  const longestLookMs: number[] = [];
  for (const name of quick ? names.filter((each) => each.includes('small')) : names) {
    const scenario = readScenario(directory, name);
    for (const [tier, budget] of Object.entries(TIERS)) {
      const { alerts, longestMs } = await runScenario(scenario, budget);
      const score = scoreAlerts(scenario, alerts);
      scores[tier]?.push(score);
      longestLookMs.push(longestMs);
      scenarios[`${name} ${tier}`] = metricsOf(score);
      note(`${name}, ${tier}: ${score.matched} of ${score.alerts} alerts are true`);
    }
  }
  const page = metricsOf(pool(scores['page'] ?? []));
  const ticket = metricsOf(pool(scores['ticket'] ?? []));
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

/** Looks every hour, from the first to the last, as the product would. */
async function runScenario(
  scenario: Scenario,
  budget: AlarmBudget,
): Promise<{ alerts: readonly ScanAlert[]; longestMs: number }> {
  const scan = new SpikeScan(budget);
  let [taken, longestMs] = [0, 0];
  for (let hour = 0; hour < scenario.hours; hour += 1) {
    const atMs = hour * HOUR_MS;
    const from = taken;
    while ((scenario.reports[taken]?.arrivedMs ?? Infinity) <= atMs) taken += 1;
    scan.add(scenario.reports.slice(from, taken));
    const startMs = performance.now();
    scan.look(atMs, atMs < scenario.scoreFromMs);
    longestMs = Math.max(longestMs, performance.now() - startMs);
    if (hour % 168 === 0) await new Promise(setImmediate);
  }
  return { alerts: scan.alerts, longestMs };
}
