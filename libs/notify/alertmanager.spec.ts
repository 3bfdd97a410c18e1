import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { alertmanagerMissing, alertmanagerOn, amtool } from '../../test/harness/alertmanager-server.js';
import type { AlertmanagerServer } from '../../test/harness/alertmanager-server.js';
import { eventually } from '../../test/harness/eventually.js';
import { sampleNotification } from '../../test/harness/sample-notification.js';
import { alertmanagerNotifier } from './alertmanager.js';

const missing = await alertmanagerMissing();
if (missing !== null) {
  process.stderr.write(`\nNOT RUN: Alertmanager's own tests. ${missing}\n\n`);
  if (process.env['CI']) throw new Error(missing);
}
const withAlertmanager = missing === null ? describe : describe.skip;
const NOW = Date.parse('2026-03-10T12:00:00Z');

withAlertmanager('a real Alertmanager', () => {
  let server: AlertmanagerServer;
  beforeAll(async () => {
    server = await alertmanagerOn();
  });
  afterAll(() => server.dispose());
  const channel = () => alertmanagerNotifier({ url: server.url, backoffMs: 1, tries: 2 });
  const held = async (alertId: string) =>
    (await server.alerts()).filter(({ labels }) => labels['alert_id'] === alertId);

  it('holds what was delivered under labels it can route, and knows a repetition', async () => {
    const notification = sampleNotification('alertmanager');
    await channel().deliver(notification);
    await channel().deliver(notification);
    expect(await held(notification.alertId)).toMatchObject([
      {
        labels: {
          alertname: 'RollcallSpike',
          bank: 'bank-a',
          tier: 'page',
          severity: 'critical',
          signature: '0x80071ab1',
        },
        annotations: { summary: notification.en.text, summary_zh: notification.zh.text },
        status: { state: 'active' },
      },
    ]);
  });

  it('takes the end of an alert as its end', async () => {
    const alertId = 'bbbbbbbbbbbbbbbb';
    await channel().deliver(sampleNotification('alertmanager', { alertId }));
    expect(await held(alertId)).toHaveLength(1);
    await channel().deliver(sampleNotification('alertmanager', { alertId, kind: 'resolved', eventNo: 2 }));
    expect(await held(alertId)).toEqual([]);
  });

  it('is told of standing alerts again, and silences those that are held back here until they are not', async () => {
    const alertId = 'cccccccccccccccc';
    const notification = sampleNotification('alertmanager', { alertId });
    const own = channel();
    await own.repeat([{ notification, heldBack: true }]);
    const states = async () => (await held(alertId)).map(({ status }) => status.state);
    await eventually('the silence', async () => ((await states())[0] === 'suppressed' ? true : null));
    await own.repeat([{ notification, heldBack: true }]);
    const silences = (await (await fetch(`${server.url}/api/v2/silences`)).json()) as {
      status: { state: string };
    }[];
    expect(silences.filter(({ status }) => status.state === 'active')).toHaveLength(1);
    await own.repeat([{ notification, heldBack: false }]);
    await eventually('its end', async () => ((await states())[0] === 'active' ? true : null));
    const names = (await server.alerts()).map(({ labels }) => labels['alertname']);
    expect(names).toContain('RollcallWatchdog');
  });

  it('that was away gets it when it is back; until then it is not taken', async () => {
    await server.stop();
    const notification = sampleNotification('alertmanager', { alertId: 'dddddddddddddddd' });
    await expect(channel().deliver(notification)).rejects.toThrow(/ECONNREFUSED/);
    await server.start();
    await channel().deliver(notification);
    expect(await held(notification.alertId)).toHaveLength(1);
  });
});

withAlertmanager('the sample routing', () => {
  const config = 'deploy/alertmanager/alertmanager.yml';
  it('is taken by amtool', async () => {
    expect((await amtool('check-config', config)).stdout).toContain('SUCCESS');
  });
  it.each([
    ['alertname=RollcallSpike tier=page', 'on-call'],
    ['alertname=RollcallSpike tier=ticket', 'tickets'],
    ['alertname=RollcallHealth tier=page condition=watch_behind', 'on-call'],
    ['alertname=RollcallHealth tier=ticket condition=bank_silent', 'tickets'],
    ['alertname=RollcallWatchdog severity=none', 'watchdog'],
  ])('%s goes to %s', async (labels, receiver) => {
    const { stdout } = await amtool(
      'config',
      'routes',
      'test',
      `--config.file=${config}`,
      ...labels.split(' '),
    );
    expect(stdout.trim()).toBe(receiver);
  });
});

it('a user and password in the address become basic authentication, and stay out of errors', async () => {
  const asked: (string | undefined)[] = [];
  const { createServer } = await import('node:http');
  const server = createServer((request, response) => {
    asked.push(request.headers.authorization);
    response.writeHead(403).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const channel = alertmanagerNotifier({ url: `http://me:s3cret@127.0.0.1:${port}/am/`, now: () => NOW });
  const error: unknown = await channel
    .deliver(sampleNotification('alertmanager'))
    .catch((reason: unknown) => reason);
  server.close();
  expect(asked).toEqual([`Basic ${Buffer.from('me:s3cret').toString('base64')}`]);
  expect(String(error)).toContain('HTTP 403');
  expect(String(error)).not.toContain('s3cret');
});
