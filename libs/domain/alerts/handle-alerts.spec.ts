import { describe, expect, it } from '@jest/globals';
import { symbolOf } from '../codes/code-symbols.js';
import { silenceOf } from './alert-handling.js';
import { alertEventSchema } from './alert-events.js';
import type { AlertEvent } from './alert-events.js';
import { notificationOf, notificationSchema } from './alert-notification.js';
import { evolveAlerts, initialAlertsState, pendingDeliveries } from './alerts-state.js';
import type { AlertsState } from './alerts-state.js';
import {
  decideAcknowledge,
  decideLift,
  decideSilence,
  decideSnooze,
  silenceSchema,
  snoozeSchema,
} from './handle-alerts.js';
import type { Handled, Handler } from './handle-alerts.js';
import { decideHealth } from './health-alerts.js';

const HOUR_MS = 3_600_000;
const START = Date.parse('2026-03-10T12:00:00Z');
const ID = 'abcdefghijklmnop';
const operator: Handler = { tokenId: 'token-1', bank: null };
const bankA: Handler = { tokenId: 'token-2', bank: 'bank-a' };
const bankB: Handler = { tokenId: 'token-3', bank: 'bank-b' };

const evidence = (failed: number) => ({
  signature: { id: 's1', l1: '0x80071ab1', l2: '', l3: '', fineness: 1, reason: 'code' },
  failed,
  installs: 240,
  expected: 0.8,
  lnP: -22.4,
  build: '17763.6189',
  kb: 'KB5041578',
  branches: ['b-1', 'b-2'],
});
const raisedEvent = alertEventSchema.parse({
  type: 'AlertRaised',
  alertId: ID,
  eventNo: 1,
  tier: 'page',
  bank: 'bank-a',
  ...evidence(17),
  rate: 0.003,
  threshold: -12,
  firstArrival: '2026-03-10T08:00:00.000Z',
  thirdArrival: '2026-03-10T09:00:00.000Z',
  channels: ['alertmanager', 'webhook'],
});
const tell = (state: AlertsState, atMs: number, ...events: AlertEvent[]): AlertsState =>
  evolveAlerts(state, { basedOn: state.version, atMs, events });
const act = (state: AlertsState, handled: Handled): AlertsState => {
  if ('refused' in handled) throw new Error(handled.refused);
  return tell(state, state.atMs ?? 0, ...handled.events.map((event) => alertEventSchema.parse(event)));
};
const raised = () => tell(initialAlertsState, START, raisedEvent);
const delivered = (state: AlertsState, eventNo: number): AlertsState =>
  tell(
    state,
    state.atMs ?? 0,
    ...['alertmanager', 'webhook'].map((channel) => ({
      type: 'DeliveryDone' as const,
      alertId: ID,
      eventNo,
      channel,
    })),
  );
const update = (state: AlertsState, failed: number, atMs: number): AlertsState =>
  tell(
    state,
    atMs,
    alertEventSchema.parse({
      type: 'AlertUpdated',
      alertId: ID,
      eventNo: (state.alerts.get(ID)?.lastEventNo ?? 0) + 1,
      ...evidence(failed),
      quietSinceMs: null,
    }),
  );
const resolve = (state: AlertsState, atMs: number): AlertsState =>
  tell(
    state,
    atMs,
    alertEventSchema.parse({
      type: 'AlertResolved',
      alertId: ID,
      eventNo: (state.alerts.get(ID)?.lastEventNo ?? 0) + 1,
      reason: 'recovered',
      failed: 0,
      installs: 300,
      channels: ['alertmanager', 'webhook'],
    }),
  );
const kinds = (state: AlertsState, atMs?: number) =>
  pendingDeliveries(state, atMs).map(({ owed, channel }) => `${owed.kind} ${channel}`);
const snoozed = (state: AlertsState, asked: object = {}) =>
  act(state, decideSnooze(state, ID, operator, snoozeSchema.parse(asked), START));
const silenced = (state: AlertsState, asked: object, by = operator) =>
  act(state, decideSilence(state, by, silenceSchema.parse(asked), START));
const UNTIL = new Date(START + 4 * HOUR_MS).toISOString();

describe('acknowledging', () => {
  it('is noted once, ends with the alert, and holds nothing back', () => {
    const state = act(raised(), decideAcknowledge(raised(), ID, operator, { note: 'on it' }));
    expect(state.handling.care.get(ID)?.acknowledged).toMatchObject({ by: 'token-1', note: 'on it' });
    expect(decideAcknowledge(state, ID, bankA, { note: '' })).toEqual({ events: [] });
    expect(kinds(state)).toHaveLength(2);
    const over = resolve(state, START + HOUR_MS);
    expect(over.handling.care.get(ID)).toBeUndefined();
    expect(decideAcknowledge(over, ID, operator, { note: '' })).toEqual({ refused: 'over' });
  });
  it('is for the own bank only', () => {
    expect(decideAcknowledge(raised(), ID, bankB, { note: '' })).toEqual({ refused: 'not_known' });
    expect(decideSnooze(raised(), ID, bankB, snoozeSchema.parse({}), START)).toEqual({
      refused: 'not_known',
    });
  });
});

