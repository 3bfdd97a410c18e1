import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { decodeRemedy } from '#domain/remedies/decode-remedy.js';
import { startTestCollector } from '../../../test/harness/test-collector.js';
import type { TestCollector } from '../../../test/harness/test-collector.js';

const applied = {
  eventType: 'RemediationApplied',
  deviceName: 'PC-NAMED-1.example',
  remedyId: 'reset_transaction_log',
  targetKb: 'KB5041578',
  appliedAt: '2024-09-10T14:15:00+08:00',
};
const outcome = {
  eventType: 'RemediationOutcome',
  deviceName: 'pc-named-1',
  remedyId: 'reset_transaction_log',
  targetKb: 'KB5041578',
  observedAt: '2024-09-11T06:15:00.000Z',
  fixed: true,
};

let collector: TestCollector;
let token: string;
beforeAll(async () => {
  collector = await startTestCollector();
  token = await collector.createToken(['collect']);
});
afterAll(() => collector.close());

async function post(rows: readonly object[], bearer = token) {
  const response = await fetch(`${collector.url}/v1/attempts`, {
    method: 'POST',
    body: JSON.stringify(rows),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}` },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function inLog() {
  const ends = await collector.log.endOffsets('patch.remedies');
  const records = await Promise.all(
    ends.map((end, partition) => collector.log.readRange('patch.remedies', partition, 0, end)),
  );
  return records.flat();
}

describe('remedies posted to the collector', () => {
  it('go to their own topic under one device, without its name; the same again has the same id', async () => {
    expect(await post([applied, outcome])).toEqual({ status: 202, body: { accepted: 2, rejected: [] } });
    await post([{ ...applied, deviceName: 'PC-NAMED-1', appliedAt: '2024-09-10T06:15:00.000Z' }]);
    const records = await inLog();
    expect(records).toHaveLength(3);
    const events = records.map(({ value }) => decodeRemedy(value));
    expect(events.map(({ kind }) => kind)).toEqual(['event', 'event', 'event']);
    const told = events.flatMap((decoded) => (decoded.kind === 'event' ? [decoded.event] : []));
    expect(new Set(told.map(({ deviceKey }) => deviceKey)).size).toBe(1);
    expect(new Set(told.map(({ eventId }) => eventId)).size).toBe(2);
    expect(told[0]).toMatchObject({
      bank: 'alpha',
      appliedAt: '2024-09-10T06:15:00.000Z',
      targetKb: 'KB5041578',
    });
    expect(records.map(({ value }) => value.toString()).join()).not.toMatch(/named/i);
  });

  it.each([
    [{ ...applied, deviceName: undefined }, 'deviceKey', 'missing_field'],
    [{ ...applied, remedyId: 'Format C:' }, 'remedyId', 'invalid_value'],
    [{ ...applied, targetKb: undefined }, 'targetKb', 'missing_field'],
    [{ ...applied, appliedAt: 'yesterday' }, 'appliedAt', 'invalid_value'],
    [{ ...outcome, fixed: 'yes' }, 'fixed', 'invalid_type'],
  ])('refuses %j', async (row, path, code) => {
    const before = (await inLog()).length;
    expect(await post([row])).toMatchObject({ status: 422, body: { rejected: [{ path, code }] } });
    expect(await inLog()).toHaveLength(before);
  });

  it('takes nothing for another bank, nor from who may only read', async () => {
    expect((await post([applied, { ...applied, bank: 'beta' }])).status).toBe(403);
    expect((await post([applied], await collector.createToken(['read']))).status).toBe(403);
  });

  it('keeps what it does not know aside, names withheld', async () => {
    await post([{ ...applied, appliedAt: '2024-10-01T00:00:00.000Z', ticket: 'x1', userName: 'somebody' }]);
    const last = (await inLog()).map(({ value }) => value.toString()).find((text) => text.includes('x1'));
    expect(JSON.parse(last ?? '{}')).toMatchObject({ extra: { ticket: 'x1', userName: '(withheld)' } });
  });

  it('publishes a schema that takes the same', async () => {
    const answer = await fetch(`${collector.url}/v1/schema/remedy.json`);
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(
      (await answer.json()) as object,
    );
    const taken = [applied, outcome, { ...applied, ticket: 1 }];
    const refused = [
      { ...applied, targetKb: 'x' },
      { ...outcome, fixed: 1 },
      { ...applied, deviceName: '' },
    ];
    expect(taken.map((row) => validate(row))).toEqual([true, true, true]);
    expect(refused.map((row) => validate(row))).toEqual([false, false, false]);
  });
});
