import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { factorsOf } from './attempt-factors.js';
import { commonFactors } from './common-factors.js';
import type { Observation } from './common-factors.js';

const failure = (code: string, ...factors: string[]): Observation => ({
  failed: true,
  code,
  factors: new Set(factors),
});
const success = (...factors: string[]): Observation => ({
  failed: false,
  code: '',
  factors: new Set(factors),
});

describe('commonFactors', () => {
  it('finds what failures of two codes share', () => {
    const [first, ...others] = commonFactors([
      failure('0x80070005', 'inf:cpu.inf', 'channel:dism'),
      failure('0x80070002', 'inf:cpu.inf', 'channel:dism'),
      success('channel:dism'),
      success('channel:dism'),
    ]);
    expect(first).toMatchObject({
      factor: 'inf:cpu.inf',
      failures: 2,
      failuresWith: 2,
      successesWith: 0,
      codes: ['0x80070002', '0x80070005'],
    });
    // The channel is everybody's: no factor.
    expect(others).toEqual([]);
  });

  it('says something without any success, and nothing of a single failure', () => {
    expect(
      commonFactors([failure('0x80070005', 'inf:cpu.inf'), failure('0x80070002', 'inf:cpu.inf')])[0]?.factor,
    ).toBe('inf:cpu.inf');
    expect(commonFactors([failure('0x80070005', 'inf:cpu.inf'), success()])).toEqual([]);
  });

  it('puts what separates failures from successes before what merely many failures have', () => {
    const fleet = [
      ...Array.from({ length: 40 }, (_, n) =>
        failure('0x80071ab1', 'upgraded_from:v2020-l', n % 2 ? 'channel:wsus' : 'channel:dism'),
      ),
      ...Array.from({ length: 400 }, (_, n) =>
        success('channel:wsus', ...(n < 8 ? ['upgraded_from:v2020-l'] : [])),
      ),
    ];
    expect(commonFactors(fleet).map(({ factor }) => factor)).toEqual([
      'upgraded_from:v2020-l',
      'channel:dism',
    ]);
  });

  it('does not depend on order, and never calls common what all successes have too', () => {
    const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'everybody'));
    const observation = fc
      .tuple(fc.boolean(), fc.constantFrom('x', 'y'), names)
      .map(([failed, code, factors]): Observation => ({
        failed,
        code: failed ? code : '',
        factors: new Set([...factors, 'everybody']),
      }));
    const property = fc.property(fc.array(observation, { maxLength: 20 }), (all) => {
      const found = commonFactors(all);
      expect(commonFactors(all.toReversed())).toEqual(found);
      const successes = all.filter(({ failed }) => !failed).length;
      const failures = all.length - successes;
      if (successes >= failures) expect(found.map(({ factor }) => factor)).not.toContain('everybody');
      for (const { failuresWith, score } of found) {
        expect(failuresWith).toBeGreaterThan(1);
        expect(score).toBeGreaterThanOrEqual(0);
      }
    });
    fc.assert(property);
  });
});

describe('factorsOf', () => {
  const report = {
    failingObject: { type: 'inf', name: 'C:\\Windows\\INF\\CPU.inf' },
    packageIdentity: '',
    channel: 'unknown',
    upgradedFrom: '',
    kbKey: 'KB5041578',
  };

  it('names objects, other packages, previous edition and channel', () => {
    const other = 'Microsoft-Windows-Hello-Face-Package~31bf3856ad364e35~amd64~~10.0.17763.1';
    expect([
      ...factorsOf([
        report,
        { ...report, failingObject: null, packageIdentity: other, channel: 'wsus', upgradedFrom: 'V2020-L' },
      ]),
    ]).toEqual([
      'inf:cpu.inf',
      'package:microsoft-windows-hello-face-package',
      'channel:wsus',
      'upgraded_from:v2020-l',
    ]);
  });

  it("does not name the update's own package", () => {
    const own = 'Package_for_RollupFix~31bf3856ad364e35~amd64~~17763.6189.1.5';
    expect([...factorsOf([{ ...report, failingObject: null, packageIdentity: own }])]).toEqual([]);
    expect([
      ...factorsOf([{ ...report, failingObject: null, packageIdentity: 'x', kbKey: 'package:x' }]),
    ]).toEqual([]);
  });
});
