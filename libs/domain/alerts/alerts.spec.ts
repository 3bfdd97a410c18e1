import { describe, expect, it } from '@jest/globals';
import { DAY_MS, LOOK_EVERY_MS } from '../spikes/constants.js';
import { looksAWeek } from '../spikes/alarm-budget.js';
import { sampleCounts, sampleSeries as series } from '../../../test/harness/sample-look.js';
import type { SampleSeries } from '../../../test/harness/sample-look.js';
import { alertMessageSchema } from './alert-events.js';
import type { AlertEvent } from './alert-events.js';
import { notificationOf, notificationSchema } from './alert-notification.js';
import { alertText, oneIn } from './alert-text.js';
import { alertViewOf } from './alert-view.js';
import { evolveAlerts, initialAlertsState, pendingDeliveries } from './alerts-state.js';
import type { Alert } from './alert.js';
import type { AlertsState } from './alerts-state.js';
import { decideAlerts } from './decide-alerts.js';
import type { RemedyTrial } from '../remedies/remedy-trials.js';

const START = Date.parse('2026-03-10T12:00:00Z');
const symbolOf = (code: string) => (code === '0x80071ab1' ? 'ERROR_LOG_GROWTH_FAILED' : null);

const codeOnly = series().signature;
const fine = { ...codeOnly, id: 'fine', l2: 'primitives/-', fineness: 2, reason: 'code and stage' };

/** One look at `atMs`: what is decided, and the state after its message was accepted. */
function look(
  state: AlertsState,
  atMs: number,
  seen: readonly SampleSeries[],
  told: { readonly isLearning?: boolean; readonly isPast?: boolean } = {},
) {
  const events = decideAlerts(sampleCounts(atMs, seen), state.alerts, {
    isLearning: () => told.isLearning ?? false,
    c2: 0.3,
    looksAWeek: looksAWeek(LOOK_EVERY_MS),
    sinceMs: atMs - LOOK_EVERY_MS,
    isPast: told.isPast ?? false,
    channels: ['log', 'webhook'],
  });
  const message = alertMessageSchema.parse(
    JSON.parse(JSON.stringify({ basedOn: state.version, atMs, events })),
  );
  return { events, state: evolveAlerts(state, message) };
}
const context = { symbolOf, otherBanks: 0, consoleUrl: null };
const raised = () => look(initialAlertsState, START, [series()]).state;
const onlyAlert = (state: AlertsState): Alert => {
  const [alert, ...others] = state.alerts.values();
  if (!alert || others.length > 0) throw new Error(`expected one alert, found ${state.alerts.size}`);
  return alert;
};
const types = (events: readonly AlertEvent[]) => events.map((event) => event.type);

