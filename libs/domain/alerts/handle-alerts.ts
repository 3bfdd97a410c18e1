import { createHash } from 'node:crypto';
import { z } from 'zod';
import { bankSchema } from '../attempt-event.js';
import { base32 } from '../base32.js';
import { UPDATE_GROWTH } from '../spikes/constants.js';
import type { AlertEvent } from './alert-events.js';
import type { Alert } from './alert.js';
import type { AlertsState } from './alerts-state.js';

const DAY_MS = 86_400_000;
/** A silence that is forgotten must not hide the next incident: it may be set again. */
const LONGEST_SILENCE_MS = 90 * DAY_MS;

const note = z.string().max(500).default('');
const until = z.iso.datetime({ offset: true });

/** What is asked of `POST /api/v1/alerts/{id}/acknowledge`. */
export const acknowledgeSchema = z.strictObject({ note });
/** What is asked of `POST /api/v1/alerts/{id}/snooze`. */
export const snoozeSchema = z.strictObject({
  note,
  growth: z
    .number()
    .min(1.1)
    .max(100)
    .default(UPDATE_GROWTH)
    .describe('worse = so many times as many devices'),
  until: until.nullable().default(null).describe('the latest end; null = only when it is worse or over'),
});
/** What is asked of `POST /api/v1/silences`. */
export const silenceSchema = z.strictObject({
  bank: bankSchema.nullable().default(null).describe('null = every bank'),
  signature: z
    .string()
    .min(1)
    .max(128)
    .nullable()
    .default(null)
    .describe('a signature id or a code; null = every one'),
  from: until.nullable().default(null).describe('null = now'),
  until,
  note,
});

/** Who asks: a credential, and the one bank it may act on (null = every bank). */
export interface Handler {
  readonly tokenId: string;
  readonly bank: string | null;
}

/** What a command leads to, or why it cannot be. No events and no refusal = it was so already. */
export type Handled =
  { readonly events: readonly AlertEvent[] } | { readonly refused: 'not_known' | 'over' | 'wrong_window' };

const NOT_KNOWN: Handled = { refused: 'not_known' };
const NOTHING: Handled = { events: [] };

export function decideAcknowledge(
  state: AlertsState,
  alertId: string,
  by: Handler,
  asked: z.output<typeof acknowledgeSchema>,
): Handled {
  const alert = findAlert(state, alertId, by);
  if (!alert) return NOT_KNOWN;
  if (alert.state !== 'open') return { refused: 'over' };
  if (state.handling.care.get(alertId)?.acknowledged) return NOTHING;
  const eventNo = alert.lastEventNo + 1;
  return { events: [{ type: 'AlertAcknowledged', alertId, eventNo, by: by.tokenId, note: asked.note }] };
}

/** Snoozing again replaces the snooze: it counts from what is known now. */
export function decideSnooze(
  state: AlertsState,
  alertId: string,
  by: Handler,
  asked: z.output<typeof snoozeSchema>,
  nowMs: number,
): Handled {
  const alert = findAlert(state, alertId, by);
  if (!alert) return NOT_KNOWN;
  if (alert.state !== 'open') return { refused: 'over' };
  const untilMs = asked.until === null ? null : Date.parse(asked.until);
  if (untilMs !== null && untilMs <= nowMs) return { refused: 'wrong_window' };
  const untilFailed = Math.max(alert.failed + 1, Math.ceil(alert.failed * asked.growth));
  const eventNo = alert.lastEventNo + 1;
  return {
    events: [
      { type: 'AlertSnoozed', alertId, eventNo, by: by.tokenId, note: asked.note, untilFailed, untilMs },
    ],
  };
}

/** A credential of one bank silences that bank, whatever it asks for; the caller has refused another bank already. */
export function decideSilence(
  state: AlertsState,
  by: Handler,
  asked: z.output<typeof silenceSchema>,
  nowMs: number,
): Handled {
  // Watch time may be behind the clock: a silence that begins now holds for what the watch sees next.
  const fromMs = asked.from === null ? Math.min(nowMs, state.atMs ?? nowMs) : Date.parse(asked.from);
  const untilMs = Date.parse(asked.until);
  if (untilMs <= fromMs || untilMs <= nowMs || untilMs - Math.max(fromMs, nowMs) > LONGEST_SILENCE_MS)
    return { refused: 'wrong_window' };
  const bank = by.bank ?? asked.bank;
  const { signature, note: words } = asked;
  const identity = JSON.stringify([state.version, bank, signature, fromMs, untilMs]);
  const silenceId = base32(createHash('sha256').update(identity).digest(), 16);
  return {
    events: [
      { type: 'SilenceSet', silenceId, bank, signature, fromMs, untilMs, by: by.tokenId, note: words },
    ],
  };
}

export function decideLift(state: AlertsState, silenceId: string, by: Handler): Handled {
  const silence = state.handling.silences.get(silenceId);
  if (!silence || (by.bank !== null && silence.bank !== by.bank)) return NOT_KNOWN;
  return silence.lifted ? NOTHING : { events: [{ type: 'SilenceLifted', silenceId, by: by.tokenId }] };
}

/** Another bank's alert is not known to a bank's credential. */
function findAlert(state: AlertsState, alertId: string, by: Handler): Alert | undefined {
  const alert = state.alerts.get(alertId);
  return alert && (by.bank === null || alert.bank === by.bank) ? alert : undefined;
}
