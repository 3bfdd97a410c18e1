import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { TimedReport } from './attempt-reports.js';
import { sendReports } from './send-reports.js';

const HOUR_MS = 3_600_000;
let server: Server | null = null;

async function startCollector(
  answer: (rows: string[], request: IncomingMessage, response: ServerResponse) => void,
) {
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      answer(gunzipSync(Buffer.concat(parts)).toString('utf8').split('\n'), request, response);
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

afterEach(() => {
  server?.close();
  server?.closeAllConnections();
});

const report = (bank: string, receivedAtMs: number): TimedReport => ({
  bank,
  receivedAtMs,
  report: {
    eventType: 'patch.device_inventory',
    deviceKey: 'd-1',
    takenAt: new Date(receivedAtMs).toISOString(),
  },
});

describe('sendReports', () => {
  it('sends each bank its own rows, day after day, under the bank’s token', async () => {
    const seen: { token: string | undefined; rows: number; day: number }[] = [];
    const url = await startCollector((rows, request, response) => {
      const { takenAt } = JSON.parse(rows[0] ?? '{}') as { takenAt: string };
      seen.push({
        token: request.headers.authorization,
        rows: rows.length,
        day: Math.floor(Date.parse(takenAt) / (24 * HOUR_MS)),
      });
      response.writeHead(202).end(JSON.stringify({ accepted: rows.length, rejected: [] }));
    });
    const reports = [0, 1, 2, 30, 31, 60].flatMap((hour) => [
      report('a', hour * HOUR_MS),
      report('b', hour * HOUR_MS),
    ]);
    const tokens = new Map([
      ['a', 'rc_a'],
      ['b', 'rc_b'],
    ]);
    expect(await sendReports(reports, { url, tokens })).toEqual({
      sent: 12,
      accepted: 12,
      rejected: 0,
      reasons: [],
    });
    expect(seen.filter(({ token }) => token === 'Bearer rc_a').reduce((sum, { rows }) => sum + rows, 0)).toBe(
      6,
    );
    expect(seen.map(({ day }) => day)).toEqual(
      seen.map(({ day }) => day).toSorted((left, right) => left - right),
    );
  });

  it('tries again when the collector is busy, and names what was rejected', async () => {
    let calls = 0;
    const keys = new Set<unknown>();
    const url = await startCollector((_rows, request, response) => {
      calls += 1;
      keys.add(request.headers['idempotency-key']);
      if (calls === 1) return response.writeHead(503, { 'retry-after': '0' }).end();
      const rejected = [{ index: 0, path: 'deviceKey', code: 'missing', message: 'no device' }];
      return response.writeHead(422).end(JSON.stringify({ accepted: 0, rejected }));
    });
    const sent = await sendReports([report('a', 0)], { url, tokens: new Map([['a', 'rc_a']]) });
    expect(sent).toEqual({ sent: 1, accepted: 0, rejected: 1, reasons: ['deviceKey: missing no device'] });
    expect(keys.size).toBe(1);
  });

  it('ends with the collector’s words when the credential is refused', async () => {
    const url = await startCollector((_rows, _request, response) => {
      response.writeHead(401).end('no such token');
    });
    await expect(sendReports([report('a', 0)], { url, tokens: new Map([['a', 'x']]) })).rejects.toThrow(
      '401: no such token',
    );
  });
});