describe('given no alert', () => {
  it('when a series spikes, then one page is raised with its numbers and scope', () => {
    const { events, state } = look(initialAlertsState, START, [series()]);
    expect(types(events)).toEqual(['AlertRaised']);
    expect(onlyAlert(state)).toMatchObject({
      ...{ state: 'open', tier: 'page', basis: 'usual', bank: 'bank-a', build: '*', kb: '*' },
      ...{ failed: 17, installs: 240, windowMs: DAY_MS / 4, openedAtMs: START },
      top: { bank: 'bank-a', build: '17763.6189', kb: 'KB5041578' },
      reach: { banks: 1, builds: 1, kbs: 1 },
      branches: ['b-1', 'b-2'],
      firstArrival: '2026-03-10T08:00:00.000Z',
    });
    expect(onlyAlert(state).expected).toBeCloseTo(0.8, 3);
  });
  it('when nothing spikes, then nothing is decided', () => {
    expect(look(initialAlertsState, START, [series({ failed: 2 })]).events).toEqual([]);
  });
  it('when it is unlikely enough for a ticket only, then a ticket is raised; the page takes it in', () => {
    const first = look(initialAlertsState, START, [series({ failed: 8 })]);
    expect(onlyAlert(first.state)).toMatchObject({ tier: 'ticket', basis: 'usual' });
    const { events, state } = look(first.state, START + LOOK_EVERY_MS, [series()]);
    expect(types(events)).toEqual(['AlertUpdated', 'AlertRaised', 'AlertMerged']);
    expect([...state.alerts.values()].map(({ tier, state: is }) => [tier, is])).toEqual([
      ['ticket', 'resolved'],
      ['page', 'open'],
    ]);
  });
  it('when two watchers see the same, then they give the alert the same id', () => {
    expect(onlyAlert(raised()).alertId).toBe(onlyAlert(raised()).alertId);
    const later = look(initialAlertsState, START + LOOK_EVERY_MS, [series()]).state;
    expect(onlyAlert(later).alertId).not.toBe(onlyAlert(raised()).alertId);
  });
  it('when the bank is in its first month, then it is a ticket, provisional, and takes more devices', () => {
    const learn = (failed: number) =>
      look(initialAlertsState, START, [series({ failed, baselineFailed: 0, baselineInstalls: 0 })], {
        isLearning: true,
      });
    expect(learn(17).events).toEqual([]);
    expect(onlyAlert(learn(80).state)).toMatchObject({ tier: 'ticket', basis: 'provisional' });
  });
  it('when it was told late, imported or replayed, then it is a ticket that happened earlier', () => {
    const { state } = look(initialAlertsState, START, [series({ isEarlier: true })]);
    expect(onlyAlert(state)).toMatchObject({ tier: 'ticket', basis: 'earlier' });
  });
  it('when every code fails a little more, then a ticket tells of any failure', () => {
    const codes = Array.from({ length: 12 }, (_, n) => {
      const signature = { ...codeOnly, id: `code-${n}`, l1: `0x8007000${n.toString(16)}` };
      return series({ signature, failed: 2, baselineFailed: 4 });
    });
    const { state } = look(initialAlertsState, START, codes);
    expect(onlyAlert(state)).toMatchObject({ tier: 'ticket', basis: 'any', failed: 24, levels: [] });
  });
  describe('in a small fleet', () => {
    const tried = (bank: string, installs: number, failed: number) =>
      series({ bank, installs, failed, baselineInstalls: 2_000, baselineFailed: 2 });
    it('when only one bank fails, and the others hardly tried, then the alert is that bank’s', () => {
      const { state } = look(initialAlertsState, START, [
        tried('bank-a', 40, 36),
        tried('bank-b', 3, 0),
        tried('bank-c', 2, 0),
      ]);
      expect(onlyAlert(state)).toMatchObject({ bank: 'bank-a', failed: 36, installs: 40 });
      expect(
        look(state, START + LOOK_EVERY_MS, [tried('bank-a', 40, 36), tried('bank-b', 3, 0)]).events,
      ).toEqual([]);
    });
    it('when only one bank has such devices at all, then the alert is that bank’s', () => {
      const other = (bank: string) => ({ ...tried(bank, 300, 0), build: '22621.4602', kb: 'KB5046633' });
      const { state } = look(initialAlertsState, START, [
        tried('bank-a', 9, 5),
        other('bank-b'),
        other('bank-c'),
      ]);
      expect(onlyAlert(state)).toMatchObject({ bank: 'bank-a', failed: 5, installs: 9 });
    });
    it('when a bank has one device, then nothing is told of it, however many updates fail on it', () => {
      const updates = ['KB5000001', 'KB5000002', 'KB5000003', 'KB5000004'].map((kb) => ({
        ...tried('bank-a', 1, 1),
        kb,
      }));
      expect(look(initialAlertsState, START, [...updates, tried('bank-b', 40, 0)]).events).toEqual([]);
      const alone = updates.map((update) => ({ ...update, baselineInstalls: 1, baselineFailed: 0 }));
      expect(look(initialAlertsState, START, alone).events).toEqual([]);
    });
    it('when a second bank fails alike, then it is told for all banks', () => {
      const { state } = look(initialAlertsState, START, [
        tried('bank-a', 40, 18),
        tried('bank-b', 40, 18),
        tried('bank-c', 40, 17),
      ]);
      expect(onlyAlert(state)).toMatchObject({ bank: '*', failed: 53, reach: { banks: 3 } });
    });
  });
  it('when sixty new signatures fail at once, then one alert sums them up', () => {
    const storm = Array.from({ length: 60 }, (_, n) => {
      const signature = { ...codeOnly, id: `new-${n}`, l1: `0x${(0xa0000000 + n).toString(16)}` };
      return series({ signature, failed: 20, installs: 5_000, baselineFailed: 0 });
    });
    const { events, state } = look(initialAlertsState, START, storm);
    expect(types(events)).toEqual(['AlertRaised']);
    expect(onlyAlert(state)).toMatchObject({ tier: 'page', basis: 'any', failed: 1_200 });
    expect(onlyAlert(state).related).toHaveLength(5);
    expect(look(state, START + LOOK_EVERY_MS, storm).events).toEqual([]);
  });
});

