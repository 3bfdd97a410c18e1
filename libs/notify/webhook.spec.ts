import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { notificationJsonSchema } from '#domain/alerts/alert-notification.js';
import { sampleNotification } from '../../test/harness/sample-notification.js';
import { logNotifier } from './log.js';
import { retryAfterMs } from './post-until-taken.js';
import { DELIVERY_HEADER, SIGNATURE_HEADER, signatureOf, webhookNotifier } from './webhook.js';
import type { WebhookOptions } from './webhook.js';

const notification = sampleNotification('webhook');

interface Taken {
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}
let server: Server | undefined;

/** A real server that answers each request in turn; the last answer repeats. */
async function receiver(...answers: ((response: ServerResponse) => void)[]) {
  const taken: Taken[] = [];
  const listening = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      taken.push({ body: Buffer.concat(chunks).toString('utf8'), headers: request.headers });
      answers[Math.min(taken.length, answers.length) - 1]?.(response);
    });
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return { taken, url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}/hook/s3cret-path` };
}
const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse): void => {
    response.writeHead(code, headers).end();
  };
const hang = (): void => undefined;
const reset = (response: ServerResponse): void => {
  response.socket?.destroy();
};
const notifier = (url: string, options: Partial<WebhookOptions> = {}) =>
  webhookNotifier({ url, secret: 'shared', backoffMs: 1, ...options });

afterEach(async () => {
  const open = server;
  server = undefined;
  if (!open) return;
  open.closeAllConnections();
  await new Promise((resolve) => open.close(resolve));
});

describe('webhook', () => {
  it('posts the notification with a signature its receiver can check', async () => {
    const { taken, url } = await receiver(status(200));
    await notifier(url).deliver(notification);
    expect(taken).toHaveLength(1);
    const { body, headers } = taken[0] ?? { body: '', headers: {} };
    expect(JSON.parse(body)).toEqual(notification);
    expect(headers[SIGNATURE_HEADER]).toBe(signatureOf(body, 'shared'));
    expect(headers[SIGNATURE_HEADER]).not.toBe(signatureOf(body, 'another'));
    expect(headers[DELIVERY_HEADER]).toBe(notification.deliveryId);
    expect(headers['content-type']).toBe('application/json');
  });

  it('posts what the published JSON schema says', async () => {
    const { taken, url } = await receiver(status(204));
    await notifier(url).deliver(notification);
    const ajv = new Ajv.default();
    addFormats.default(ajv);
    const validate = ajv.compile(notificationJsonSchema);
    expect(validate(JSON.parse(taken[0]?.body ?? ''))).toBe(true);
    expect(validate({ ...notification, surprise: 1 })).toBe(false);
  });

  it('tries again after 500 and after a broken connection, with the same bytes', async () => {
    const { taken, url } = await receiver(status(500), reset, status(200));
    await notifier(url).deliver(notification);
    expect(taken).toHaveLength(3);
    expect(new Set(taken.map(({ body }) => body)).size).toBe(1);
  });

  it('gives up on a receiver that hangs, and says so', async () => {
    const { url } = await receiver(hang);
    await expect(notifier(url, { timeoutMs: 50, tries: 2 }).deliver(notification)).rejects.toThrow(
      /after 2 tries: no answer in 50 ms/,
    );
  });

  it('waits as long as Retry-After asks, at most maxWaitMs', async () => {
    const { taken, url } = await receiver(status(429, { 'retry-after': '3600' }), status(200));
    await notifier(url, { maxWaitMs: 5, backoffMs: 10_000_000 }).deliver(notification);
    expect(taken).toHaveLength(2);
  });

  it.each([400, 401, 404, 410, 302])('takes %d as a refusal and does not insist', async (code) => {
    const { taken, url } = await receiver(status(code, { location: 'http://127.0.0.1:9/' }));
    await expect(notifier(url).deliver(notification)).rejects.toThrow(`HTTP ${code}`);
    expect(taken).toHaveLength(1);
  });

  it('does not name the path of the address in its errors: it may be a secret', async () => {
    const error: unknown = await notifier('http://127.0.0.1:9/hook/s3cret-path', { tries: 1 })
      .deliver(notification)
      .catch((reason: unknown) => reason);
    expect(String(error)).toContain('127.0.0.1:9');
    expect(String(error)).not.toContain('s3cret');
  });

  it('says so when the port is one that fetch does not talk to', async () => {
    await expect(notifier('http://127.0.0.1:6000/hook').deliver(notification)).rejects.toThrow(
      'this port is not allowed for HTTP',
    );
  });

  it('stops at once when told to, also while waiting', async () => {
    const { url } = await receiver(status(503));
    const stop = new AbortController();
    const delivering = notifier(url, { backoffMs: 10_000_000, maxWaitMs: 10_000_000 }).deliver(
      notification,
      stop.signal,
    );
    setTimeout(() => {
      stop.abort();
    }, 30);
    await expect(delivering).rejects.toThrow(/stopped/);
  });

  it('reads Retry-After in seconds and as a date', () => {
    const nowMs = Date.parse('2026-03-10T12:00:00Z');
    expect(retryAfterMs('7', nowMs)).toBe(7_000);
    expect(retryAfterMs('Tue, 10 Mar 2026 12:00:30 GMT', nowMs)).toBe(30_000);
    expect(retryAfterMs('Tue, 10 Mar 2026 11:00:00 GMT', nowMs)).toBe(0);
    expect(retryAfterMs('soon', nowMs)).toBeNull();
    expect(retryAfterMs(null, nowMs)).toBeNull();
  });
});

describe('log', () => {
  it('writes one line with the text, the numbers and the next step', async () => {
    const lines: { fields: object; message: string }[] = [];
    const toLog = logNotifier({ warn: (fields, message) => lines.push({ fields, message }) });
    await toLog.deliver(notification);
    expect(lines).toMatchObject([
      {
        message: notification.en.text,
        fields: {
          alert: { failed: 17, deliveryId: notification.deliveryId },
          nextStep: notification.en.nextStep,
        },
      },
    ]);
  });
});
