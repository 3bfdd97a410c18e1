import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { timeInZone } from './bank-zone.js';

const at = (occurredAtText: string, timeZone: string, occurredAt: string | null = null) =>
  timeInZone({ outcome: 'failed', occurredAt, occurredAtText }, timeZone)?.occurredAt;

describe('the time of a report by its bank’s zone', () => {
  it.each([
    ['2024/05/02 16:40:48.6826417', 'Asia/Shanghai', '2024-05-02T08:40:48.682Z'],
    ['2024-05-02 16:40:48', 'Asia/Shanghai', '2024-05-02T08:40:48.000Z'],
    ['2024.05.02 16:40:48,682', 'Europe/Berlin', '2024-05-02T14:40:48.682Z'],
    ['2024. 01. 02. 16.40.48.6826417', 'Europe/Budapest', '2024-01-02T15:40:48.682Z'],
    ['2018-11-12 08:42:19:866', 'Asia/Kolkata', '2018-11-12T03:12:19.866Z'],
    // Clocks went from 02:00 to 03:00, and from 03:00 back to 02:00.
    ['2024-03-31 02:30:00', 'Europe/Berlin', undefined],
    ['2024-10-27 02:30:00', 'Europe/Berlin', undefined],
    ['2024-10-27 01:59:59', 'Europe/Berlin', '2024-10-26T23:59:59.000Z'],
    ['2024-10-27 03:00:00', 'Europe/Berlin', '2024-10-27T02:00:00.000Z'],
    ['2024-02-30 16:40:48', 'Asia/Shanghai', undefined],
    ['hh:mm:ss.fffff tt', 'Asia/Shanghai', undefined],
    ['9/10/2024 4:00:00 PM', 'Asia/Shanghai', undefined],
    ['(summary)', 'Asia/Shanghai', undefined],
  ])('%s in %s is %s', (text, zone, expected) => {
    expect(at(text, zone)).toBe(expected);
  });

  it('never touches a time that is known', () => {
    expect(at('2024-05-02 16:40:48', 'Asia/Shanghai', '2024-05-02T16:40:48.000Z')).toBeUndefined();
  });

  it('what a zone’s clock shows at a moment leads back to the moment, but for the hour that comes twice', () => {
    const zones = fc.constantFrom(
      'UTC',
      'Asia/Shanghai',
      'Europe/Berlin',
      'America/St_Johns',
      'Australia/Lord_Howe',
    );
    const moments = fc.integer({ min: Date.UTC(2010, 0), max: Date.UTC(2030, 0) });
    fc.assert(
      fc.property(zones, moments, (zone, moment) => {
        const ms = Math.floor(moment / 1_000) * 1_000;
        const shown = new Date(ms).toLocaleString('sv-SE', { timeZone: zone });
        const back = at(shown, zone);
        if (back !== undefined) expect(back).toBe(new Date(ms).toISOString());
        else expect(zone).not.toMatch(/UTC|Shanghai/);
      }),
      { numRuns: 300 },
    );
  });
});
