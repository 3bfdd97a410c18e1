import { lnThreshold, PAGE_BUDGET, TICKET_BUDGET } from '../spikes/alarm-budget.js';
import type { AlarmBudget } from '../spikes/alarm-budget.js';
import { MOST_RAISED_A_LOOK } from '../spikes/constants.js';
import { WindowCells } from '../spikes/scan/cells.js';
import type { LookCounts, Window } from '../spikes/scan/counts.js';
import { bestOfAnyFailure, bestOfCode } from '../spikes/scan/openings.js';
import type { Opening, Search } from '../spikes/scan/openings.js';
import { provisionalRates, usualRates } from '../spikes/scan/rates.js';
import type { Rates } from '../spikes/scan/rates.js';
import { ANY, scopeId } from '../spikes/scan/scope.js';
import { AlertDraft } from './alert-draft.js';
import type { AlertEvent } from './alert-events.js';
import type { Alert } from './alert.js';
import { followAlert } from './follow-alerts.js';
import { raiseSummary, tellOpening } from './raise-alerts.js';
import type { Telling } from './raise-alerts.js';

/** What a look is judged by besides its counts. */
export interface LookRules {
  /** Banks whose own 28 days are not over. */
  readonly isLearning: (bank: string) => boolean;
  /** Squared coefficient of variation of the true rates from day to day. */
  readonly c2: number;
  /** Looks a week that count against the alarm budget. */
  readonly looksAWeek: number;
  /** Watch time of the look before. */
  readonly sinceMs: number;
  /** A look that is made up for: what it raises is told when it is open still at a look of today. */
  readonly isPast: boolean;
  readonly channels: readonly string[];
  /** How often pages may be false; the usual budget unless told otherwise. */
  readonly pageBudget?: AlarmBudget;
}

/**
 * What a look leads to. First open alerts are followed; then the scan searches, in this order, each search seeing what
 * the ones before have told:
 * - pages: codes and their finer levels against the usual rates of banks known for 28 days, with the page budget. Only
 *   pages are visible to it, so that tickets neither hide nor explain away a page;
 * - provisional tickets of banks in their first month;
 * - tickets: the same as pages with the ticket budget;
 * - tickets of "any failure" against the attempts that started: everything fails a little more;
 * - tickets of what was told late, imported or replayed: it happened earlier.
 */
export function decideAlerts(
  counts: LookCounts,
  alerts: ReadonlyMap<string, Alert>,
  rules: LookRules,
): AlertEvent[] {
  const draft = new AlertDraft(alerts, counts.atMs);
  const usual = usualRates(counts.baseline);
  const [known, learning] = splitByBank(counts.windows, rules.isLearning);
  const windows = known.map((window) => new WindowCells(window, usual));
  const thresholds = thresholdsOf(counts, rules.looksAWeek);

  follow(draft, counts, windows, usual, rules);

  const search = (cells: readonly WindowCells[], budget: AlarmBudget): Omit<Search, 'told'> => ({
    windows: cells,
    thresholdOf: thresholds(budget),
    c2: rules.c2,
    // With one bank there is nothing over several: its own budget and name are the ones that count.
    isWithinBanks: new Set(counts.windows.flatMap(({ leaves }) => leaves.map(({ bank }) => bank))).size < 2,
  });
  const telling = (
    tier: Telling['tier'],
    basis: Telling['basis'],
    cells: readonly WindowCells[],
  ): Telling => ({ ...rules, tier, basis, counts, windows: cells });

  tellCodes(
    draft,
    search(windows, rules.pageBudget ?? PAGE_BUDGET),
    telling('page', 'usual', windows),
    isPage,
  );
  if (learning.some(({ leaves }) => leaves.length > 0)) {
    const provisional = provisionalRates(counts.baseline);
    const cells = learning.map((window) => new WindowCells(window, provisional));
    const within = { ...search(cells, PAGE_BUDGET), isWithinBanks: true };
    tellCodes(draft, within, telling('ticket', 'provisional', cells), () => true);
  }
  const isNews = ({ basis }: Alert): boolean => basis !== 'earlier';
  const tickets = search(windows, TICKET_BUDGET);
  tellCodes(draft, tickets, telling('ticket', 'usual', windows), isNews);
  tellAnyFailure(draft, tickets, telling('ticket', 'any', windows), isNews);
  const [earlier] = splitByBank([counts.earlier], rules.isLearning);
  const late = earlier.filter(({ failures }) => failures.length > 0);
  const lateCells = late.map((window) => new WindowCells(window, usual));
  tellCodes(draft, search(lateCells, TICKET_BUDGET), telling('ticket', 'earlier', lateCells), () => true);
  return draft.events;
}

