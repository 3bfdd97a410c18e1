import { createHash, randomBytes } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeEvent } from '#domain/upcast-event.js';
import type { Topic } from '#domain/topics.js';
import { appendAdminEvent } from '#event-log/admin-reader.js';
import type { EventLog, LogRecord } from '#event-log/event-log.js';
import { addBankKey } from '#runtime/bank-keys.js';
import { startTestCollector } from '../../test/harness/test-collector.js';
import type { TestCollector } from '../../test/harness/test-collector.js';

const report = {
  deviceName: 'PC-NAMED-1.example',
  source: 'servicing',
  targetKb: 'KB5041578',
  outcome: 'failed',
  occurredAt: '2024-09-10T06:15:00.000Z',
  hresult: '0x80070002',
};
const at = '2024-01-01T00:00:00.000Z';

let directory: string;
let collector: TestCollector;
let log: EventLog;
let url: string;
let sequence = 0;

/** A report nobody has sent yet. */
const fresh = (fields: object = {}) => ({ ...report, sourceEventId: `e-${(sequence += 1)}`, ...fields });
const ndjson = (...rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

interface Posted {
  readonly type?: string;
  readonly encoding?: string;
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
}

let collectToken: string;

async function post(
  body: string | Buffer,
  { type = 'application/x-ndjson', encoding, token, headers, query = '' }: Posted = {},
) {
  const bearer = token === undefined ? collectToken : token;
  const response = await fetch(`${url}/v1/attempts${query}`, {
    method: 'POST',
    body,
    headers: {
      'content-type': type,
      ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
      ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
      ...headers,
    },
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: JSON.parse(text) as {
      accepted?: number;
      rejected?: { index: number; path: string; code: string; message: string }[];
      status?: number;
      code?: string;
      detail?: string;
    },
  };
}

const rejectedCodes = (answer: Awaited<ReturnType<typeof post>>) =>
  answer.body.rejected?.map(({ index, path, code }) => [index, path, code]);

async function recordsOf(topic: Topic): Promise<readonly LogRecord[]> {
  const ends = await log.endOffsets(topic);
  const perPartition = await Promise.all(
    ends.map((_end, partition) => log.readRange(topic, partition, 0, 100_000)),
  );
  return perPartition.flat();
}

async function eventsOf(topic: Topic) {
  return (await recordsOf(topic)).map(({ value }) => {
    const decoded = decodeEvent(value);
    if (decoded.kind !== 'event') throw new Error(decoded.detail);
    return decoded.event;
  });
}

/** The promise behind every hostile request: the next good one is taken and durable. */
async function expectStillWorking(): Promise<void> {
  const row = fresh();
  expect((await post(ndjson(row))).body).toEqual({ accepted: 1, rejected: [] });
  const ids = (await eventsOf('patch.attempts')).map(({ sourceEventId }) => sourceEventId);
  expect(ids).toContain(row.sourceEventId);
}

beforeAll(async () => {
  collector = await startTestCollector({ ROLLCALL_MAX_EVENTS_PER_REQUEST: '1000' });
  ({ log, url, directory } = collector);
  collectToken = await collector.createToken(['collect']);
});

afterAll(() => collector.close());

describe('what is taken', () => {
  it('takes NDJSON, an array and one object; a 202 means the log holds it', async () => {
    const rows = [fresh(), fresh(), fresh(), fresh()];
    expect((await post(ndjson(rows[0], rows[1]))).body).toEqual({ accepted: 2, rejected: [] });
    expect((await post(JSON.stringify([rows[2]]), { type: 'application/json' })).body.accepted).toBe(1);
    const last = await post(JSON.stringify(rows[3]), { type: 'application/json; charset=utf-8' });
    expect([last.status, last.body.accepted]).toEqual([202, 1]);
    const ids = (await eventsOf('patch.attempts')).map(({ sourceEventId }) => sourceEventId);
    for (const row of rows) expect(ids).toContain(row.sourceEventId);
  });

  it('takes gzip and zstd', async () => {
    const text = ndjson(fresh(), fresh());
    expect((await post(gzipSync(text), { encoding: 'gzip' })).body.accepted).toBe(2);
    expect((await post(zstdRaw(Buffer.from(text)), { encoding: 'zstd' })).body.accepted).toBe(2);
  });

  it('puts inventories into their own topic', async () => {
    const inventory = {
      eventType: 'patch.device_inventory',
      deviceKey: 'd-1',
      takenAt: at,
      osBuild: '19045.4780',
    };
    expect((await post(ndjson(inventory))).body.accepted).toBe(1);
    expect(await eventsOf('patch.inventory')).toMatchObject([
      { deviceKey: 'd-1', osBuild: '19045.4780', bank: 'alpha' },
    ]);
  });

  it('takes an empty batch, blank lines, BOM and CRLF', async () => {
    expect((await post('')).body).toEqual({ accepted: 0, rejected: [] });
    expect((await post('[ ]', { type: 'application/json' })).body).toEqual({ accepted: 0, rejected: [] });
    const text = `\ufeff\r\n${JSON.stringify(fresh())}\r\n\r\n   \r\n{"broken":\r\n${JSON.stringify(fresh())}`;
    const answer = await post(text);
    expect(answer.body.accepted).toBe(2);
    expect(rejectedCodes(answer)).toEqual([[4, '', 'not_json']]);
  });

  it('keeps no name in the log, and stamps bank and arrival itself', async () => {
    await post(
      ndjson(
        fresh({
          receivedAt: at,
          hostName: 'PC-NAMED-2',
          deviceAliases: [{ kind: 'smbios', value: 'ABC-NAMED' }],
        }),
      ),
    );
    const records = await recordsOf('patch.attempts');
    expect(records.map(({ value }) => value.toString().toLowerCase()).join()).not.toMatch(/named/);
    const event = (await eventsOf('patch.attempts')).at(-1);
    expect(event?.deviceKey).toMatch(/^d-[a-z2-7]{20}$/);
    expect(event?.receivedAt).not.toBe(at);
    expect(records.every(({ key }) => key.startsWith('alpha/d-'))).toBe(true);
  });

  it('lets only a simulation say when its reports arrived', async () => {
    const token = await collector.createToken(['simulate']);
    const row = fresh({ receivedAt: at });
    expect((await post(ndjson(row), { token })).status).toBe(202);
    const stored = (await eventsOf('patch.attempts')).find(
      ({ sourceEventId }) => sourceEventId === row.sourceEventId,
    );
    expect(stored?.receivedAt).toBe(at);
  });

  it('takes unknown fields and words, and the dates 1601 and 9999', async () => {
    const row = fresh({ occurredAt: '1601-01-01T00:00:00Z', attemptNo: 2, stage: 'nowhere' });
    expect((await post(ndjson(row, fresh({ occurredAt: '9999-12-31T23:59:59Z' })))).body.accepted).toBe(2);
    const stored = (await eventsOf('patch.attempts')).find(
      ({ sourceEventId }) => sourceEventId === row.sourceEventId,
    );
    expect(stored).toMatchObject({ stage: 'unknown', extra: { attemptNo: 2, stage: 'nowhere' } });
  });

  it('keeps free texts scrubbed, and drops what of an excerpt is beyond 4 KB instead of refusing it', async () => {
    const row = fresh({
      excerpt: [
        'pc-named-1: C:\\Users\\zhang\\a denied',
        ...Array.from({ length: 100 }, () => 'x'.repeat(5_000)),
      ],
      failingObject: { type: 'file', name: 'a.dll', path: 'C:\\Users\\zhang\\a.dll' },
      note: 'seen on PC-NAMED-1',
    });
    expect((await post(ndjson(row))).body).toEqual({ accepted: 1, rejected: [] });
    const stored = (await eventsOf('patch.attempts')).find(
      ({ sourceEventId }) => sourceEventId === row.sourceEventId,
    );
    expect(stored).toMatchObject({
      excerpt: ['<host>: C:\\Users\\<user>\\a denied'],
      failingObject: { type: 'file', name: 'a.dll', path: 'C:\\Users\\<user>\\a.dll' },
      extra: { note: 'seen on <host>' },
    });
  });

  it('takes null in optional fields as PowerShell writes it, and gives such a report the id of its short form', async () => {
    const row = { ...report, occurredAt: '2024-09-11T01:02:03.000Z', updateTitle: 'as PowerShell writes it' };
    const nulls = {
      ...row,
      bank: '',
      deviceKey: null,
      innerErrors: null,
      failingObject: null,
      stage: '',
      tags: { a: null },
    };
    expect((await post(ndjson(row, nulls))).body).toEqual({ accepted: 2, rejected: [] });
    const stored = (await eventsOf('patch.attempts')).filter(
      (event) => 'updateTitle' in event && event.updateTitle === row.updateTitle,
    );
    const [first, second] = stored;
    expect(stored).toHaveLength(2);
    expect(second?.eventId).toBe(first?.eventId);
    expect(second).not.toHaveProperty('innerErrors');
  });
});

describe('who may send', () => {
  it('answers 401 without a token, with an unknown, an expired and a revoked one', async () => {
    const expired = await collector.createToken(['collect'], { expiresAt: '2024-01-02T00:00:00.000Z' });
    const revoked = await collector.createToken(['collect']);
    expect((await post('', { token: revoked })).status).toBe(202);
    const tokenId = createHash('sha256').update(revoked).digest('hex').slice(0, 8);
    await appendAdminEvent(log, { type: 'TokenRevoked', at, tokenId });
    for (const token of [null, 'rc_unknown', expired, revoked]) {
      const answer = await post(ndjson(fresh()), { token });
      expect([answer.status, answer.headers.get('content-type')]).toEqual([401, 'application/problem+json']);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
    await expectStillWorking();
  });

  it('answers 403 without the scope, and when any row names another bank; then nothing is taken', async () => {
    expect((await post('', { token: await collector.createToken(['read']) })).body.code).toBe(
      'missing_scope',
    );
    const row = fresh();
    const foreign = await post(ndjson(row, fresh({ bank: 'beta' })));
    expect([foreign.status, foreign.body.code]).toEqual([403, 'foreign_bank']);
    const ids = (await eventsOf('patch.attempts')).map(({ sourceEventId }) => sourceEventId);
    expect(ids).not.toContain(row.sourceEventId);
    expect((await post(ndjson(fresh({ bank: 'alpha' })))).body.accepted).toBe(1);
  });

  it('makes the operator’s own token say for which bank it speaks', async () => {
    const token = await collector.createToken(['collect'], { bank: '*' });
    expect((await post(ndjson(fresh()), { token })).status).toBe(403);
    expect((await post(ndjson(fresh()), { token, query: '?bank=alpha' })).status).toBe(202);
    expect((await post(ndjson(fresh()), { token, query: '?bank=gamma' })).body.code).toBe('unknown_bank');
    expect((await post(ndjson(fresh()), { query: '?bank=beta' })).status).toBe(403);
  });

  it('answers 503 while a bank has no key, and takes its reports once it has', async () => {
    const token = await collector.createToken(['collect'], { bank: 'beta' });
    const answer = await post(ndjson(fresh()), { token });
    expect([answer.status, answer.body.code]).toEqual([503, 'no_bank_key']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    addBankKey(join(directory, 'keys.json'), 'beta');
    expect((await post(ndjson(fresh()), { token })).status).toBe(202);
  });
});

describe('bad input', () => {
  it.each([
    ['garbage bytes as gzip', randomBytes(2_000), { encoding: 'gzip' }, 400, 'broken_compression'],
    ['garbage bytes as zstd', randomBytes(2_000), { encoding: 'zstd' }, 400, 'broken_compression'],
    [
      'garbage bytes as JSON',
      Buffer.from([0xff, 0xfe, 0x7b]),
      { type: 'application/json' },
      400,
      'broken_json',
    ],
    [
      'truncated gzip',
      gzipSync(ndjson(report)).subarray(0, -12),
      { encoding: 'gzip' },
      400,
      'broken_compression',
    ],
    [
      'truncated zstd',
      zstdRaw(Buffer.from(ndjson(report))).subarray(0, -5),
      { encoding: 'zstd' },
      400,
      'broken_compression',
    ],
    [
      'a decompression bomb (gzip)',
      gzipSync(Buffer.alloc(64 * 1024 * 1024)),
      { encoding: 'gzip' },
      413,
      'too_large',
    ],
    ['a decompression bomb (zstd)', zstdBomb(64 * 1024 * 1024), { encoding: 'zstd' }, 413, 'too_large'],
    ['a zstd header that asks for 2 GB', zstdHugeWindow(), { encoding: 'zstd' }, 413, 'too_large'],
    ['a body over the cap', Buffer.alloc(9 * 1024 * 1024, ' '), {}, 413, 'too_large'],
    ['too many rows', '{}\n'.repeat(1_001), {}, 413, 'too_many_rows'],
    ['a broken array', '[{"a":1},{"b"]', { type: 'application/json' }, 400, 'broken_json'],
    ['an unclosed array', `[${JSON.stringify(report)}`, { type: 'application/json' }, 400, 'broken_json'],
    [
      'an array with a trailing comma',
      `[${JSON.stringify(report)},]`,
      { type: 'application/json' },
      400,
      'broken_json',
    ],
    ['text after the array', '[]{}', { type: 'application/json' }, 400, 'broken_json'],
    ['an empty JSON body', '', { type: 'application/json' }, 400, 'broken_json'],
    ['a JSON number', '7', { type: 'application/json' }, 400, 'broken_json'],
    [
      'an unknown content type',
      'a=b',
      { type: 'application/x-www-form-urlencoded' },
      415,
      'unknown_media_type',
    ],
    ['an unknown encoding', 'x', { encoding: 'br' }, 415, 'unknown_encoding'],
    ['a silly idempotency key', '', { headers: { 'idempotency-key': 'a b' } }, 400, 'bad_idempotency_key'],
  ] as const)(
    'answers %s as a problem, takes nothing, stays up',
    async (_name, body, posted, status, code) => {
      const answer = await post(body, posted);
      expect([answer.status, answer.body.code, answer.body.status]).toEqual([status, code, status]);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(answer.body.detail?.length).toBeGreaterThan(10);
      await expectStillWorking();
    },
  );

  it.each([
    ['a field of 10 MB', `{"updateTitle":"${'x'.repeat(10 * 1024 * 1024)}"}`, ['', 'too_large']],
    ['deep nesting', `{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`, ['', 'too_deep']],
    ['unbalanced deep nesting', '['.repeat(100_000), ['', 'too_deep']],
    ['garbage', '\u0000\u0001 no json', ['', 'not_json']],
    ['a text', '"text"', ['', 'not_an_object']],
    ['an array', '[1]', ['', 'not_an_object']],
    [
      'a duplicate key',
      '{"outcome":"failed","targetKb":"KB5041578","outcome":"succeeded"}',
      ['outcome', 'duplicate_key'],
    ],
    [
      'a duplicate key inside',
      '{"failingObject":{"name":"a","n\\u0061me":"b"}}',
      ['failingObject.name', 'duplicate_key'],
    ],
    ['a field called __proto__', '{"tags":{"__proto__":"x"}}', ['tags.__proto__', 'forbidden_key']],
    ['a lone surrogate', '{"updateTitle":"\\ud800 x"}', ['updateTitle', 'lone_surrogate']],
    ['a wrong type', JSON.stringify({ ...report, targetKb: 5041578 }), ['targetKb', 'invalid_type']],
    [
      'a missing device',
      JSON.stringify({ ...report, deviceName: undefined }),
      ['deviceKey', 'missing_field'],
    ],
    ['an unknown event', JSON.stringify({ ...report, eventType: 'x' }), ['eventType', 'unknown_event_type']],
  ])(
    'rejects a row with %s, saying where and why, and takes the rest of the batch',
    async (_name, row, [path, code]) => {
      const body = `${JSON.stringify(fresh())}\n${row}\n${JSON.stringify(fresh({ updateTitle: '\ud83d\ude00' }))}\n`;
      const answer = await post(gzipSync(body), { encoding: 'gzip' });
      expect([answer.status, answer.body.accepted]).toEqual([202, 2]);
      expect(rejectedCodes(answer)).toEqual([[1, path, code]]);
      expect(answer.body.rejected?.[0]?.message.length).toBeGreaterThan(5);
      const alone = await post(gzipSync(row), { encoding: 'gzip' });
      expect([alone.status, alone.body.accepted, rejectedCodes(alone)]).toEqual([422, 0, [[0, path, code]]]);
      await expectStillWorking();
    },
  );

  it('rejects lines that are not UTF-8 and takes the others', async () => {
    const bad = Buffer.concat([
      Buffer.from('{"updateTitle":"'),
      Buffer.from([0xc3, 0x28]),
      Buffer.from('"}\n'),
    ]);
    const good = Buffer.from(ndjson(fresh({ updateTitle: '累积更新 \ufffd' })));
    const answer = await post(Buffer.concat([good, bad, good]));
    expect(answer.body.accepted).toBe(2);
    expect(rejectedCodes(answer)).toEqual([[1, '', 'not_utf8']]);
  });

  it('survives a sender that breaks off in the middle of a body', async () => {
    for (let n = 0; n < 20; n += 1) {
      await new Promise<void>((resolve) => {
        const request = httpRequest(`${url}/v1/attempts`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${collectToken}`,
            'content-type': 'application/x-ndjson',
            'content-length': '1000000',
          },
        });
        request.on('error', () => {
          resolve();
        });
        request.write('{"outcome":', () => request.destroy());
        request.on('close', resolve);
      });
    }
    await expectStillWorking();
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/rollcall_collector_in_flight_bytes\{app="collector"\} 0/);
  });

  it('keeps rejected rows outside the log, and a scrubbed kilobyte in the dead letters', async () => {
    const row = { ...report, targetKb: 7, sourceEventId: 'kept-aside', updateTitle: 'y'.repeat(900) };
    await post(ndjson(row));
    const [day] = await readdir(join(directory, 'rejects', 'alpha'));
    const folder = join(directory, 'rejects', 'alpha', day ?? '');
    const files = await Promise.all(
      (await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')),
    );
    const line = files.find((content) => content.includes('kept-aside'));
    expect(JSON.parse(line ?? '')).toMatchObject({ index: 0, path: 'targetKb', text: JSON.stringify(row) });
    const letters = (await recordsOf('patch.dead-letters')).map(({ value }) => value.toString());
    expect(letters.join()).not.toMatch(/NAMED/i);
    const letter = JSON.parse(letters.find((text) => text.includes('kept-aside')) ?? '') as {
      excerpt: string;
    };
    expect(letter).toMatchObject({
      kind: 'rejected_request',
      bank: 'alpha',
      reason: 'invalid_type',
      rejected: 1,
    });
    expect(Buffer.byteLength(letter.excerpt)).toBeLessThanOrEqual(1024);
  });
});

describe('Idempotency-Key', () => {
  it('gives the same answer to the same body without taking it again, and 422 to another', async () => {
    const headers = { 'idempotency-key': 'batch-1' };
    const body = ndjson(fresh(), { ...report, targetKb: 7 });
    const first = await post(body, { headers });
    const before = (await recordsOf('patch.attempts')).length;
    const again = await post(gzipSync(body), { headers, encoding: 'gzip' });
    expect([again.status, again.body]).toEqual([first.status, first.body]);
    expect((await recordsOf('patch.attempts')).length).toBe(before);
    const other = await post(ndjson(fresh()), { headers });
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
    expect(other.headers.get('content-type')).toBe('application/problem+json');
  });
});

describe('the rest of the surface', () => {
  it('answers health, metrics and schemas', async () => {
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(
      /rollcall_reports_accepted_total\{.*bank="alpha"/,
    );
    const schema = (await (await fetch(`${url}/v1/schema/attempt.json`)).json()) as { properties: object };
    expect(schema.properties).toHaveProperty('outcome');
    expect((await fetch(`${url}/v1/schema/inventory.json`)).status).toBe(200);
    const missing = await fetch(`${url}/v2/none`);
    expect([missing.status, missing.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
  });
});

/** A zstd frame with raw blocks: what any encoder may write for data that does not shrink. */
function zstdRaw(data: Buffer): Buffer {
  return Buffer.concat([zstdFrameHeader(data.length), zstdBlock(0, data.length, true), data]);
}

/** A few bytes that unpack to `bytes` zeros. */
function zstdBomb(bytes: number): Buffer {
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38]); // window of 128 KiB, size not told
  const blocks = bytes / 131_072;
  const body = Array.from({ length: blocks }, (_, n) =>
    Buffer.concat([zstdBlock(1, 131_072, n === blocks - 1), Buffer.from([0])]),
  );
  return Buffer.concat([header, ...body]);
}

function zstdHugeWindow(): Buffer {
  return Buffer.concat([
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa0]),
    zstdBlock(0, 1, true),
    Buffer.from('x'),
  ]);
}

function zstdFrameHeader(size: number): Buffer {
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0]); // single segment, size in 4 bytes
  header.writeUInt32LE(size, 5);
  return header;
}

function zstdBlock(type: 0 | 1, size: number, last: boolean): Buffer {
  const header = Buffer.alloc(3);
  header.writeUIntLE((size << 3) | (type << 1) | (last ? 1 : 0), 0, 3);
  return header;
}
