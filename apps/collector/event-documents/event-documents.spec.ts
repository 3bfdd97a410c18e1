import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeEvent } from '#domain/upcast-event.js';
import { startTestCollector } from '../../../test/harness/test-collector.js';
import type { TestCollector } from '../../../test/harness/test-collector.js';
import { bearerOf } from './bearer-of.js';

const provider = 'Microsoft-Windows-WindowsUpdateClient';
const title = '2024-09 Cumulative Update (KB5043050)';
let recordId = 0;

/** The body of an OpenTelemetry record of event 20, with a record id nobody has sent yet. */
const otelBody = (fields: Readonly<Record<string, unknown>> = {}) => ({
  channel: 'System',
  computer: 'PC-NAMED-1.example',
  event_id: { id: 20, qualifiers: 0 },
  provider: { name: provider },
  record_id: (recordId += 1),
  system_time: '2024-09-10T08:00:00.1239999Z',
  event_data: { data: [{ errorCode: '0x80070570' }, { updateTitle: title }] },
  ...fields,
});
const winlogbeat = (fields: Readonly<Record<string, unknown>> = {}) => ({
  '@timestamp': '2024-09-10T08:00:00.123Z',
  winlog: {
    provider_name: provider,
    event_id: '20',
    channel: 'System',
    record_id: (recordId += 1),
    computer_name: 'PC-NAMED-1.example',
    event_data: { errorCode: '0x80070570', updateTitle: title },
    ...fields,
  },
});

function anyValue(value: unknown): unknown {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'number') return { intValue: String(value) };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  const values = Object.entries(value as object).map(([key, member]) => ({ key, value: anyValue(member) }));
  return { kvlistValue: { values } };
}
const otlpJson = (...bodies: unknown[]) =>
  JSON.stringify({
    resourceLogs: [{ scopeLogs: [{ logRecords: bodies.map((body) => ({ body: anyValue(body) })) }] }],
  });

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
const field = (number: number, bytes: readonly number[]) => [
  number * 8 + 2,
  ...varint(bytes.length),
  ...bytes,
];
function protobufValue(value: unknown): number[] {
  if (typeof value === 'string') return field(1, [...Buffer.from(value)]);
  if (typeof value === 'number') return [3 * 8, ...varint(value)];
  if (Array.isArray(value))
    return field(
      5,
      value.flatMap((item) => field(1, protobufValue(item))),
    );
  const pairs = Object.entries(value as object).flatMap(([key, member]) =>
    field(1, [...field(1, [...Buffer.from(key)]), ...field(2, protobufValue(member))]),
  );
  return field(6, pairs);
}
const otlpProtobuf = (...bodies: unknown[]) =>
  Buffer.from(
    field(
      1,
      field(
        2,
        bodies.flatMap((body) => field(2, field(5, protobufValue(body)))),
      ),
    ),
  );

