import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkKb } from './applicability.js';
import { checkEdition } from './edition.js';
import { KNOWN_KBS, lineOf, RELEASES } from './kb-catalogue.js';
import { nearestKbs } from './nearest-kbs.js';
import { labelOf, releaseLabelOf, releasesOfLabel } from './release-label.js';

const on = (osBuild: string | null) => ({ osBuild });

describe('checkKb', () => {
  it('refuses a KB of another build, says for which it is, and names the one of the same month', () => {
    expect(checkKb('KB5043064', on('17763.2114'))).toMatchObject({
      verdict: 'wrong_build',
      reason:
        'KB5043064 is for 19044.4894 (Windows 10 21H2 / LTSC 2021), 19045.4894 (Windows 10 22H2); ' +
        'the device has 17763.2114 (Windows 10 1809 / LTSC 2019 / Server 2019).',
      instead: { kb: 'KB5043050', osBuild: '17763.6293', releaseLabel: '2024-09 B' },
      newerAvailable: null,
    });
    expect(checkKb('KB5014699', on('17763.2114')).verdict).toBe('wrong_build');
  });

  it('knows what is applicable, installed, superseded; and whether it is expired or has a successor', () => {
    expect(checkKb('KB5041578', on('17763.2114'))).toMatchObject({
      verdict: 'applicable',
      releaseLabel: '2024-08 B',
      expired: true,
      newerAvailable: { kb: 'KB5094123' },
      prerequisite: 'unknown',
    });
    expect(checkKb('KB5041578', on('17763.6189')).verdict).toBe('already_installed');
    expect(checkKb('KB5041578', { osBuild: '17763.2114', installedKbs: ['KB5041578'] }).verdict).toBe(
      'already_installed',
    );
    expect(checkKb('KB5041578', on('17763.6293')).verdict).toBe('superseded');
    expect(checkKb('KB5094123', on('17763.6293'))).toMatchObject({
      verdict: 'applicable',
      newerAvailable: null,
    });
  });

  it('serves several build lines with one KB', () => {
    expect(checkKb('KB5034763', on('19044.3803')).verdict).toBe('applicable');
    expect(checkKb('KB5034763', on('19045.4046')).verdict).toBe('already_installed');
  });

  it('does not guess without a build or a revision', () => {
    expect(checkKb('KB5041578', on(null)).verdict).toBe('unknown');
    expect(checkKb('KB5041578', on('17763')).verdict).toBe('unknown');
    expect(checkKb('KB5043064', on('17763')).verdict).toBe('wrong_build');
    // A servicing stack moves no revision, so that none is needed; and a cumulative update is no successor of it.
    expect(checkKb('KB5005112', on('17763'))).toMatchObject({ verdict: 'applicable', newerAvailable: null });
  });

  it('offers known KBs for one that is not known', () => {
    const { verdict, nearest } = checkKb('KB6016623', on('17763.2114'));
    expect(verdict).toBe('unknown_kb');
    expect(nearest[0]).toEqual({ kb: 'KB5016623', verdict: 'applicable', releaseLabel: '2022-08 B' });
    expect(checkKb('KB6016623', on(null)).nearest[0]?.kb).toBe('KB5016623');
    expect(checkKb('KB777777', on('17763.2114'))).toMatchObject({ verdict: 'unknown_kb', nearest: [] });
  });

  it('answers for every KB and build, and agrees with itself', () => {
    const kbs = fc.oneof(
      fc.constantFrom(...KNOWN_KBS),
      fc.integer({ min: 100_000, max: 99_999_999 }).map((number) => `KB${number}`),
    );
    const builds = fc.oneof(
      fc.constant(null),
      fc.constantFrom(...RELEASES).map(({ osBuild }) => osBuild),
      fc.tuple(fc.integer({ min: 1000, max: 99_999 }), fc.nat(9999)).map((parts) => parts.join('.')),
    );
    const property = fc.property(kbs, builds, (kb, osBuild) => {
      const check = checkKb(kb, on(osBuild));
      expect(check.verdict === 'unknown_kb').toBe(!KNOWN_KBS.includes(kb));
      if (osBuild === null) expect(['unknown', 'unknown_kb']).toContain(check.verdict);
      else if (check.publishedFor.length > 0)
        expect(check.verdict === 'wrong_build').toBe(
          check.publishedFor.every((release) => lineOf(release.osBuild) !== lineOf(osBuild)),
        );
      // What is offered instead, or as newer, must itself fit the device.
      for (const offered of [check.instead, check.newerAvailable])
        if (offered && osBuild?.includes('.'))
          expect(checkKb(offered.kb, on(osBuild)).verdict).not.toMatch(/wrong_build|unknown/);
    });
    fc.assert(property, { numRuns: 50 });
  });
});

