import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { isInstant, toUtcInstant } from './instant.js';

const zodVerdict = (text: string): boolean => z.iso.datetime({ offset: true }).safeParse(text).success;

describe('instant', () => {
  it.each([
    ['2024-09-10T06:15:00.000Z', '2024-09-10T06:15:00.000Z'],
    ['2024-09-10T08:15:00+02:00', '2024-09-10T06:15:00.000Z'],
    ['2024-09-10T06:15:00.9999999Z', '2024-09-10T06:15:00.999Z'],
    ['1601-01-01T00:00:00Z', '1601-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
    ['2024-02-29T00:00:00.000Z', '2024-02-29T00:00:00.000Z'],
  ])('takes %s as %s', (text, utc) => {
    expect(isInstant(text)).toBe(true);
    expect(toUtcInstant(text)).toBe(utc);
  });

  it.each([
    '2024-09-10T06:15:00', // no zone: which one is not guessed
    '2024-09-10',
    '2023-02-29T00:00:00.000Z',
    '1900-02-29T00:00:00.000Z',
    '2024-13-01T00:00:00.000Z',
    '2024-09-10T24:00:00.000Z',
    '2024-09-10T06:15:0x.000Z',
    '9999-12-31T23:59:59-12:00', // the year 10000 in UTC
    '0000-01-01T00:00:00+12:00', // before the year 0 in UTC
    '',
  ])('refuses %j', (text) => {
    expect(isInstant(text)).toBe(false);
  });

  it('judges the short form as zod does, also when characters are broken', () => {
    const time = fc.date({
      noInvalidDate: true,
      min: new Date('0000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
    });
    fc.assert(
      fc.property(
        time,
        fc.nat(23),
        fc.constantFrom(...Array.from('0123456789-:.TZ+ a')),
        (date, at, character) => {
          const text = date.toISOString();
          expect(isInstant(text)).toBe(true);
          const broken = text.slice(0, at) + character + text.slice(at + 1);
          expect(isInstant(broken)).toBe(zodVerdict(broken));
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it('judges every day of every kind of year as zod does', () => {
    for (const year of ['1900', '2000', '2023', '2024']) {
      for (let month = 0; month <= 13; month += 1) {
        for (let day = 0; day <= 32; day += 1) {
          const two = (n: number) => String(n).padStart(2, '0');
          const text = `${year}-${two(month)}-${two(day)}T00:00:00.000Z`;
          expect([text, isInstant(text)]).toEqual([text, zodVerdict(text)]);
        }
      }
    }
  });
});
