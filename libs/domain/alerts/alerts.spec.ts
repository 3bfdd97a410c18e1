import { describe, expect, it } from '@jest/globals';
import { DAY_MS, LOOK_EVERY_MS } from '../spikes/constants.js';
import { lookAt } from '../spikes/look.js';
import type { SeriesCounts } from '../spikes/look.js';
import { alertMessageSchema } from './alert-events.js';
import type { AlertEvent } from './alert-events.js';
import { notificationOf, notificationSchema } from './alert-notification.js';
import { alertText, oneIn } from './alert-text.js';
import { alertViewOf } from './alert-view.js';
import { evolveAlerts, initialAlertsState, pendingDeliveries } from './alerts-state.js';
import type { Alert } from './alert.js';
import type { AlertsState } from './alerts-state.js';
import { decideAlerts } from './decide-alerts.js';

const START = Date.parse('2026-03-10T12:00:00Z');
const symbolOf = (code: string) => (code === '0x80071ab1' ? 'ERROR_LOG_GROWTH_FAILED' : null);

const codeOnly = { id: 'code', l1: '0x80071ab1', l2: '', l3: '', fineness: 1, reason: 'code' };
const fine = { ...codeOnly, id: 'fine', l2: 'primitives/-', fineness: 2, reason: 'code and stage' };

const series = (counts: Partial<SeriesCounts>): SeriesCounts => ({
  bank: 'bank-a',
  signature: codeOnly,
  failed: 17,
  installs: 240,
  baselineFailed: 40,
  baselineInstalls: 12_149,
  topBuild: '17763.6189',
  topKb: 'KB5041578',
  branches: ['b-1', 'b-2'],
  firstArrival: '2026-03-10T08:00:00.000Z',
  thirdArrival: '2026-03-10T09:00:00.000Z',
  ...counts,
});

/** One look at `atMs`: what is decided, and the state after its message was accepted. */
function look(state: AlertsState, atMs: number, seen: readonly SeriesCounts[]) {
  const events = decideAlerts(
    lookAt(seen, atMs, () => false),
    state,
    ['log', 'webhook'],
  );
  const message = alertMessageSchema.parse(
    JSON.parse(JSON.stringify({ basedOn: state.version, atMs, events })),
  );
  return { events, state: evolveAlerts(state, message) };
}
const raised = () => look(initialAlertsState, START, [series({})]).state;
const onlyAlert = (state: AlertsState): Alert => {
  const [alert, ...others] = state.alerts.values();
  if (!alert || others.length > 0) throw new Error(`expected one alert, found ${state.alerts.size}`);
  return alert;
};
const types = (events: readonly AlertEvent[]) => events.map((event) => event.type);

describe('given no alert', () => {
  it('when a series spikes, then one alert is raised with its numbers', () => {
    const { events, state } = look(initialAlertsState, START, [series({})]);
    expect(types(events)).toEqual(['AlertRaised']);
    expect(onlyAlert(state)).toMatchObject({
      state: 'open',
      tier: 'page',
      failed: 17,
      installs: 240,
      build: '17763.6189',
      kb: 'KB5041578',
      openedAtMs: START,
    });
  });
  it('when nothing spikes, then nothing is decided', () => {
    expect(look(initialAlertsState, START, [series({ failed: 1, thirdArrival: null })]).events).toEqual([]);
  });
  it('when two watchers see the same, then they give the alert the same id', () => {
    expect(onlyAlert(raised()).alertId).toBe(onlyAlert(raised()).alertId);
    const later = look(initialAlertsState, START + LOOK_EVERY_MS, [series({})]).state;
    expect(onlyAlert(later).alertId).not.toBe(onlyAlert(raised()).alertId);
  });
});

