import { describe, expect, it } from '@jest/globals';
import { normaliseReport } from './normalise-report.js';

const report = {
  deviceName: 'pc-1',
  targetKb: 'KB5041578',
  outcome: 'failed',
  occurredAt: '2024-09-10T06:15:00.000Z',
  hresult: '0x80070002',
};

describe('normaliseReport', () => {
  it('takes a good report as it is', () => {
    expect(normaliseReport(report)).toEqual({ ok: true, report, unknownFields: 0 });
  });

  it('puts times into UTC with milliseconds', () => {
    const result = normaliseReport({
      ...report,
      occurredAt: '2024-09-10T08:15:00.12345+02:00',
      startedAt: null,
    });
    expect(result).toMatchObject({
      ok: true,
      report: { occurredAt: '2024-09-10T06:15:00.123Z', startedAt: null },
    });
  });

  it('keeps the time of a natural key as written: a copy by another shipper carries the same text', () => {
    const naturalKey = {
      kind: 'event_log',
      channel: 'Setup',
      recordId: 1,
      timeCreated: '2024-09-10T08:15:00.1234567+02:00',
    };
    expect(normaliseReport({ ...report, naturalKey, other: 1 })).toMatchObject({
      ok: true,
      report: { naturalKey },
    });
  });

  it.each(['1601-01-01T00:00:00Z', '9999-12-31T23:59:59Z'])(
    'takes the date %s; it is judged later',
    (occurredAt) => {
      expect(normaliseReport({ ...report, occurredAt }).ok).toBe(true);
    },
  );

  it('sets unknown fields aside, at any depth, and counts them', () => {
    const result = normaliseReport({
      ...report,
      attemptNo: 3,
      failingObject: { type: 'file', name: 'a.dll', size: 7 },
      innerErrors: [{ code: '0x00000005', kind: 'win32', text: 'denied' }],
    });
    expect(result).toMatchObject({
      ok: true,
      unknownFields: 3,
      extra: { attemptNo: 3, 'failingObject.size': 7, 'innerErrors.0.text': 'denied' },
    });
    expect(result.ok && result.report).toEqual({
      ...report,
      failingObject: { type: 'file', name: 'a.dll' },
      innerErrors: [{ code: '0x00000005', kind: 'win32' }],
    });
  });

  it('turns a word outside a closed list into unknown and keeps the word', () => {
    expect(
      normaliseReport({
        ...report,
        outcome: 'exploded',
        innerErrors: [{ code: '0x00000005', kind: 'posix' }],
      }),
    ).toMatchObject({
      ok: true,
      report: { outcome: 'unknown', innerErrors: [{ kind: 'unknown' }] },
      extra: { outcome: 'exploded', 'innerErrors.0.kind': 'posix' },
    });
  });

  it('writes hexadecimal digits lower case and guesses nothing else about codes', () => {
    expect(normaliseReport({ ...report, hresult: '0X8007000D' })).toMatchObject({
      ok: true,
      report: { hresult: '0x8007000d' },
    });
    expect(normaliseReport({ ...report, hresult: '8007000D' })).toMatchObject({
      ok: false,
      issues: [{ path: 'hresult', code: 'invalid_value' }],
    });
    expect(normaliseReport({ ...report, hresult: -2147024894 })).toMatchObject({
      ok: false,
      issues: [{ path: 'hresult', code: 'invalid_type' }],
    });
  });

  it('takes null and empty texts in optional fields as not given', () => {
    const nulls = {
      ...report,
      eventType: null,
      deviceKey: '',
      updateRevision: null,
      failingObject: null,
      stage: '',
      startedAt: null,
      innerErrors: [{ code: '0x00000005', kind: 'win32', origin: null }],
      tags: { ring: null, site: '' },
    };
    expect(normaliseReport(nulls)).toEqual({
      ok: true,
      unknownFields: 0,
      report: {
        ...report,
        startedAt: null,
        innerErrors: [{ code: '0x00000005', kind: 'win32' }],
        tags: { site: '' },
      },
    });
    expect(normaliseReport({ ...nulls, deviceName: '' }).ok).toBe(false);
    expect(normaliseReport({ ...report, outcome: null })).toMatchObject({
      ok: false,
      issues: [{ path: 'outcome', code: 'invalid_type' }],
    });
  });

  it.each([
    [{ ...report, deviceName: undefined }, 'deviceKey', 'missing_field'],
    [{ ...report, targetKb: undefined }, 'targetKb', 'missing_field'],
    [{ ...report, occurredAt: null }, 'occurredAt', 'missing_field'],
    [{ ...report, outcome: undefined }, 'outcome', 'missing_field'],
    [{ ...report, outcome: 3 }, 'outcome', 'invalid_type'],
    [{ ...report, targetKb: '5041578' }, 'targetKb', 'invalid_value'],
    [{ ...report, occurredAt: '10.09.2024' }, 'occurredAt', 'invalid_value'],
    [{ ...report, innerErrors: [{ code: '0x00000005', kind: 5 }] }, 'innerErrors.0.kind', 'invalid_type'],
    [{ ...report, eventType: 'patch.other' }, 'eventType', 'unknown_event_type'],
    [[report], '', 'not_an_object'],
    [null, '', 'not_an_object'],
    ['text', '', 'not_an_object'],
  ])('names what is wrong with %j', (raw, path, code) => {
    const result = normaliseReport(JSON.parse(JSON.stringify(raw)));
    expect(result.ok ? [] : result.issues.map((issue) => [issue.path, issue.code])).toContainEqual([
      path,
      code,
    ]);
    if (!result.ok) expect(result.issues[0]?.message.length).toBeGreaterThan(5);
  });

  it('takes an inventory, with times in its packages put into UTC', () => {
    const result = normaliseReport({
      eventType: 'patch.device_inventory',
      deviceKey: 'd-1',
      takenAt: '2024-09-10T08:15:00+02:00',
      packages: [{ identity: 'P', state: 'Installed', installedAt: '2024-09-10T08:15:00+02:00' }],
      colour: 'red',
    });
    expect(result).toEqual({
      ok: true,
      unknownFields: 1,
      extra: { colour: 'red' },
      report: {
        eventType: 'patch.device_inventory',
        deviceKey: 'd-1',
        takenAt: '2024-09-10T06:15:00.000Z',
        packages: [{ identity: 'P', state: 'Installed', installedAt: '2024-09-10T06:15:00.000Z' }],
      },
    });
  });

  it('does not trip over fields called __proto__ or constructor', () => {
    const raw = JSON.parse(
      `{"__proto__":{"outcome":"failed"},"constructor":1,${JSON.stringify(report).slice(1)}`,
    ) as object;
    const result = normaliseReport(raw);
    expect(result).toMatchObject({ ok: true, unknownFields: 2 });
  });
});
