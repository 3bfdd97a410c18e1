import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { buildEvent } from './build-event.js';
import { createPseudonyms } from './pseudonym.js';
import { UNREADABLE_REASONS } from './reasons.js';
import { decodeEvent, upcastEvent } from './upcast-event.js';
import type { Upcast } from './upcast-event.js';

const arrival = {
  bank: 'alpha',
  pseudonyms: createPseudonyms(Buffer.alloc(32, 1), false),
  receivedAt: '2024-09-10T07:00:00.000Z',
  honourReceivedAt: false,
  collector: { id: 'c-1', version: '0.1.0' },
};
const built = buildEvent(
  {
    deviceName: 'pc-1',
    deviceAliases: [{ kind: 'smbios', value: '42' }],
    targetKb: 'KB5041578',
    outcome: 'failed',
    occurredAt: '2024-09-10T06:15:00.000Z',
    innerErrors: [{ code: '0x00000005', kind: 'win32' }],
    failingObject: { type: 'file', name: 'a.dll' },
  },
  { attemptNo: 2 },
  arrival,
);
const event = JSON.parse(JSON.stringify(built)) as typeof built;
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

describe('decodeEvent', () => {
  it('reads back what buildEvent made', () => {
    expect(decodeEvent(bytes(event))).toEqual({ kind: 'event', event });
  });

  it.each([
    [Buffer.from([0x7b, 0xff, 0xfe]), 'not_utf8'],
    [Buffer.from(''), 'not_json'],
    [Buffer.from('{"a":'), 'not_json'],
    [bytes([event]), 'not_an_object'],
    [bytes(null), 'not_an_object'],
    [bytes({ ...event, eventType: 'patch.other' }), 'unknown_event_type'],
    [bytes({ ...event, eventType: undefined }), 'unknown_event_type'],
    [bytes({ ...event, schemaVersion: 99 }), 'unknown_version'],
    [bytes({ ...event, schemaVersion: '1' }), 'unknown_version'],
    [bytes({ ...event, schemaVersion: -1 }), 'unknown_version'],
    [bytes({ ...event, outcome: 'exploded' }), 'invalid_field'],
    [bytes({ ...event, receivedAt: 'yesterday' }), 'invalid_field'],
    [bytes({ ...event, innerErrors: [null] }), 'invalid_field'],
    [bytes({ ...event, excerpt: 'no list' }), 'invalid_field'],
    [bytes({ ...event, deviceKey: 7 }), 'invalid_field'],
  ])('answers %s with the reason %s', (value, reason) => {
    expect(decodeEvent(value)).toMatchObject({ kind: 'unreadable', reason });
  });

  it('never throws, whatever the bytes are', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (value) => {
          const decoded = decodeEvent(value);
          if (decoded.kind === 'unreadable') expect(UNREADABLE_REASONS).toContain(decoded.reason);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('never throws when any field holds any value', () => {
    const fields = fc.constantFrom(...Object.keys(event));
    fc.assert(
      fc.property(fields, fc.jsonValue(), (field, value) => {
        const decoded = decodeEvent(bytes({ ...event, [field]: value }));
        expect(['event', 'unreadable']).toContain(decoded.kind);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('upcasting', () => {
  // Version 0 never was; it stands for any older one: it called the outcome `result`.
  const { outcome, ...rest } = { outcome: 'failed', ...event };
  const versionZero = { ...rest, schemaVersion: 0, result: outcome };
  const fromZero: Upcast = ({ result, ...others }) => ({ ...others, outcome: result, schemaVersion: 1 });

  it('lifts an older message step by step before it is checked', () => {
    expect(upcastEvent(versionZero, new Map([[0, fromZero]]))).toEqual({ kind: 'event', event });
  });

  it('says so when a step is missing, fails, or leads to something malformed', () => {
    expect(upcastEvent(versionZero)).toMatchObject({ reason: 'unknown_version' });
    const failing: Upcast = () => {
      throw new Error('no result');
    };
    expect(upcastEvent(versionZero, new Map([[0, failing]]))).toMatchObject({ reason: 'invalid_field' });
    expect(upcastEvent(versionZero, new Map([[0, (message) => message]]))).toMatchObject({
      reason: 'invalid_field',
    });
  });
});