describe('given an open alert', () => {
  it('when the same is seen again, then nothing is decided', () => {
    expect(look(raised(), START, [series({})]).events).toEqual([]);
    expect(look(raised(), START + LOOK_EVERY_MS, [series({ failed: 20 })]).events).toEqual([]);
  });
  it('when twice as many devices fail, then it is updated', () => {
    const { events, state } = look(raised(), START + LOOK_EVERY_MS, [series({ failed: 34 })]);
    expect(types(events)).toEqual(['AlertUpdated']);
    expect(onlyAlert(state).failed).toBe(34);
  });
  it('when it is quiet and many installs go well, then it resolves as recovered', () => {
    const { events, state } = look(raised(), START + DAY_MS, [series({ failed: 1, installs: 300 })]);
    expect(events).toMatchObject([{ type: 'AlertResolved', reason: 'recovered' }]);
    expect(onlyAlert(state)).toMatchObject({ state: 'resolved', resolvedAtMs: START + DAY_MS });
  });
  it('when its signature is not listed any more, then the installs of the bank speak for it', () => {
    const other = series({
      signature: { ...codeOnly, id: 'other', l1: '0x800f0922' },
      failed: 1,
      installs: 300,
    });
    expect(look(raised(), START + DAY_MS, [other]).events).toMatchObject([{ type: 'AlertResolved' }]);
  });
  it('when nobody installs, then it waits a week and resolves as stale', () => {
    const quiet = look(raised(), START + DAY_MS, []);
    expect(quiet.events).toMatchObject([{ type: 'AlertUpdated', quietSinceMs: START + DAY_MS, failed: 17 }]);
    expect(look(quiet.state, START + 7 * DAY_MS, []).events).toEqual([]);
    expect(look(quiet.state, START + 8 * DAY_MS, []).events).toMatchObject([
      { type: 'AlertResolved', reason: 'stale' },
    ]);
  });
  it('when it is loud again before that, then the week starts anew', () => {
    const quiet = look(raised(), START + DAY_MS, []);
    const loud = look(quiet.state, START + 2 * DAY_MS, [series({ failed: 18 })]);
    expect(loud.events).toMatchObject([{ type: 'AlertUpdated', quietSinceMs: null }]);
    const again = look(loud.state, START + 8 * DAY_MS, []);
    expect(types(again.events)).toEqual(['AlertUpdated']);
  });
  it('when its own failures have become the baseline, then it still knows what was normal', () => {
    const used = series({ failed: 17, baselineFailed: 900, baselineInstalls: 12_149 });
    expect(look(raised(), START + 10 * DAY_MS, [used]).events).toEqual([]);
  });
  it('when another bank has the same, then that bank gets its own alert', () => {
    const { events } = look(raised(), START + LOOK_EVERY_MS, [series({}), series({ bank: 'bank-b' })]);
    expect(events).toMatchObject([{ type: 'AlertRaised', bank: 'bank-b' }]);
  });
});

describe('given an open alert whose cause is named later', () => {
  it('while devices move to the finer signature, no second alert is raised', () => {
    const { events } = look(raised(), START + DAY_MS / 2, [
      series({ failed: 9 }),
      series({ signature: fine, failed: 8, baselineFailed: 0 }),
      series({
        signature: { ...fine, id: 'finer', l2: 'primitives/CSI', l3: 'win32 183 + file x' },
        failed: 4,
      }),
    ]);
    expect(events).toEqual([]);
  });
  it('when they have moved, then the alert moves with them and is raised no more', () => {
    const seen = [series({ signature: fine, baselineFailed: 0 })];
    const moved = look(raised(), START + DAY_MS / 2, seen);
    expect(moved.events).toMatchObject([{ type: 'AlertUpdated', signature: { id: 'fine' } }]);
    expect(onlyAlert(moved.state).signature.id).toBe('fine');
    expect(look(moved.state, START + DAY_MS / 2 + LOOK_EVERY_MS, seen).events).toEqual([]);
  });
  it('a bare wrapper code gives way to the cause behind it, on the same build and KB', () => {
    const wrapper = { ...codeOnly, id: 'wrapper', l1: '0x80070643', fineness: 0 };
    const { state } = look(initialAlertsState, START, [series({ signature: wrapper })]);
    const later = START + LOOK_EVERY_MS;
    expect(look(state, later, [series({ signature: fine })]).events).toMatchObject([
      { type: 'AlertUpdated', signature: { id: 'fine' } },
    ]);
    expect(look(state, later, [series({ signature: fine, topKb: 'KB5043050' })]).events).toMatchObject([
      { type: 'AlertResolved' },
      { type: 'AlertRaised', signature: { id: 'fine' } },
    ]);
  });
  it('a different code at the same bank is another incident', () => {
    const other = { ...fine, id: 'other', l1: '0x800f0922' };
    const { events } = look(raised(), START + LOOK_EVERY_MS, [series({}), series({ signature: other })]);
    expect(types(events)).toEqual(['AlertRaised']);
  });
});

describe('given a resolved alert', () => {
  const resolved = () => look(raised(), START + DAY_MS, [series({ failed: 0, installs: 300 })]).state;
  it('when it comes back within three days, then it opens again and owes no new notification', () => {
    const owedBefore = pendingDeliveries(resolved()).length;
    const { events, state } = look(resolved(), START + 3 * DAY_MS, [series({})]);
    expect(types(events)).toEqual(['AlertReopened']);
    expect(onlyAlert(state)).toMatchObject({ state: 'open', resolvedAtMs: null });
    expect(pendingDeliveries(state)).toHaveLength(owedBefore);
  });
  it('when it comes back later, then it is a new incident', () => {
    const { events, state } = look(resolved(), START + 5 * DAY_MS, [series({})]);
    expect(types(events)).toEqual(['AlertRaised']);
    expect(state.alerts.size).toBe(2);
  });
});