describe('given an open alert', () => {
  it('when the same is seen again, then nothing is decided', () => {
    expect(look(raised(), START, [series()]).events).toEqual([]);
    expect(look(raised(), START + LOOK_EVERY_MS, [series({ failed: 20 })]).events).toEqual([]);
  });
  it('when twice as many devices fail, then it is updated', () => {
    const { events, state } = look(raised(), START + LOOK_EVERY_MS, [series({ failed: 34 })]);
    expect(types(events)).toEqual(['AlertUpdated']);
    expect(onlyAlert(state).failed).toBe(34);
  });
  it('when it is a day old, quiet, and many installs go well, then it resolves as recovered', () => {
    const quiet = [series({ failed: 1, installs: 300 })];
    expect(look(raised(), START + DAY_MS / 2, quiet).events).toMatchObject([
      { type: 'AlertUpdated', quietSinceMs: START + DAY_MS / 2 - LOOK_EVERY_MS },
    ]);
    const { events, state } = look(raised(), START + DAY_MS, quiet);
    expect(events).toMatchObject([{ type: 'AlertResolved', reason: 'recovered' }]);
    expect(onlyAlert(state)).toMatchObject({ state: 'resolved', resolvedAtMs: START + DAY_MS });
  });
  it('when nobody installs, then it waits a week and resolves as stale', () => {
    const quiet = look(raised(), START + DAY_MS, []);
    expect(types(quiet.events)).toEqual(['AlertUpdated']);
    expect(look(quiet.state, START + 6 * DAY_MS, []).events).toEqual([]);
    expect(look(quiet.state, START + 7 * DAY_MS, []).events).toMatchObject([
      { type: 'AlertResolved', reason: 'stale' },
    ]);
  });
  it('when it is loud again before that, then the week starts anew', () => {
    const quiet = look(raised(), START + DAY_MS, []);
    const loud = look(quiet.state, START + 2 * DAY_MS, [series({ failed: 18 })]);
    expect(loud.events).toMatchObject([{ type: 'AlertUpdated', quietSinceMs: null }]);
  });
  it('when a third bank has the same, then the first alert is widened over all and told again', () => {
    const banks = (names: string) =>
      ['a', 'b', 'c'].map((name) =>
        series({ bank: `bank-${name}`, failed: names.includes(name) ? 17 : 0, installs: 240 }),
      );
    const one = look(initialAlertsState, START, banks('a'));
    const two = look(one.state, START + LOOK_EVERY_MS, banks('ab'));
    expect(two.events).toMatchObject([{ type: 'AlertRaised', bank: 'bank-b' }]);
    const { events, state } = look(two.state, START + 2 * LOOK_EVERY_MS, banks('abc'));
    expect(events).toMatchObject([
      { type: 'AlertWidened', bank: '*', failed: 51, reach: { banks: 3 } },
      { type: 'AlertMerged' },
    ]);
    const [widened, merged] = [...state.alerts.values()];
    expect(widened?.notifications.map(({ kind }) => kind)).toEqual(['raised', 'worsened']);
    expect(widened?.spans.map(({ bank, closedMs }) => [bank, closedMs])).toEqual([
      ['bank-a', START + 2 * LOOK_EVERY_MS],
      ['*', null],
    ]);
    expect(merged).toMatchObject({ state: 'resolved', resolvedBecause: 'merged' });
    expect(merged?.notifications.map(({ kind }) => kind)).toEqual(['raised']);
  });
});