describe('snoozing until it gets worse', () => {
  it('holds back while it is not worse, and tells once when it is', () => {
    const state = snoozed(delivered(raised(), 1));
    expect(kinds(update(state, 33, START + HOUR_MS))).toEqual([]);
    const worse = update(state, 34, START + HOUR_MS);
    expect(kinds(worse)).toEqual(['worsened alertmanager', 'worsened webhook']);
    expect(kinds(update(worse, 80, START + 2 * HOUR_MS))).toHaveLength(2);
    const [pending] = pendingDeliveries(worse);
    if (!pending) throw new Error('nothing pending');
    const notification = notificationOf(pending, { symbolOf, otherBanks: 0, consoleUrl: null });
    expect(notificationSchema.parse(notification)).toMatchObject({ kind: 'worsened', failed: 34 });
    expect(notification.en.text).toMatch(/^Worse than told before: 34 of 240/);
  });
  it('ends at its time; what was owed is told then', () => {
    const state = snoozed(raised(), { until: UNTIL });
    expect(kinds(state, START + 3 * HOUR_MS)).toEqual([]);
    expect(kinds(state, START + 4 * HOUR_MS)).toEqual(['raised alertmanager', 'raised webhook']);
  });
  it('an alert that ends meanwhile is told only to channels that heard of it', () => {
    expect(kinds(resolve(snoozed(raised()), START + HOUR_MS))).toEqual([]);
    expect(kinds(resolve(snoozed(delivered(raised(), 1)), START + HOUR_MS))).toEqual([
      'resolved alertmanager',
      'resolved webhook',
    ]);
  });
  it('a time that is past is refused', () => {
    const past = snoozeSchema.parse({ until: new Date(START - 1).toISOString() });
    expect(decideSnooze(raised(), ID, operator, past, START)).toEqual({ refused: 'wrong_window' });
  });
});

describe('a silence', () => {
  it.each([
    [{ bank: 'bank-a' }, true],
    [{ bank: 'bank-b' }, false],
    [{ signature: '0x80071ab1' }, true],
    [{ signature: 's1' }, true],
    [{ signature: '0x800f0922' }, false],
    [{ bank: 'bank-a', signature: '0x800f0922' }, false],
    [{ bank: 'bank-a', from: new Date(START + HOUR_MS).toISOString() }, false],
  ])('%j holds back: %s', (asked, isHeld) => {
    const before = tell(initialAlertsState, START - HOUR_MS);
    const state = tell(silenced(before, { ...asked, until: UNTIL }), START, raisedEvent);
    expect(kinds(state, START)).toHaveLength(isHeld ? 0 : 2);
    expect(kinds(state, START + 4 * HOUR_MS)).toHaveLength(2);
    expect(state.alerts.get(ID)?.state).toBe('open');
  });
  it('that is lifted holds nothing back; lifting twice changes nothing', () => {
    const state = silenced(raised(), { bank: 'bank-a', until: UNTIL });
    const [silenceId = ''] = state.handling.silences.keys();
    expect(kinds(state)).toEqual([]);
    expect(decideLift(state, silenceId, bankB)).toEqual({ refused: 'not_known' });
    const lifted = act(state, decideLift(state, silenceId, bankA));
    expect(kinds(lifted)).toHaveLength(2);
    expect(decideLift(lifted, silenceId, operator)).toEqual({ events: [] });
  });
  it('of a bank credential is for its own bank, whatever it asks for', () => {
    const state = silenced(raised(), { until: UNTIL }, bankB);
    const [alert] = state.alerts.values();
    if (!alert) throw new Error('no alert');
    expect(silenceOf(state.handling, alert, START)).toBeNull();
  });
  it('needs an end that lies ahead, at most 90 days', () => {
    for (const untilMs of [START, START - 1, START + 91 * 24 * HOUR_MS]) {
      const asked = silenceSchema.parse({ bank: 'bank-a', until: new Date(untilMs).toISOString() });
      expect(decideSilence(raised(), operator, asked, START)).toEqual({ refused: 'wrong_window' });
    }
  });
});

describe("the dead-man's switch", () => {
  const beat = (lastWellMs: number, subject = 'bank-a') => ({
    condition: 'bank_silent' as const,
    subject,
    bank: subject,
    lastWellMs,
    allowedMs: HOUR_MS,
    mayRaise: true,
  });
  const look = (state: AlertsState, clockMs: number, ...beats: ReturnType<typeof beat>[]) => {
    const events = decideHealth(beats, state.health, clockMs, ['alertmanager', 'webhook']);
    return {
      events,
      state: tell(state, state.atMs ?? 0, ...events.map((event) => alertEventSchema.parse(event))),
    };
  };

  it('tells once that somebody is silent, and once that he is heard again', () => {
    const silent = look(
      initialAlertsState,
      START + 2 * HOUR_MS,
      beat(START),
      beat(START + 2 * HOUR_MS, 'bank-b'),
    );
    expect(silent.events).toMatchObject([{ type: 'HealthAlertRaised', subject: 'bank-a', sinceMs: START }]);
    expect(look(silent.state, START + 3 * HOUR_MS, beat(START)).events).toEqual([]);
    expect(look(silent.state, START + 3 * HOUR_MS).events).toEqual([]);
    const heard = look(silent.state, START + 3 * HOUR_MS, beat(START + 3 * HOUR_MS));
    expect(heard.events).toMatchObject([{ type: 'HealthAlertResolved' }]);
    const again = look(heard.state, START + 9 * HOUR_MS, beat(START + 3 * HOUR_MS));
    expect(again.events).toMatchObject([{ type: 'HealthAlertRaised' }]);
    expect(again.state.health.size).toBe(2);
    expect(again.state.atMs).toBe(0);
  });
  it('does not ask a channel that fails to say so itself', () => {
    const failing = { ...beat(START, 'webhook'), condition: 'delivery_failing' as const, bank: null };
    const events = decideHealth([failing], new Map(), START + 2 * HOUR_MS, ['alertmanager', 'webhook']);
    expect(events).toMatchObject([{ channels: ['alertmanager'] }]);
  });
  it('calls nobody silent before it may', () => {
    const events = decideHealth([{ ...beat(START), mayRaise: false }], new Map(), START + 2 * HOUR_MS, []);
    expect(events).toEqual([]);
  });
});
