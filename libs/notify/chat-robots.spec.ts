import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { sampleNotification } from '../../test/harness/sample-notification.js';
import { dingTalkNotifier, weComNotifier } from './chat-robots.js';
import { sendPace } from './send-pace.js';

// Neither service can be reached from a test: these run against a local stub that answers as their pages say.
let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

interface Asked {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A stub that answers HTTP 200 with these error codes in turn; the last repeats. */
async function stub(...codes: number[]) {
  const asked: Asked[] = [];
  const listening = createServer((request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString('utf8')));
    request.on('end', () => {
      asked.push({ path: request.url ?? '', body: JSON.parse(text) as Asked['body'] });
      const errcode = codes[Math.min(asked.length, codes.length) - 1];
      response.end(JSON.stringify({ errcode, errmsg: 'said by the stub' }));
    });
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return {
    asked,
    url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}/robot/send?access_token=s3cret`,
  };
}
const quick = { backoffMs: 1, maxWaitMs: 1, tries: 3 };

describe('the WeCom robot (stub)', () => {
  it('is sent one Markdown message in the language asked for, within its limit', async () => {
    const { asked, url } = await stub(0);
    const channel = weComNotifier({ url, language: 'zh', ...quick });
    await channel.deliver(sampleNotification('wecom'));
    expect(asked[0]?.body).toMatchObject({ msgtype: 'markdown' });
    const { content } = asked[0]?.body['markdown'] as { content: string };
    expect(content).toContain('银行 bank-a 有 17 次失败');
    expect(content).not.toContain('installs failed');

    const long = { text: '失败'.repeat(4_000), details: [], nextStep: '' };
    await channel.deliver(sampleNotification('wecom', { zh: long }));
    const cut = (asked[1]?.body['markdown'] as { content: string }).content;
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(4_096);
    expect(cut).toMatch(/[失败]…$/);
  });

  it('is tried again when it says "too fast", and not when it says "wrong key"', async () => {
    const fast = await stub(45_009, 0);
    await weComNotifier({ url: fast.url, language: 'zh', ...quick }).deliver(sampleNotification('wecom'));
    expect(fast.asked).toHaveLength(2);
    server?.close();
    const wrong = await stub(93_000);
    const error: unknown = await weComNotifier({ url: wrong.url, language: 'zh', ...quick })
      .deliver(sampleNotification('wecom'))
      .catch((reason: unknown) => reason);
    expect(wrong.asked).toHaveLength(1);
    expect(error).toMatchObject({ refused: true });
    expect(String(error)).toContain('errcode 93000');
    expect(String(error)).not.toContain('s3cret');
  });
});

describe('the DingTalk robot (stub)', () => {
  it('is sent Markdown with a title, at an address signed with the time', async () => {
    const { asked, url } = await stub(0);
    const atMs = Date.parse('2026-03-10T12:00:00Z');
    await dingTalkNotifier({ url, secret: 'SECxyz', language: 'en', now: () => atMs, ...quick }).deliver(
      sampleNotification('dingtalk'),
    );
    const query = new URL(asked[0]?.path ?? '', url).searchParams;
    expect(query.get('access_token')).toBe('s3cret');
    expect(query.get('timestamp')).toBe(String(atMs));
    const expected = createHmac('sha256', 'SECxyz').update(`${atMs}\nSECxyz`).digest('base64');
    expect(query.get('sign')).toBe(expected);
    expect(asked[0]?.body).toMatchObject({
      msgtype: 'markdown',
      markdown: { title: 'PAGE raised · bank-a · 0x80071ab1 · KB5041578' },
    });
  });
});

describe('the pace', () => {
  it('lets so many through at once and holds the next back; told to stop, it stops', async () => {
    const pace = sendPace(2, 3_600_000);
    await pace(undefined);
    await pace(undefined);
    const stop = new AbortController();
    const third = pace(stop.signal);
    setTimeout(() => {
      stop.abort();
    }, 20);
    await expect(third).rejects.toThrow(/stopped/);
  });
});
