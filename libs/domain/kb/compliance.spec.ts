import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { complianceOf } from './compliance.js';
import { RELEASES } from './kb-catalogue.js';

describe('complianceOf', () => {
  it.each([
    ['17763.6189', '2024-08-13', 'latest', 0],
    ['17763.6189', '2024-09-09', 'latest', 0],
    ['17763.6189', '2024-09-10', 'one_behind', 1],
    ['17763.2114', '2024-09-10', 'n_behind', 37],
    // Above the monthly release with a preview: nothing is owed.
    ['22631.4112', '2024-08-31', 'latest', 0],
  ])('%s on %s is %s', (osBuild, day, verdict, behind) => {
    expect(complianceOf(osBuild, day)).toMatchObject({ verdict, behind });
  });

  it('does not know what no catalogue tells', () => {
    expect(complianceOf('17763', '2024-08-13').verdict).toBe('unknown');
    expect(complianceOf('9600.1', '2024-08-13').verdict).toBe('unknown');
    expect(complianceOf('17763.6189', '2010-01-01').verdict).toBe('unknown');
    expect(complianceOf('17763.99999', '2024-08-13').verdict).toBe('unknown');
  });

  it('knows until the next Patch Tuesday after the catalogue, and then only what is at least owed', () => {
    expect(complianceOf('17763.8880', '2026-07-13').verdict).toBe('latest');
    expect(complianceOf('17763.8880', '2026-07-14')).toMatchObject({ verdict: 'unknown', behind: 0 });
    expect(complianceOf('17763.6189', '2030-01-01').verdict).toBe('n_behind');
  });

  it('never gets better with time', () => {
    const days = fc.date({ min: new Date('2016-01-01'), max: new Date('2026-06-30'), noInvalidDate: true });
    const property = fc.property(fc.constantFrom(...RELEASES), days, days, ({ osBuild }, one, other) => {
      const [first, second] = [one, other].map((date) => date.toISOString().slice(0, 10)).sort() as [
        string,
        string,
      ];
      const [before, after] = [complianceOf(osBuild, first).behind, complianceOf(osBuild, second).behind];
      if (before !== null) expect(after).toBeGreaterThanOrEqual(before);
    });
    fc.assert(property);
  });
});
