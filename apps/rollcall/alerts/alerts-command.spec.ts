import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ALERTS, startAlertConsole } from '../../../test/harness/alert-console.js';
import type { AlertConsole } from '../../../test/harness/alert-console.js';
import { rollcallHere } from '../../../test/harness/in-process-command.js';
import type { AlertDetail, SilenceView } from './alert-page.js';
import type { ListedAlert } from './alerts-command.js';

let console: AlertConsole;
beforeAll(async () => {
  console = await startAlertConsole();
});
afterAll(async () => {
  await console.close();
});

const as =
  (token: string) =>
  (...args: string[]) =>
    rollcallHere('alerts', ...args, '--url', console.url, '--token', token);
const alerts = as('rc_operator');

describe('rollcall alerts', () => {
  it.each([
    [['show', 'zzzzzzzzzzzzzzzz'], 3],
    [['ack', 'zzzzzzzzzzzzzzzz'], 3],
    [['unsilence', 'zzzzzzzzzzzzzzzz'], 3],
    [['ack', ALERTS.over], 1],
    [['snooze', ALERTS.over], 1],
    [['snooze', ALERTS.own, '--until', '2020-01-01'], 1],
    [['silence', '--bank', 'bank-a'], 64],
    [['silence', '--for', '8h'], 64],
    [['silence', '--bank', 'bank-a', '--for', 'long'], 64],
    [['silence', '--bank', 'NOT A BANK', '--for', '8h'], 64],
    [['show'], 64],
    [['show', ALERTS.own, '--lang', 'fr'], 64],
  ])('%j ends with %i and prints nothing', async (args, exitCode) => {
    expect(await alerts(...args, '--json')).toMatchObject({ code: exitCode, out: '' });
  });

  it('a bank is told of its part in an alert about several', async () => {
    expect(await as('rc_b')('show', ALERTS.several)).toMatchObject({
      code: 1,
      err: expect.stringContaining('bank-b has 4 of its failing devices') as unknown,
    });
  });

  it('show, ack, snooze, silence, silences: for scripts and for people', async () => {
    const shown = await alerts('show', ALERTS.own, '--json');
    expect(shown.code).toBe(0);
    expect(shown.items<AlertDetail>()).toMatchObject([{ alertId: ALERTS.own, acknowledged: null }]);
    expect((await alerts('show', ALERTS.own, '--lang', 'zh')).out).toMatch(/\p{Script=Han}/u);

    const acknowledged = await alerts('ack', ALERTS.own, '--note', 'on it', '--json');
    expect(acknowledged).toMatchObject({ code: 0 });
    expect(acknowledged.items()).toMatchObject([{ acknowledged: { by: 'rc_operator', note: 'on it' } }]);
    const snoozed = await alerts('snooze', ALERTS.own, '--growth', '3', '--for', '4h', '--json');
    expect(snoozed.items()).toMatchObject([{ snoozed: { untilFailed: 51 } }]);
    const silenced = await alerts('silence', ALERTS.own, '--for', '8h', '--json');
    const [silence] = silenced.items<SilenceView>();
    expect(silence).toMatchObject({ bank: 'bank-a', signature: '0x80071ab1', lifted: false });

    const table = await alerts();
    expect(table.code).toBe(0);
    expect(table.out).toContain('open, acknowledged, snoozed until 51 devices');
    expect(table.out).toContain('silenced until');
    const listed = (await alerts('--json')).items<ListedAlert>();
    expect(listed.map(({ alertId }) => alertId).sort()).toEqual(Object.values(ALERTS));
    expect(listed.find(({ alertId }) => alertId === ALERTS.own)).toMatchObject({
      acknowledged: { note: 'on it' },
      snoozed: { untilFailed: 51 },
      silencedBy: { silenceId: silence?.silenceId },
    });

    expect((await alerts('silences')).out).toContain(silence?.silenceId);
    expect(await alerts('unsilence', silence?.silenceId ?? '')).toMatchObject({ code: 0 });
    expect((await alerts('silences', '--json')).items()).toMatchObject([{ lifted: true }]);
  });
});
