import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EVIDENCE_FIXTURES, fixtureBytes, readAll } from './evidence-fixtures.contract.js';
import { createReader, recogniseFormat } from './recognise.js';
import { attemptReportSchema, inventoryReportSchema } from '#domain/attempt-event.js';
import type { ReadingAccount, SourceFormat } from './reading-account.js';

const FORMATS: readonly SourceFormat[] = [
  'cbs_log',
  'dism_log',
  'windows_update_log',
  'windows_update_log_legacy',
  'evtx',
  'event_xml',
  'event_documents',
  'event_viewer_text',
  'event_table',
  'event_list',
  'package_list',
  'system_info',
  'hotfix_list',
  'report_events',
  'reporting_events',
  'wsus_listing',
];
/** `ROLLCALL_WILD_CASES=100000` for a long look. */
const CASES = Number(process.env['ROLLCALL_WILD_CASES'] ?? 5_000);
const TIME_MS = Math.max(60_000, CASES * 12);

function expectSound(bytes: Uint8Array, format: SourceFormat, size?: number): ReadingAccount {
  const { reports, inventories = [], account } = readAll(bytes, createReader(format), size);
  const aside = Object.values(account.setAside).reduce((sum, count) => sum + count, 0);
  expect(account.records).toBe(account.understood + aside + account.notUnderstood);
  expect(account.reports).toBe(reports.length);
  for (const { report } of reports) {
    const named = { deviceKey: 'test-device', packageIdentity: 'Package_for_Test', ...report };
    expect(attemptReportSchema.safeParse(named).error?.issues).toBeUndefined();
  }
  for (const { inventory } of inventories) {
    const whole = { deviceKey: 'test-device', ...inventory, takenAt: '2024-01-01T00:00:00.000Z' };
    expect(inventoryReportSchema.safeParse(whole).error?.issues).toBeUndefined();
  }
  return account;
}

const fixture = fc.constantFrom(...EVIDENCE_FIXTURES).map((name) => fixtureBytes(name));
const place = fc.double({ min: 0, max: 1, noNaN: true });
const insert = (bytes: Buffer, at: number, what: Uint8Array) => {
  const from = Math.floor(at * bytes.length);
  return Buffer.concat([bytes.subarray(0, from), what, bytes.subarray(from)]);
};

/** One piece of damage as logs meet it. */
const damage: fc.Arbitrary<(bytes: Buffer) => Buffer> = fc.oneof(
  place.map((at) => (bytes: Buffer) => bytes.subarray(0, Math.floor(at * bytes.length))),
  fc.tuple(place, fc.integer({ min: 0, max: 255 })).map(([at, value]) => (bytes: Buffer) => {
    const copy = Buffer.from(bytes);
    if (copy.length > 0) copy[Math.min(copy.length - 1, Math.floor(at * copy.length))] = value;
    return copy;
  }),
  fc.tuple(place, fixture).map(
    ([at, other]) =>
      (bytes: Buffer) =>
        insert(bytes, at, other),
  ),
  fc.tuple(place, fc.integer({ min: 1, max: 5_000 })).map(
    ([at, length]) =>
      (bytes: Buffer) =>
        insert(bytes, at, Buffer.alloc(length)),
  ),
  fc.tuple(place, fc.uint8Array({ maxLength: 300 })).map(
    ([at, noise]) =>
      (bytes: Buffer) =>
        insert(bytes, at, noise),
  ),
  fc
    .constantFrom('\r', '\n\n', '\ufeff', '[HRESULT = ', '<Event ', '\t\t', '{"', '"', '[[', 'KB', ': ', '~')
    .chain((text) => place.map((at) => (bytes: Buffer) => insert(bytes, at, Buffer.from(text)))),
  fc.constant((bytes: Buffer) => Buffer.from(bytes.toString('utf8').replaceAll('\n', '\r'))),
  fc.constant((bytes: Buffer) => Buffer.from(bytes.toString('utf8'), 'utf16le')),
);

describe('wild input', () => {
  it(
    'damaged logs never break a reader, and the account adds up',
    () => {
      fc.assert(
        fc.property(
          fixture,
          fc.array(damage, { minLength: 1, maxLength: 4 }),
          fc.integer({ min: 1, max: 9_000 }),
          (bytes, damages, size) => {
            const broken = damages.reduce((current, change) => change(current), bytes);
            const format = recogniseFormat(broken);
            if (format !== 'unknown') expectSound(broken, format, size);
          },
        ),
        { numRuns: Math.ceil(CASES * 0.6) },
      );
    },
    TIME_MS,
  );

  it(
    'any reader takes any bytes',
    () => {
      fc.assert(
        fc.property(
          fc.constantFrom(...FORMATS),
          fc.oneof(fc.uint8Array({ maxLength: 4_000 }), fixture),
          (format, bytes) => {
            expectSound(bytes, format);
          },
        ),
        { numRuns: Math.ceil(CASES * 0.2) },
      );
    },
    TIME_MS,
  );

  it(
    'how the bytes are cut into pieces does not matter',
    () => {
      fc.assert(
        fc.property(fixture, fc.integer({ min: 1, max: 500 }), (bytes, size) => {
          expect(readAll(bytes, null, size)).toEqual(readAll(bytes));
        }),
        { numRuns: Math.ceil(CASES * 0.2) },
      );
    },
    TIME_MS,
  );

  it.each(FORMATS.filter((format) => format !== 'evtx'))('a line of 50 MB (%s)', (format) => {
    const reader = createReader(format);
    const piece = Buffer.alloc(1 << 20, 'x');
    reader?.push(Buffer.from('2024-01-01 10:00:00, Info                  CBS    '));
    for (let megabyte = 0; megabyte < 50; megabyte++) reader?.push(piece);
    const account = reader?.finish().account;
    expect(account?.reports).toBe(0);
    expect(account?.records).toBe(format === 'event_xml' ? 0 : 1);
  });

  /** Places where a careless pattern would try again and again. */
  it.each([
    '{"a":"',
    '[',
    '~',
    'following update ',
    'a: ',
    '"',
    ',',
    '\t',
    'Package_',
    ' ',
    '<Event>',
    '程序包标识 : ',
  ])(
    'a megabyte of %j is read in time by every reader',
    (text) => {
      const bytes = Buffer.from(text.repeat(Math.ceil((1 << 20) / Buffer.byteLength(text))));
      const heads = ['', 'HotFixID,x\n', 'Error\t9/10/2024 4:00:00 PM\tMicrosoft-Windows-WUSA\t3\tNone\t'];
      for (const format of FORMATS.filter((one) => one !== 'evtx')) {
        for (const head of heads) {
          const startedAtMs = performance.now();
          expectSound(Buffer.concat([Buffer.from(head), bytes]), format);
          expect(performance.now() - startedAtMs).toBeLessThan(2_000);
        }
      }
    },
    60_000,
  );
});