describe('a message of the topic', () => {
  it('counts only when based on the number of messages accepted before it', () => {
    const first = raised();
    const stale = { basedOn: 0, atMs: START, events: [] };
    expect(evolveAlerts(first, stale)).toBe(first);
    expect(evolveAlerts(first, { ...stale, basedOn: 1 }).version).toBe(2);
  });
  it('may hold events of later versions: they are read and counted', () => {
    const { alertId } = onlyAlert(raised());
    const events = [
      { type: 'AlertWidened', alertId, eventNo: 2, build: '*' },
      { type: 'AlertMerged', alertId, eventNo: 3, intoAlertId: alertId },
      { type: 'AlertAcknowledged', alertId, eventNo: 4, by: 'token-1', note: '', shift: 'night' },
    ];
    const message = alertMessageSchema.parse({ basedOn: 1, atMs: START, events });
    expect(message.events).toEqual(events);
    expect(onlyAlert(evolveAlerts(raised(), message))).toMatchObject({ state: 'open', lastEventNo: 4 });
  });
});

describe('deliveries', () => {
  it('are owed per channel until done, each under one id', () => {
    const state = raised();
    const pending = pendingDeliveries(state);
    expect(pending.map(({ channel }) => channel)).toEqual(['log', 'webhook']);
    const { alertId } = onlyAlert(state);
    const done = { type: 'DeliveryDone' as const, alertId, eventNo: 1, channel: 'log' };
    const after = evolveAlerts(state, { basedOn: 1, atMs: START, events: [done, done] });
    expect(pendingDeliveries(after).map(({ channel }) => channel)).toEqual(['webhook']);
    expect(alertViewOf(onlyAlert(after), 'en', symbolOf).deliveries).toEqual([`${alertId}-1-log`]);
  });
  it('say the same when repeated after the alert has moved on', () => {
    const [before] = pendingDeliveries(raised());
    const [after] = pendingDeliveries(look(raised(), START + LOOK_EVERY_MS, [series({ failed: 60 })]).state);
    if (!before || !after) throw new Error('nothing pending');
    expect(notificationOf(after, symbolOf)).toEqual(notificationOf(before, symbolOf));
    expect(notificationSchema.parse(notificationOf(before, symbolOf)).oneIn).toBe('5×10^9');
  });
});

describe('the text for on-call', () => {
  it('has the numbers and the next step in both languages', () => {
    const english = alertText(onlyAlert(raised()), 'raised', 'en', symbolOf);
    expect(english.text).toBe(
      '17 of 240 installs failed with 0x80071ab1 (ERROR_LOG_GROWTH_FAILED) at bank bank-a in the last 24 h, ' +
        'most of them KB5041578 on build 17763.6189, in 2 branches; 0.8 expected; by chance 1 in 5×10^9.',
    );
    expect(english.nextStep).toContain('rollcall case draft');
    const inOne = { ...onlyAlert(raised()), branches: ['b-1'] };
    expect(alertText(inOne, 'raised', 'en', symbolOf).text).toContain(', in 1 branch; ');
    const chinese = alertText(onlyAlert(raised()), 'raised', 'zh', symbolOf);
    expect(chinese.text).toContain('240 次安装中有 17 次失败');
    expect(chinese.text).toContain('0x80071ab1 (ERROR_LOG_GROWTH_FAILED)');
  });
  it('calls a young fleet provisional', () => {
    const events = decideAlerts(
      lookAt([series({ failed: 60 })], START, () => true),
      initialAlertsState,
      [],
    );
    const state = evolveAlerts(initialAlertsState, { basedOn: 0, atMs: START, events });
    expect(onlyAlert(state).tier).toBe('ticket');
    expect(alertText(onlyAlert(state), 'raised', 'en', symbolOf).text).toContain('Provisional');
    expect(alertText(onlyAlert(state), 'raised', 'zh', symbolOf).text).toContain('暂定');
  });
  it('says odds with one digit', () => {
    expect(oneIn(-22.429)).toBe('5×10^9');
    expect(oneIn(-Math.log(1e10))).toBe('1×10^10');
    expect(oneIn(-Math.log(250))).toBe('250');
    expect(oneIn(-5000)).toMatch(/^\d×10\^2171$/);
  });
});
