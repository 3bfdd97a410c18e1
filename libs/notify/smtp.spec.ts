import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { SMTPServer } from 'smtp-server';
import { sampleNotification } from '../../test/harness/sample-notification.js';
import { smtpNotifier } from './smtp.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A real SMTP server that keeps mails; `refuse` answers each mail's sender in turn, null = take it. */
async function sink(...refuse: (number | null)[]) {
  const mails: string[] = [];
  let asked = 0;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    closeTimeout: 100,
    onMailFrom: (_address, _session, done) => {
      const code = refuse[asked++] ?? null;
      done(code === null ? null : Object.assign(new Error('no'), { responseCode: code }));
    },
    onData: (stream, _session, done) => {
      let text = '';
      stream.setEncoding('utf8').on('data', (part: string) => (text += part));
      stream.on('end', () => {
        mails.push(text);
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      }),
  );
  return { mails, url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}` };
}
/** Takes connections and says nothing. */
async function silentServer(): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}
const mailTo = (url: string, timeoutMs = 5_000) =>
  smtpNotifier({
    url,
    from: 'Rollcall <rollcall@bank.example>',
    to: ['on-call@bank.example', 'desk@bank.example'],
    tries: 2,
    backoffMs: 1,
    timeoutMs,
  });

describe('mail', () => {
  it('arrives in both languages, under an id that stays the same, in the thread of its alert', async () => {
    const { mails, url } = await sink();
    const notification = sampleNotification('smtp');
    await mailTo(url).deliver(notification);
    await mailTo(url).deliver(notification);
    expect(mails).toHaveLength(2);
    for (const mail of mails) {
      expect(mail).toContain('Message-ID: <abcdefghijklmnop-1-smtp@bank.example>');
      expect(mail).toContain('References: <abcdefghijklmnop@bank.example>');
      expect(mail).toContain('To: on-call@bank.example, desk@bank.example');
      const body = Buffer.from(mail.split('\r\n\r\n').slice(1).join(''), 'base64').toString('utf8');
      const quoted = body.includes('bank-a') ? body : mail;
      expect(quoted).toContain('17 of 240 installs failed');
    }
  });

  it('is tried again after a temporary refusal, not after a final one', async () => {
    const temporary = await sink(451);
    await mailTo(temporary.url).deliver(sampleNotification('smtp'));
    expect(temporary.mails).toHaveLength(1);
    const final = await sink(550, null);
    const refusal: unknown = await mailTo(final.url)
      .deliver(sampleNotification('smtp'))
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ refused: true });
    expect(String(refusal)).toContain('after 1 tries: EENVELOPE 550');
  });

  it('gives up on a server that hangs or is away, without naming its password', async () => {
    const port = await silentServer();
    await expect(mailTo(`smtp://127.0.0.1:${port}`, 100).deliver(sampleNotification('smtp'))).rejects.toThrow(
      /after 2 tries: ETIMEDOUT/,
    );
    const away: unknown = await mailTo('smtp://me:s3cret@127.0.0.1:9')
      .deliver(sampleNotification('smtp'))
      .catch((error: unknown) => error);
    expect(String(away)).toContain('127.0.0.1:9');
    expect(String(away)).not.toContain('s3cret');
  });

  it('stops at once when told to', async () => {
    const port = await silentServer();
    const stop = new AbortController();
    const delivering = mailTo(`smtp://127.0.0.1:${port}`, 50_000).deliver(
      sampleNotification('smtp'),
      stop.signal,
    );
    setTimeout(() => {
      stop.abort();
    }, 30);
    await expect(delivering).rejects.toThrow(/stopped/);
  });
});
