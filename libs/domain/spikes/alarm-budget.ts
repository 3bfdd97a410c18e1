import { DAY_MS, LOOK_EVERY_MS, MIN_SERIES } from './constants.js';

const HOUR_MS = DAY_MS / 24;

/** False alarms accepted a week: for each bank, and for all scopes over several banks together. */
export interface AlarmBudget {
  readonly ofBankAWeek: number;
  readonly ofFleetAWeek: number;
}
export const PAGE_BUDGET: AlarmBudget = { ofBankAWeek: 0.01, ofFleetAWeek: 0.3 };
export const TICKET_BUDGET: AlarmBudget = { ofBankAWeek: 0.3, ofFleetAWeek: 3 };

/** Looks a week that count against the budget, in three overlapping windows, when one looks every hour: the SMR scan's. */
const HOURLY_LOOKS_A_WEEK = 75;
/**
 * How many chances more ten minutes give than an hour. Looking six times as often is not six times as many chances: the
 * windows overlap, and a count can newly reach k only when a failure arrives. Measured by simulation, docs/decisions/0081.
 */
const TEN_MINUTES_AGAINST_HOUR = 1.25;

/** Looks a week that count against the budget when one looks so often. */
export const looksAWeek = (lookEveryMs: number): number =>
  lookEveryMs <= LOOK_EVERY_MS
    ? HOURLY_LOOKS_A_WEEK * TEN_MINUTES_AGAINST_HOUR
    : lookEveryMs <= HOUR_MS
      ? HOURLY_LOOKS_A_WEEK
      : (HOURLY_LOOKS_A_WEEK * HOUR_MS) / lookEveryMs;

/** ln of what one cell may have by chance. */
export const lnThreshold = (budgetAWeek: number, looks: number, activeSeries: number): number =>
  Math.log(budgetAWeek / (looks * Math.max(MIN_SERIES, activeSeries)));
