import { request as httpRequest } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { startTestCollector } from '../../test/harness/test-collector.js';
import type { TestCollector } from '../../test/harness/test-collector.js';

const row = {
  deviceKey: 'd-1',
  targetKb: 'KB5041578',
  outcome: 'failed',
  occurredAt: '2024-09-10T06:15:00.000Z',
};

/** A request whose body is sent up to its middle; `finish` sends the rest. */
async function startSlowRequest(collector: TestCollector, token: string) {
  const body = `${JSON.stringify(row)}\n`;
  const request = httpRequest(`${collector.url}/v1/attempts`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/x-ndjson',
      'content-length': String(body.length),
    },
  });
  const answered = new Promise<number | undefined>((resolve, reject) => {
    request.on('response', (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('error', reject);
  });
  request.write(body.slice(0, 20));
  while (!(await inFlight(collector))) await delay(10);
  return {
    finish: async () => {
      request.end(body.slice(20));
      return answered;
    },
  };
}

async function inFlight(collector: TestCollector): Promise<boolean> {
  const metrics = await (await fetch(`${collector.url}/metrics`)).text();
  return /in_flight_bytes\{[^}]*\} [1-9]/.test(metrics);
}

const post = (collector: TestCollector, token: string) =>
  fetch(`${collector.url}/v1/attempts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(row),
  });

describe('stopping', () => {
  it('finishes what is in, tells who comes now to come again, then closes the port', async () => {
    const collector = await startTestCollector();
    const token = await collector.createToken(['collect']);
    const slow = await startSlowRequest(collector, token);
    const closed = collector.close();
    await delay(50);
    const late = await post(collector, token);
    expect([late.status, ((await late.json()) as { code: string }).code]).toEqual([503, 'draining']);
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await fetch(`${collector.url}/readyz`)).status).toBe(503);
    expect(await slow.finish()).toBe(202);
    await closed;
    await expect(post(collector, token)).rejects.toThrow();
  });
});

describe('limits', () => {
  it('answers 503 when too many requests are in, and takes more when they are done', async () => {
    const collector = await startTestCollector({ ROLLCALL_MAX_IN_FLIGHT_REQUESTS: '1' });
    const token = await collector.createToken(['collect']);
    const slow = await startSlowRequest(collector, token);
    const refused = await post(collector, token);
    expect([refused.status, refused.headers.has('retry-after')]).toEqual([503, true]);
    expect(await slow.finish()).toBe(202);
    expect((await post(collector, token)).status).toBe(202);
    await collector.close();
  });

  it('answers 503 when the disk is nearly full, and is not ready then', async () => {
    const collector = await startTestCollector({
      ROLLCALL_MIN_FREE_BYTES: String(Number.MAX_SAFE_INTEGER),
    }).catch((error: unknown) => error);
    // The log itself keeps the same floor, so not even the banks of the test can be added.
    expect(String(collector)).toMatch(/LogUnavailableError/);
  });

  it('answers 429 over the quota of a bank', async () => {
    const collector = await startTestCollector({ ROLLCALL_BANK_ROWS_PER_SECOND: '1' });
    const token = await collector.createToken(['collect']);
    const batch = `${JSON.stringify(row)}\n`.repeat(60);
    const send = () =>
      fetch(`${collector.url}/v1/attempts`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
        body: batch,
      });
    expect((await send()).status).toBe(202);
    const refused = await send();
    expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true]);
    await collector.close();
  });
});
