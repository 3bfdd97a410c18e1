import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ALERTS, startAlertConsole } from '../../../test/harness/alert-console.js';
import type { AlertConsole } from '../../../test/harness/alert-console.js';
import { alertDetailAnswer, alertListAnswer } from './alert-answers.js';

let console: AlertConsole;
beforeAll(async () => {
  console = await startAlertConsole();
});
afterAll(async () => {
  await console.close();
});

async function ask(method: string, path: string, token: string | null, body?: unknown) {
  const response = await fetch(`${console.url}/api/v1/${path}`, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
const statusOf = async (...asked: Parameters<typeof ask>): Promise<number> => (await ask(...asked)).status;

const LATER = '2099-01-01T00:00:00Z';
const ROUTES = [
  { method: 'GET', path: `alerts/${ALERTS.own}`, body: undefined },
  { method: 'GET', path: 'silences', body: undefined },
  { method: 'POST', path: `alerts/${ALERTS.own}/acknowledge`, body: {} },
  { method: 'POST', path: `alerts/${ALERTS.own}/snooze`, body: {} },
  { method: 'POST', path: 'silences', body: { bank: 'bank-a', until: LATER } },
  { method: 'DELETE', path: 'silences/aaaaaaaaaaaaaaaa', body: undefined },
];

describe('what is refused', () => {
  it.each(ROUTES)(
    '$method $path: 401 without a token that is known, 403 without the scope',
    async ({ method, path, body }) => {
      expect(await statusOf(method, path, null, body)).toBe(401);
      expect(await statusOf(method, path, 'rc_guess', body)).toBe(401);
      expect(await statusOf(method, path, 'rc_sender', body)).toBe(403);
      if (method !== 'GET') expect(await statusOf(method, path, 'rc_reader', body)).toBe(403);
    },
  );
  it('404: what is not there, and what is another bank’s', async () => {
    for (const [method, path] of [
      ['GET', 'alerts/zzzzzzzzzzzzzzzz'],
      ['POST', 'alerts/zzzzzzzzzzzzzzzz/acknowledge'],
      ['DELETE', 'silences/zzzzzzzzzzzzzzzz'],
    ] as const)
      expect(await statusOf(method, path, 'rc_operator')).toBe(404);
    expect(await statusOf('GET', `alerts/${ALERTS.own}`, 'rc_b')).toBe(404);
    expect(await statusOf('POST', `alerts/${ALERTS.own}/snooze`, 'rc_b', {})).toBe(404);
  });
  it('409: an alert that is over', async () => {
    for (const action of ['acknowledge', 'snooze'])
      expect(await statusOf('POST', `alerts/${ALERTS.over}/${action}`, 'rc_operator', {})).toBe(409);
  });
  it('400: a body or a time that makes no sense', async () => {
    for (const body of [
      { until: '2020-01-01T00:00:00Z' },
      { until: LATER },
      { until: 'soon' },
      { sometime: 1 },
    ])
      expect(await statusOf('POST', 'silences', 'rc_operator', body)).toBe(400);
    for (const body of [{ growth: 0.5 }, { until: '2020-01-01T00:00:00Z' }, { note: 'x'.repeat(501) }])
      expect(await statusOf('POST', `alerts/${ALERTS.own}/snooze`, 'rc_operator', body)).toBe(400);
  });
  it('403: a silence of another bank', async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString();
    expect(await statusOf('POST', 'silences', 'rc_a', { bank: 'bank-b', until })).toBe(403);
    expect(await statusOf('POST', 'silences', 'rc_operator', { bank: 'bank-typo', until })).toBe(404);
  });
});

describe('an alert about several banks, asked for by one of them', () => {
  it('is refused with its own part when it has one', async () => {
    for (const [method, path] of [
      ['GET', `alerts/${ALERTS.several}`],
      ['POST', `alerts/${ALERTS.several}/acknowledge`],
    ] as const) {
      const { status, body } = await ask(method, path, 'rc_b');
      expect(status).toBe(403);
      expect(body['detail']).toContain('bank-b has 4 of its failing devices');
      expect(body['detail']).toContain('/api/v1/cohorts?bank=bank-b&signature=0x80071ab1');
    }
  });
  it('is not known when it has none', async () => {
    expect(await statusOf('GET', `alerts/${ALERTS.several}`, 'rc_c')).toBe(404);
  });
});

describe('what people did', () => {
  it('stands in the alert and in the list', async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const acknowledged = await ask('POST', `alerts/${ALERTS.own}/acknowledge`, 'rc_a', { note: 'on it' });
    expect(acknowledged.status).toBe(200);
    expect(await statusOf('POST', `alerts/${ALERTS.own}/snooze`, 'rc_operator', { until })).toBe(200);
    const silence = await ask('POST', 'silences', 'rc_operator', { bank: 'bank-a', until });
    expect(silence.status).toBe(201);

    const shown = alertDetailAnswer.parse((await ask('GET', `alerts/${ALERTS.own}`, 'rc_a')).body);
    const done = {
      acknowledged: { by: 'rc_a', note: 'on it' },
      snoozed: { untilFailed: 34, until },
      silencedBy: { silenceId: silence.body['silenceId'], until },
    };
    expect(shown).toMatchObject(done);
    const list = alertListAnswer.parse((await ask('GET', 'alerts', 'rc_operator')).body);
    const items = list.items as { alertId: string }[];
    expect(items.find(({ alertId }) => alertId === ALERTS.own)).toMatchObject(done);
    expect(items.find(({ alertId }) => alertId === ALERTS.several)).toMatchObject({
      ...{ acknowledged: null, snoozed: null, silencedBy: null },
    });
    expect(await statusOf('DELETE', `silences/${String(silence.body['silenceId'])}`, 'rc_b')).toBe(404);
    expect(await statusOf('DELETE', `silences/${String(silence.body['silenceId'])}`, 'rc_a')).toBe(200);
  });
});