const isPage = ({ tier }: Alert): boolean => tier === 'page';

function follow(
  draft: AlertDraft,
  counts: LookCounts,
  windows: readonly WindowCells[],
  rates: Rates,
  rules: LookRules,
): void {
  if (draft.open.length === 0) return;
  const { lastDay } = counts;
  const usual = new WindowCells(lastDay, rates);
  const provisional = draft.open.some(({ basis }) => basis === 'provisional')
    ? new WindowCells(lastDay, provisionalRates(counts.baseline))
    : usual;
  for (const alert of draft.open) {
    const event = followAlert(alert, {
      ...rules,
      counts,
      lastDayOf: ({ basis }) => (basis === 'provisional' ? provisional : usual),
      windowOf: ({ basis, windowMs }) =>
        basis === 'usual' || basis === 'any'
          ? windows.find((window) => window.windowMs === windowMs)
          : undefined,
    });
    if (event) draft.emit(event);
  }
}

/** Searches every code until nothing is left to tell; a look that would tell too much is told by one alert. */
function tellCodes(
  draft: AlertDraft,
  search: Omit<Search, 'told'>,
  telling: Telling,
  isVisible: (alert: Alert) => boolean,
): void {
  const codes = new Set(search.windows.flatMap((window) => [...window.codes]));
  const attempt = draft.fork();
  const known = new Set(draft.alerts.map(({ alertId }) => alertId));
  const raised = (): Alert[] => attempt.alerts.filter(({ alertId }) => !known.has(alertId));
  for (const code of [...codes].sort()) {
    tellAll(attempt, (told) => bestOfCode({ ...search, told }, code), telling, isVisible);
    if (raised().length > MOST_RAISED_A_LOOK) {
      raiseSummary(draft, raised(), telling);
      return;
    }
  }
  draft.adopt(attempt);
}

function tellAnyFailure(
  draft: AlertDraft,
  search: Omit<Search, 'told'>,
  telling: Telling,
  isVisible: (alert: Alert) => boolean,
): void {
  tellAll(draft, (told) => bestOfAnyFailure({ ...search, told }), telling, isVisible);
}

function tellAll(
  draft: AlertDraft,
  findBest: (told: Search['told']) => Opening | null,
  telling: Telling,
  isVisible: (alert: Alert) => boolean,
): void {
  for (;;) {
    const visible = draft.alerts.filter(isVisible);
    const opening = findBest(visible.flatMap(({ spans }) => spans));
    if (!opening) return;
    tellOpening(draft, opening, visible, telling);
  }
}

/** The same windows of the banks that are known for long enough, and of those that are not. */
function splitByBank(
  windows: readonly Window[],
  isLearning: (bank: string) => boolean,
): [known: Window[], learning: Window[]] {
  const isAnyLearning = windows.some(({ leaves }) => leaves.some(({ bank }) => isLearning(bank)));
  if (!isAnyLearning) return [[...windows], []];
  const ofBanks = (learning: boolean): Window[] =>
    windows.map(({ windowMs, leaves, failures }) => ({
      windowMs,
      leaves: leaves.filter(({ bank }) => isLearning(bank) === learning),
      failures: failures.filter(({ bank }) => isLearning(bank) === learning),
    }));
  return [ofBanks(false), ofBanks(true)];
}

/** Each bank has its own budget, divided among its active series; what reaches over several banks has the fleet's. */
function thresholdsOf({ active }: LookCounts, looks: number): (budget: AlarmBudget) => Search['thresholdOf'] {
  const seriesOfScope = new Map<string, { readonly bank: string; readonly series: Set<string> }>();
  for (const each of active) {
    const id = scopeId(each);
    const known = seriesOfScope.get(id);
    if (known) for (const series of each.levels) known.series.add(series);
    else seriesOfScope.set(id, { bank: each.bank, series: new Set(each.levels) });
  }
  const activeIn = new Map<string, number>();
  for (const { bank, series } of seriesOfScope.values())
    for (const key of [bank, ANY]) activeIn.set(key, (activeIn.get(key) ?? 0) + series.size);
  return ({ ofBankAWeek, ofFleetAWeek }) =>
    (bank) =>
      lnThreshold(bank === ANY ? ofFleetAWeek : ofBankAWeek, looks, activeIn.get(bank) ?? 0);
}