describe('given levels of a signature', () => {
  const inner = { ...fine, id: 'inner', l3: 'win32 183', fineness: 3 };
  const deep = (counts: Partial<SampleSeries>) =>
    series({ signature: inner, levels: ['code', 'fine', 'inner'], baselineFailed: 0, ...counts });
  it('an incident is told once, at the finest level that explains it, with the others named', () => {
    const { state } = look(initialAlertsState, START, [deep({}), series({ failed: 1 })]);
    expect(onlyAlert(state)).toMatchObject({ signature: { id: 'inner' }, covers: ['code'], failed: 17 });
    expect(onlyAlert(state).related.map(({ signature }) => signature.id)).toEqual(['code', 'fine']);
  });
  it('a level that explains less than 80 % is not the name', () => {
    const { state } = look(initialAlertsState, START, [deep({ failed: 11 }), series({ failed: 16 })]);
    expect(onlyAlert(state)).toMatchObject({ signature: { id: 'code' } });
  });
  it('when the cause is named later, the alert covers it and a second one is not raised', () => {
    expect(look(raised(), START + DAY_MS / 4, [deep({})]).events).toEqual([]);
  });
  it('a bare wrapper code gives way to the cause that its devices turn out to have', () => {
    const wrapper = { ...codeOnly, id: 'wrapper', l1: '0x80070643', fineness: 0 };
    const { state } = look(initialAlertsState, START, [series({ signature: wrapper })]);
    const later = START + LOOK_EVERY_MS;
    const moved = look(state, later, [series({ signature: fine, baselineFailed: 0 })]);
    expect(moved.events.at(-1)).toMatchObject({ type: 'AlertUpdated', signature: { id: 'fine' } });
    expect(onlyAlert(moved.state)).toMatchObject({ signature: { id: 'fine' }, covers: ['fine'] });
    const others = series({ signature: fine, baselineFailed: 0, firstBeforeMs: LOOK_EVERY_MS / 2 });
    expect(types(look(state, later, [others]).events)).toContain('AlertRaised');
  });
});

describe('given looks that are made up for', () => {
  it('when it is open still at a look of today, then it is told, once', () => {
    const past = look(initialAlertsState, START, [series()], { isPast: true });
    expect(pendingDeliveries(past.state)).toEqual([]);
    const now = look(past.state, START + DAY_MS / 2, [series()]);
    expect(now.events).toMatchObject([{ type: 'AlertUpdated', isAnnounced: true }]);
    expect(pendingDeliveries(now.state).map(({ owed }) => owed.kind)).toEqual(['raised', 'raised']);
    expect(look(now.state, START + DAY_MS / 2 + LOOK_EVERY_MS, [series()]).events).toEqual([]);
  });
  it('when it is over by then, then nobody is told, and it is seen all the same', () => {
    const past = look(initialAlertsState, START, [series()], { isPast: true });
    const over = look(past.state, START + DAY_MS, [series({ failed: 0, installs: 300 })], { isPast: true });
    expect(types(over.events)).toEqual(['AlertResolved']);
    expect(onlyAlert(over.state)).toMatchObject({ state: 'resolved', failed: 17, notifications: [] });
  });
});

