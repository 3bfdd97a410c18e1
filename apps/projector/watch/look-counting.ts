import type { Alert } from '#domain/alerts/alert.js';
import type { LookRules } from '#domain/alerts/decide-alerts.js';
import { DAY_MS, LEARNING_MS, LONGEST_WINDOW_MS } from '#domain/spikes/constants.js';
import { learntFrom } from '#domain/spikes/learning.js';
import { WindowCells } from '#domain/spikes/scan/cells.js';
import type { LookCounts } from '#domain/spikes/scan/counts.js';
import { Dispersion, dispersionDays } from '#domain/spikes/scan/dispersion.js';
import { usualRates } from '#domain/spikes/scan/rates.js';
import { tells } from '#domain/spikes/scan/told-span.js';
import type { ToldSpan } from '#domain/spikes/scan/told-span.js';
import type { AttemptStoreWriter } from '#attempt-store/attempt-store.js';

/** The counts of one look, what they are judged by, and the alerts they were counted for. */
export interface CountedLook {
  readonly counts: LookCounts;
  readonly rules: Pick<LookRules, 'c2' | 'isLearning'>;
  /** Equal keys = the alerts would be counted alike. */
  readonly key: string;
}

/**
 * Asks the store what a look needs, given the alerts there are. It remembers only what it can ask again: how the last 28
 * days varied, and since when banks report.
 */
export class LookCounting {
  private readonly dispersion = new Dispersion();
  private learnt: ReadonlyMap<string, number> = new Map();

  constructor(private readonly store: Pick<AttemptStoreWriter, 'watchCounts' | 'firstArrivals'>) {}

  /** @param sinceMs watch time of the look before */
  async at(atMs: number, sinceMs: number, alerts: ReadonlyMap<string, Alert>): Promise<CountedLook> {
    const told = pagesOf(alerts);
    const sincesMs = [...new Set([sinceMs, ...quietSinces(alerts)])];
    const counts = await this.store.watchCounts({ atMs, told, sincesMs });
    await this.learnDays(atMs, counts, told);
    await this.learnBanks(counts);
    return {
      counts,
      rules: {
        c2: this.dispersion.c2At(atMs),
        isLearning: (bank) => (this.learnt.get(bank) ?? Infinity) > atMs,
      },
      key: countingKey(alerts),
    };
  }

  /** What the days before the first report varied is nothing; the others are asked for once. */
  private async learnDays(atMs: number, now: LookCounts, told: readonly ToldSpan[]): Promise<void> {
    if (this.learnt.size === 0) await this.learnBanks(now);
    const fleetMs = [...this.learnt.values()].reduce((first, fromMs) => Math.min(first, fromMs), Infinity);
    for (const dayMs of dispersionDays(atMs)) {
      if (this.dispersion.has(dayMs) || dayMs - LONGEST_WINDOW_MS < fleetMs - LEARNING_MS) continue;
      const before = told.filter(({ openedMs }) => openedMs < dayMs);
      const counts =
        dayMs === atMs ? now : await this.store.watchCounts({ atMs: dayMs, told: before, sincesMs: [] });
      const day = counts.windows.find(({ windowMs }) => windowMs === DAY_MS);
      if (!day) continue;
      this.dispersion.learn(
        dayMs,
        new WindowCells(day, usualRates(counts.baseline)),
        counts.baseline,
        (failure) => before.some((span) => tells(span, failure)),
      );
    }
  }

  private async learnBanks({ windows }: LookCounts): Promise<void> {
    const banks = new Set(windows.flatMap(({ leaves }) => leaves.map(({ bank }) => bank)));
    if ([...banks].every((bank) => this.learnt.has(bank))) return;
    this.learnt = learntFrom(await this.store.firstArrivals(null));
  }
}

/** Alerts of two states are counted alike when they agree in this. */
export const countingKey = (alerts: ReadonlyMap<string, Alert>): string =>
  JSON.stringify([pagesOf(alerts), quietSinces(alerts)]);

/** What pages tell: it is left out of the past that a look judges by. */
export const pagesOf = (alerts: ReadonlyMap<string, Alert>): ToldSpan[] =>
  [...alerts.values()].filter(({ tier }) => tier === 'page').flatMap(({ spans }) => spans);

const quietSinces = (alerts: ReadonlyMap<string, Alert>): number[] =>
  [...alerts.values()].flatMap(({ state, quietSinceMs }) =>
    state === 'open' && quietSinceMs !== null ? [quietSinceMs] : [],
  );
