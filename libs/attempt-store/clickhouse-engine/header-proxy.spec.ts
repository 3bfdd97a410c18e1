import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startHeaderProxy } from './header-proxy.js';
import type { HeaderProxy } from './header-proxy.js';

describe('the proxy while one engine takes the place of another', () => {
  let proxy: HeaderProxy;
  const asked: string[] = [];
  const engine = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end('answered');
  });
  let enginePort: number;
  beforeEach(async () => {
    asked.length = 0;
    await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve));
    enginePort = (engine.address() as AddressInfo).port;
    proxy = await startHeaderProxy({ host: '127.0.0.1', port: 0 });
  });
  afterEach(async () => {
    await proxy.close();
    engine.closeAllConnections();
    await new Promise((resolve) => engine.close(resolve));
  });

  const ask = async (name: string, signal?: AbortSignal) => {
    const address = `http://127.0.0.1:${proxy.port}/?${name}`;
    const response = await fetch(address, { method: 'POST', body: 'SELECT 1', signal: signal ?? null });
    return `${response.status} ${await response.text()}`;
  };

  it('keeps requests and hands them to the next one, but for those whose client has gone', async () => {
    proxy.direct(enginePort);
    proxy.hold();
    const impatient = new AbortController();
    const answers = [ask('first'), ask('second')];
    const gone = ask('gone', impatient.signal).catch((error: unknown) => (error as Error).name);
    await sleep(100);
    impatient.abort();
    expect(await gone).toBe('AbortError');
    await sleep(100);
    expect(asked).toEqual([]);
    proxy.direct(enginePort);
    expect(await Promise.all(answers)).toEqual(['200 answered', '200 answered']);
    expect(asked.toSorted()).toEqual(['/?first', '/?second']);
  });

  it('answers 503 to those it kept when there will be no next one', async () => {
    proxy.hold();
    const answer = ask('kept');
    await sleep(100);
    proxy.direct(null);
    expect(await answer).toMatch(/^503 Code: 210\./);
  });

  it('lets nobody wait for ever when it is closed', async () => {
    proxy.hold();
    const answer = ask('kept').catch(() => 'ended');
    await sleep(100);
    await proxy.close();
    expect(['ended', expect.stringMatching(/^503/)]).toContainEqual(await answer);
    proxy = await startHeaderProxy({ host: '127.0.0.1', port: 0 });
  });
});

describe('the proxy before an engine that is killed while it answers', () => {
  let proxy: HeaderProxy;
  let writeThenDie: (response: ServerResponse) => void;
  const engine = createServer((_request, response) => {
    writeThenDie(response);
    setTimeout(() => response.socket?.resetAndDestroy(), 50);
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve));
    proxy = await startHeaderProxy({ host: '127.0.0.1', port: 0 });
    proxy.direct((engine.address() as AddressInfo).port);
  });
  afterAll(async () => {
    await proxy.close();
    engine.closeAllConnections();
    await new Promise((resolve) => engine.close(resolve));
  });

  const ask = () => fetch(`http://127.0.0.1:${proxy.port}/`, { method: 'POST', body: 'INSERT' });

  it('answers 503 when nothing but a header came', async () => {
    writeThenDie = (response) => {
      response.writeHead(200, { 'Transfer-Encoding': 'chunked' }).flushHeaders();
    };
    const response = await ask();
    expect(response.status).toBe(503);
    expect(await response.text()).toMatch(/^Code: 210\. .*ECONNRESET/);
  });

  it('breaks off after what came of the body', async () => {
    writeThenDie = (response) => response.writeHead(200, { 'X-Kept': 'yes' }).write('half');
    const response = await ask();
    expect(response.headers.get('x-kept')).toBe('yes');
    await expect(response.text()).rejects.toThrow('terminated');
  });
});
