import type { Alert } from '#domain/alerts/alert.js';
import type { AlertEvent } from '#domain/alerts/alert-events.js';
import { applyAlertEvent } from '#domain/alerts/alerts-state.js';
import { decideAlerts } from '#domain/alerts/decide-alerts.js';
import type { AlarmBudget } from '#domain/spikes/alarm-budget.js';
import { DAY_MS } from '#domain/spikes/constants.js';
import { WindowCells } from '#domain/spikes/scan/cells.js';
import { ReportCounting } from '#domain/spikes/scan/count-reports.js';
import type { CountedReport } from '#domain/spikes/scan/count-reports.js';
import { Dispersion } from '#domain/spikes/scan/dispersion.js';
import { usualRates } from '#domain/spikes/scan/rates.js';
import { tells } from '#domain/spikes/scan/told-span.js';
import type { ToldSpan } from '#domain/spikes/scan/told-span.js';
import { pagesOf } from '../../../apps/projector/watch/look-counting.js';

export interface WatchedPast {
  /** By arrival. */
  readonly reports: readonly CountedReport[];
  readonly fromMs: number;
  readonly untilMs: number;
  readonly lookEveryMs: number;
  readonly looksAWeek: number;
  /** Until then it only learns: no look is decided. */
  readonly decideFromMs: number;
  readonly isLearning: (bank: string, atMs: number) => boolean;
  readonly pageBudget?: AlarmBudget;
  /** What a watch of pages counted by, look by look: a search for tickets has no other counts. */
  readonly countedBy?: readonly CountedBy[];
}

/** What a look leaves out of its past, and the dispersion that it judges by. */
export interface CountedBy {
  readonly told: readonly ToldSpan[];
  readonly c2: number;
}

export interface WatchedEvent {
  readonly atMs: number;
  readonly event: AlertEvent;
}

/**
 * The watch as pure functions over reports in memory: every look's decision, in order. `longestMs` is processor time, which
 * others on the machine do not lengthen.
 */
export async function watchInMemory(
  past: WatchedPast,
): Promise<{ events: WatchedEvent[]; longestMs: number; countedBy: CountedBy[] }> {
  const counting = new ReportCounting();
  const dispersion = new Dispersion();
  const alerts = new Map<string, Alert>();
  const events: WatchedEvent[] = [];
  const countedBy: CountedBy[] = [];
  let [taken, longestMs, looks] = [0, 0, 0];
  for (let atMs = past.fromMs; atMs < past.untilMs; atMs += past.lookEveryMs) {
    const from = taken;
    while ((past.reports[taken]?.arrivedMs ?? Infinity) <= atMs) taken += 1;
    counting.add(past.reports.slice(from, taken));
    const before = process.cpuUsage();
    const given = past.countedBy?.[looks];
    const told = given?.told ?? pagesOf(alerts);
    const counts = counting.at(atMs, told);
    const day = counts.windows[1];
    if (given === undefined && atMs % DAY_MS === 0 && day) {
      const isTold = (failure: Parameters<typeof tells>[1]) => told.some((span) => tells(span, failure));
      dispersion.learn(atMs, new WindowCells(day, usualRates(counts.baseline)), counts.baseline, isTold);
    }
    const c2 = given?.c2 ?? dispersion.c2At(atMs);
    countedBy.push({ told, c2 });
    if (atMs >= past.decideFromMs) {
      const decided = decideAlerts(counts, alerts, {
        isLearning: (bank) => past.isLearning(bank, atMs),
        c2,
        looksAWeek: past.looksAWeek,
        sinceMs: atMs - past.lookEveryMs,
        isPast: false,
        channels: [],
        ...(past.pageBudget && { pageBudget: past.pageBudget }),
      });
      for (const event of decided) {
        applyAlertEvent(alerts, event, atMs);
        events.push({ atMs, event });
      }
    }
    const { user, system } = process.cpuUsage(before);
    longestMs = Math.max(longestMs, (user + system) / 1_000);
    looks += 1;
    if (looks % 168 === 0) await new Promise(setImmediate);
  }
  return { events, longestMs, countedBy };
}