describe('event documents over HTTP', () => {
  let collector: TestCollector;
  let token: string;

  beforeAll(async () => {
    collector = await startTestCollector({ ROLLCALL_MAX_EVENTS_PER_REQUEST: '3' });
    token = await collector.createToken(['collect']);
  });
  afterAll(() => collector.close());

  async function call(
    method: string,
    path: string,
    { body, headers = {} }: { body?: string | Buffer; headers?: Record<string, string> } = {},
  ) {
    const response = await fetch(`${collector.url}${path}`, {
      method,
      ...(body !== undefined && { body }),
      headers: { authorization: `Bearer ${token}`, ...headers },
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const text = bytes.toString('utf8');
    const json = () => JSON.parse(text) as Record<string, unknown>;
    return { status: response.status, headers: response.headers, bytes, text, json };
  }
  const logs = (body: string | Buffer, type = 'application/json', headers = {}) =>
    call('POST', '/v1/logs', { body, headers: { 'content-type': type, ...headers } });
  const bulk = (lines: readonly unknown[], path = '/_bulk', headers = {}) =>
    call('POST', path, {
      body: lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''),
      headers: { 'content-type': 'application/json; charset=UTF-8', ...headers },
    });

  /** The natural record ids of everything in the log. */
  async function loggedRecords(): Promise<ReadonlyMap<number, Record<string, unknown>>> {
    const ends = await collector.log.endOffsets('patch.attempts');
    const found = new Map<number, Record<string, unknown>>();
    for (const partition of ends.keys()) {
      for (const { value } of await collector.log.readRange('patch.attempts', partition, 0, 100_000)) {
        const decoded = decodeEvent(value) as unknown as { event: Record<string, unknown> };
        const { naturalKey } = decoded.event as { naturalKey: { recordId: number } };
        found.set(naturalKey.recordId, decoded.event);
      }
    }
    return found;
  }

  it('OTLP in JSON and in protobuf, with gzip: the same event, durable when answered, without a name', async () => {
    const inJson = otelBody();
    const inProtobuf = otelBody();
    const first = await logs(otlpJson(inJson));
    expect([first.status, first.headers.get('content-type'), first.json()]).toEqual([
      200,
      'application/json',
      {},
    ]);
    const second = await logs(gzipSync(otlpProtobuf(inProtobuf)), 'application/x-protobuf', {
      'content-encoding': 'gzip',
    });
    expect([second.status, second.headers.get('content-type'), second.bytes.length]).toEqual([
      200,
      'application/x-protobuf',
      0,
    ]);
    const logged = await loggedRecords();
    const event = logged.get(inJson.record_id);
    expect(event).toMatchObject({
      outcome: 'failed',
      hresult: '0x80070570',
      targetKb: 'KB5043050',
      bank: 'alpha',
    });
    expect(logged.get(inProtobuf.record_id)).toMatchObject({
      deviceKey: event?.['deviceKey'],
      hresult: '0x80070570',
    });
    expect(JSON.stringify([...logged.values()])).not.toMatch(/named/i);
  });

  it('takes more records than one batch of the log holds, and tells which it could not take', async () => {
    const good = Array.from({ length: 7 }, () => otelBody());
    const bodies: unknown[] = [
      ...good,
      otelBody({ provider: { name: 'Service Control Manager' } }),
      { hello: 'world' },
    ];
    const answer = await logs(otlpJson(...bodies));
    expect(answer.json()).toEqual({
      partialSuccess: {
        rejectedLogRecords: '1',
        errorMessage: expect.stringContaining('no Windows event') as unknown,
      },
    });
    const logged = await loggedRecords();
    for (const { record_id } of good) expect(logged.has(record_id)).toBe(true);
    const refused = await logs(otlpProtobuf({ hello: 'world' }), 'application/x-protobuf');
    expect(refused.bytes.subarray(0, 4)).toEqual(Buffer.from([0x0a, refused.bytes.length - 2, 0x08, 1]));
    expect(refused.text).toContain('no Windows event');
  });

  it('refuses what is no export, with no token, or in another form', async () => {
    expect((await logs('{"resourceLogs": 1}')).status).toBe(400);
    expect((await logs('{"resourceLogs"')).json()).toMatchObject({ status: 400, code: 'broken_otlp' });
    expect((await logs(Buffer.from([0x0a, 0xff]), 'application/x-protobuf')).status).toBe(400);
    expect((await logs('x', 'text/plain')).status).toBe(415);
    expect((await logs(otlpJson(otelBody()), 'application/json', { authorization: '' })).status).toBe(401);
    expect((await logs('{}')).status).toBe(200);
  });

  it('Winlogbeat: handshake and set-up as with Elasticsearch', async () => {
    const hello = await call('GET', '/');
    expect(hello.headers.get('x-elastic-product')).toBe('Elasticsearch');
    expect(hello.json()).toMatchObject({ version: { number: expect.stringMatching(/^8\./) as unknown } });
    expect((await call('GET', '/_license')).json()).toMatchObject({
      license: { status: 'active', type: 'basic' },
    });
    expect((await call('HEAD', '/_index_template/winlogbeat-8.19.0')).status).toBe(200);
    expect((await call('PUT', '/_ilm/policy/winlogbeat')).json()).toEqual({ acknowledged: true });
    const asKey = `ApiKey ${Buffer.from(`id:${token}`).toString('base64')}`;
    expect((await call('GET', '/', { headers: { authorization: asKey } })).status).toBe(200);
    expect((await call('GET', '/', { headers: { authorization: 'ApiKey eA==' } })).status).toBe(401);
    expect(bearerOf(`Basic ${Buffer.from('rollcall:rc_1').toString('base64')}`)).toBe('Bearer rc_1');
    expect(bearerOf(undefined)).toBeUndefined();
  });

  it('_bulk: one result an action, in order; a document that is no event costs no other', async () => {
    const create = { create: { _index: 'winlogbeat-8' } };
    const [first, other, last] = [winlogbeat(), winlogbeat({ provider_name: 'Other' }), winlogbeat()];
    const answer = await bulk([
      create,
      first,
      create,
      '{"cut": ',
      create,
      { a: 1 },
      create,
      other,
      { delete: { _index: 'x' } },
      { index: {} },
      last,
    ]);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-elastic-product')).toBe('Elasticsearch');
    const { errors, items } = answer.json() as {
      errors: boolean;
      items: Record<string, { status: number; _index: string }>[];
    };
    expect(errors).toBe(true);
    expect(
      items.map((item) => Object.entries(item)[0]).map((entry) => [entry?.[0], entry?.[1].status]),
    ).toEqual([
      ['create', 201],
      ['create', 400],
      ['create', 400],
      ['create', 201],
      ['delete', 400],
      ['index', 201],
    ]);
    expect(items[0]?.['create']?._index).toBe('winlogbeat-8');
    const logged = await loggedRecords();
    expect([first, other, last].map(({ winlog }) => logged.has(winlog.record_id))).toEqual([
      true,
      false,
      true,
    ]);
    const again = (await bulk([create, first], '/winlogbeat-8/_bulk')).json();
    expect(again).toMatchObject({ errors: false, items: [{ create: { status: 201 } }] });
  });

  it('ReportEventBatch: mirrored by a proxy, answered as WSUS does', async () => {
    const soap = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><ReportEventBatch xmlns="http://www.microsoft.com/SoftwareDistribution"><eventBatch><ReportingEvent><BasicData><TargetID><Sid>11112222-3333-4444-5555-666677778888</Sid></TargetID><TimeAtTarget>2018-11-12T06:42:17.718</TimeAtTarget><EventInstanceID>abfdd395-0000-4000-8000-000000000001</EventInstanceID><NamespaceID>1</NamespaceID><EventID>182</EventID><UpdateID><UpdateID>7d0b35dc-1111-4111-8111-111111111111</UpdateID><RevisionNumber>200</RevisionNumber></UpdateID><Win32HResult>-2145116138</Win32HResult></BasicData></ReportingEvent></eventBatch></ReportEventBatch></s:Body></s:Envelope>`;
    const path = '/ReportingWebService/ReportingWebService.asmx';
    const answer = await call('POST', path, {
      body: soap,
      headers: { 'content-type': 'text/xml; charset=utf-8' },
    });
    expect([answer.status, answer.text]).toEqual([
      200,
      expect.stringContaining('<ReportEventBatchResult>true<'),
    ]);
    const ends = await collector.log.endOffsets('patch.attempts');
    const all = await Promise.all(
      [...ends.keys()].map((partition) => collector.log.readRange('patch.attempts', partition, 0, 100_000)),
    );
    const texts = all.flat().map(({ value }) => value.toString());
    expect(
      texts.filter((text) => text.includes('"source":"wsus"') && text.includes('0x80242016')),
    ).toHaveLength(1);
    expect((await call('POST', path, { body: '<a/>' })).json()).toMatchObject({ code: 'broken_soap' });
  });
});