describe('given a resolved alert', () => {
  const resolved = () => look(raised(), START + DAY_MS, [series({ failed: 0, installs: 300 })]).state;
  it('when it comes back within three days, then it opens again and owes no new notification', () => {
    const owedBefore = pendingDeliveries(resolved()).length;
    const { events, state } = look(resolved(), START + 3 * DAY_MS, [series()]);
    expect(types(events)).toEqual(['AlertReopened']);
    expect(onlyAlert(state)).toMatchObject({ state: 'open', resolvedAtMs: null });
    expect(pendingDeliveries(state)).toHaveLength(owedBefore);
  });
  it('when it comes back later, then it is a new incident', () => {
    const { events, state } = look(resolved(), START + 5 * DAY_MS, [series()]);
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
      { type: 'AlertMerged', alertId, eventNo: 3, intoAlertId: alertId, why: 'later' },
      { type: 'AlertAcknowledged', alertId, eventNo: 4, by: 'token-1', note: '', shift: 'night' },
    ];
    const message = alertMessageSchema.parse({ basedOn: 1, atMs: START, events });
    expect(message.events).toEqual(events);
    expect(onlyAlert(evolveAlerts(raised(), message))).toMatchObject({ state: 'resolved', lastEventNo: 4 });
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
    expect(notificationOf(after, context)).toEqual(notificationOf(before, context));
    expect(notificationSchema.parse(notificationOf(before, context))).toMatchObject({ oneIn: '5×10^9' });
  });
});

describe('the text for on-call', () => {
  it('has the numbers and the next step in both languages', () => {
    const english = alertText(onlyAlert(raised()), 'raised', 'en', context);
    expect(english.text).toBe(
      '17 of 240 installs failed with 0x80071ab1 (ERROR_LOG_GROWTH_FAILED) at bank bank-a in the last 6 h; ' +
        '0.8 expected; by chance 1 in 5×10^9.',
    );
    expect(english.nextStep).toContain('rollcall case draft');
    const chinese = alertText(onlyAlert(raised()), 'raised', 'zh', context);
    expect(chinese.text).toContain('240 次安装中有 17 次失败');
    expect(chinese.text).toContain('0x80071ab1 (ERROR_LOG_GROWTH_FAILED)');
  });
  it('names the best remedy with what came of it here', () => {
    const trial = (deviceKey: string, outcome: 'fixed' | 'not_fixed'): RemedyTrial => ({
      ...{ eventId: deviceKey, bank: 'bank-a', deviceKey, kb: 'KB5041578', atMs: START },
      ...{ remedyId: 'reset_transaction_log', outcome, outcomeIsTold: false },
      signature: { id: 'code', l1: '0x80071ab1', l2: '', l3: '' },
    });
    const trials = [trial('d-1', 'fixed'), trial('d-2', 'fixed'), trial('d-3', 'not_fixed')];
    const told = alertText(onlyAlert(raised()), 'raised', 'en', { ...context, trials });
    expect(told.details.join(' ')).toContain('reset_transaction_log');
    expect(told.details.join(' ')).toContain('fixed 2 of 3');
    expect(alertText(onlyAlert(raised()), 'raised', 'en', context).details.join(' ')).not.toContain(
      'fixed 2 of 3',
    );
  });
  it('calls a young fleet provisional', () => {
    const { state } = look(initialAlertsState, START, [series({ failed: 80 })], { isLearning: true });
    expect(onlyAlert(state).tier).toBe('ticket');
    expect(alertText(onlyAlert(state), 'raised', 'en', context).details.join(' ')).toContain('Provisional');
    expect(alertText(onlyAlert(state), 'raised', 'zh', context).details.join(' ')).toContain('暂定');
  });
  it('says odds with one digit', () => {
    expect(oneIn(-22.429)).toBe('5×10^9');
    expect(oneIn(-Math.log(1e10))).toBe('1×10^10');
    expect(oneIn(-Math.log(250))).toBe('250');
    expect(oneIn(-5000)).toMatch(/^\d×10\^2171$/);
  });
});