describe('nearestKbs', () => {
  it('finds a KB again after one slip of the hand', () => {
    const slip = fc.tuple(
      fc.constantFrom(...KNOWN_KBS),
      fc.nat(6),
      fc.constantFrom('replace', 'drop', 'swap'),
    );
    const property = fc.property(slip, ([kb, at, how]) => {
      const digits = Array.from(kb.slice(2));
      if (how === 'replace') digits[at] = digits[at] === '9' ? '0' : '9';
      else if (how === 'drop') digits.splice(at, 1);
      else digits.splice(at, 2, ...digits.slice(at, at + 2).toReversed());
      const wrong = `KB${digits.join('')}`;
      // More than five others may be as near: the one that fits the device comes first.
      expect(nearestKbs(wrong, (known) => known === kb)[0]).toBe(KNOWN_KBS.includes(wrong) ? wrong : kb);
    });
    fc.assert(property, { numRuns: 25 });
  });

  it('offers nothing for a number that is near to none', () => {
    expect(nearestKbs('KB99999999', () => true)).toEqual([]);
  });
});

describe('checkEdition', () => {
  it('finds the conflict between a claimed edition and the build', () => {
    expect(checkEdition('V2022-L', '17763.2114')).toMatchObject({
      verdict: 'conflict',
      expectedBuilds: ['19044'],
    });
    expect(checkEdition('v2022-l', '19044.4046').verdict).toBe('consistent');
    expect(checkEdition('V2020-L', '17763.2114').verdict).toBe('consistent');
  });

  it('knows the names of Windows versions, ambiguous ones with all their builds', () => {
    expect(checkEdition('LTSC 2019', '17763.1').verdict).toBe('consistent');
    expect(checkEdition('windows 10 1809', '19044.1').verdict).toBe('conflict');
    expect(checkEdition('21H2', '22000.1')).toMatchObject({
      verdict: 'consistent',
      expectedBuilds: ['19044', '22000'],
    });
  });

  it('says unknown for other names and without a build', () => {
    expect(checkEdition('V2030-X', '17763.2114')).toMatchObject({ verdict: 'unknown', expectedBuilds: [] });
    expect(checkEdition('V2022-L', null).verdict).toBe('unknown');
    expect(checkEdition('', '17763.2114').verdict).toBe('unknown');
  });
});

describe('release labels', () => {
  it('lead from a KB to its month and back', () => {
    expect(releaseLabelOf('KB5041578', '17763.2114')).toBe('2024-08 B');
    for (const spelling of ['2024-08 B', '2024.08 B', ' 2024-08b '])
      expect(releasesOfLabel(spelling, '17763.2114')?.map(({ kb }) => kb)).toEqual(['KB5041578']);
    expect(releasesOfLabel('2024-08 B', '12345.1')).toEqual([]);
    expect(releasesOfLabel('KB5041578')).toBeNull();
  });

  it('find every release by its own label', () => {
    for (const release of RELEASES)
      expect(releasesOfLabel(labelOf(release), release.osBuild)).toContain(release);
  });
});
