import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { SMTPServer } from 'smtp-server';
import { alertEventSchema, alertMessageSchema } from '#domain/alerts/alert-events.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';
import { alertmanagerMissing, alertmanagerOn } from '../harness/alertmanager-server.js';
import { compiledEntry } from '../harness/compiled-entry.js';
import { eventually } from '../harness/eventually.js';
import { freePort } from '#runtime/free-port.js';

const missing = await alertmanagerMissing();
if (missing !== null) {
  process.stderr.write(`\nNOT RUN: deliveries with a crash in between. ${missing}\n\n`);
  if (process.env['CI']) throw new Error(missing);
}

const ALERT_ID = 'abcdefghijklmnop';
const CHANNELS = ['alertmanager', 'smtp', 'webhook'];
let directory: string;
const closers: (() => unknown)[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-outbox-'));
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(directory, { recursive: true, force: true });
});

async function raise(): Promise<void> {
  const raised = alertEventSchema.parse({
    type: 'AlertRaised',
    alertId: ALERT_ID,
    eventNo: 1,
    tier: 'page',
    bank: 'bank-a',
    signature: { id: 's1', l1: '0x80071ab1', l2: '', l3: '', fineness: 1, reason: 'code' },
    failed: 17,
    installs: 240,
    expected: 0.8,
    lnP: -22.4,
    build: '17763.6189',
    kb: 'KB5041578',
    branches: ['b-1'],
    rate: 0.003,
    threshold: -12,
    firstArrival: '2026-03-10T08:00:00.000Z',
    thirdArrival: '2026-03-10T09:00:00.000Z',
    channels: CHANNELS,
  });
  const message = { basedOn: 0, atMs: Date.parse('2026-03-10T12:00:00Z'), events: [raised] };
  const log = await openLmdbEventLog({ directory });
  await log.append('patch.alerts', [{ key: 'alerts', value: Buffer.from(JSON.stringify(message)) }]);
  await log.close();
}

/** Channels with a DeliveryDone in the log, in its order. */
async function done(): Promise<string[]> {
  const log = await openLmdbEventLog({ directory });
  const records = await log.readRange('patch.alerts', 0, 0, 1_000);
  await log.close();
  return records
    .flatMap(({ value }) => alertMessageSchema.parse(JSON.parse(value.toString('utf8'))).events)
    .flatMap((event) => (event.type === 'DeliveryDone' ? [event.channel] : []));
}

async function deliverer(
  environment: NodeJS.ProcessEnv,
): Promise<ChildProcess & { readonly said: () => string }> {
  const entry = await compiledEntry('test/harness/outbox-process.ts');
  const child = spawn(process.execPath, [entry], {
    env: { ...process.env, OUTBOX_LOG: directory, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  closers.push(() => child.kill('SIGKILL'));
  return Object.assign(child, { said: () => said });
}
async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

interface Posted {
  readonly deliveryId: string;
}
async function webhook(port: number, status: number): Promise<{ taken: Posted[]; server: Server }> {
  const taken: Posted[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString('utf8')));
    request.on('end', () => {
      taken.push(JSON.parse(text) as Posted);
      response.writeHead(status).end();
    });
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { taken, server };
}

async function mailServer(port: number): Promise<string[]> {
  const mails: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData: (stream, _session, taken) => {
      let text = '';
      stream.setEncoding('utf8').on('data', (part: string) => (text += part));
      stream.on('end', () => {
        mails.push(text);
        taken();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  closers.push(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      }),
  );
  return mails;
}

(missing === null ? it : it.skip)(
  'an alert reaches Alertmanager, mail and webhook once each, whatever was down and whoever was killed meanwhile',
  async () => {
    const [mailPort, hookPort] = [await freePort(), await freePort()];
    const alertmanager = await alertmanagerOn();
    closers.push(() => alertmanager.dispose());
    await alertmanager.stop();
    const environment = {
      ROLLCALL_ALERTMANAGER_URL: alertmanager.url,
      ROLLCALL_SMTP_URL: `smtp://127.0.0.1:${mailPort}`,
      ROLLCALL_SMTP_FROM: 'rollcall@bank.example',
      ROLLCALL_SMTP_TO: 'on-call@bank.example',
      ROLLCALL_WEBHOOK_URL: `http://127.0.0.1:${hookPort}/hook`,
      ROLLCALL_WEBHOOK_SECRET: '0123456789abcdef',
    };
    await raise();

    // Killed between raise and delivery: everything is down.
    const first = await deliverer(environment);
    await eventually('the first process', () => (first.said().includes('delivering') ? true : null));
    await kill(first);
    expect(await done()).toEqual([]);

    // A mail server that hangs and a webhook that answers 500 hold up nobody but themselves; killed while they try.
    await alertmanager.start();
    const hanging = createTcpServer(() => undefined).listen(mailPort, '127.0.0.1');
    await once(hanging, 'listening');
    const failing = await webhook(hookPort, 500);
    const second = await deliverer(environment);
    await eventually('the delivery to Alertmanager', async () => ((await done()).length > 0 ? true : null));
    await eventually('a try at the webhook', () => (failing.taken.length > 0 ? true : null));
    await kill(second);
    expect(await done()).toEqual(['alertmanager']);
    hanging.close();
    failing.server.closeAllConnections();
    failing.server.close();
    await once(failing.server, 'close');

    // They are back: both get it from the next process, under the same id.
    const mails = await mailServer(mailPort);
    const working = await webhook(hookPort, 204);
    const third = await deliverer(environment);
    await eventually('the rest', () => (third.said().includes('settled') ? true : null));
    await kill(third);
    expect((await done()).sort()).toEqual(CHANNELS);
    const held = await alertmanager.alerts();
    expect(held.filter(({ labels }) => labels['alert_id'] === ALERT_ID)).toHaveLength(1);
    expect(mails).toHaveLength(1);
    expect(mails[0]).toContain(`Message-ID: <${ALERT_ID}-1-smtp@bank.example>`);
    expect(working.taken.map(({ deliveryId }) => deliveryId)).toEqual([`${ALERT_ID}-1-webhook`]);
    expect(failing.taken[0]?.deliveryId).toBe(`${ALERT_ID}-1-webhook`);

    // Nothing is owed any more: one more process sends nothing.
    const fourth = await deliverer(environment);
    await eventually('the fourth process', () => (fourth.said().includes('settled') ? true : null));
    expect([mails.length, working.taken.length]).toEqual([1, 1]);
  },
  240_000,
);
