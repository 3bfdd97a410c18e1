import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalCode } from '../codes/canonical-code.js';
import { failurePartsOf } from '../signature/signature.js';
import type { FailureFacts } from '../signature/signature.js';
import { STAGES } from '../words.js';
import { recommendRemedies, REMEDIES } from './recommend-remedies.js';
import catalogue from './remedies.json' with { type: 'json' };
import type { LedgerEntry } from './remedy-ledger.js';
import { wilsonInterval } from './wilson-interval.js';

const failure = (told: Partial<FailureFacts>) =>
  failurePartsOf({
    stage: 'unknown',
    hresult: '',
    reportedHresult: '',
    innerErrors: [],
    failureSource: '',
    failingObject: null,
    ...told,
  });

describe('catalogue of remedies', () => {
  it('is whole: known words, steps in two languages, every rule with a source and a remedy', () => {
    expect(new Set(catalogue.remedies.map(({ id }) => id)).size).toBe(catalogue.remedies.length);
    for (const { risk, zh, en } of catalogue.remedies) {
      expect(['low', 'medium', 'high']).toContain(risk);
      expect(zh.length).toBeGreaterThan(0);
      expect(en.length).toBeGreaterThan(0);
      expect(zh.join('')).toMatch(/[\u4e00-\u9fff]/);
    }
    for (const rule of catalogue.rules) {
      expect(REMEDIES.has(rule.remedy)).toBe(true);
      expect(rule.source).not.toBe('');
      for (const code of rule.codes) expect(canonicalCode(code)?.code).toBe(code);
      const stage = (rule as { stage?: string }).stage;
      if (stage !== undefined) expect(STAGES).toContain(stage);
    }
  });

  it('marks what empties the update history', () => {
    for (const { id, losesHistory, en } of catalogue.remedies)
      if (/SoftwareDistribution/.test(en.join(' ')))
        expect({ id, losesHistory }).toEqual({ id, losesHistory: true });
  });
});

describe('recommendRemedies', () => {
  it('answers the inner cause before the code', () => {
    const advised = recommendRemedies(
      failure({
        hresult: '0x800f0922',
        innerErrors: [{ code: '0x00000422', kind: 'win32' }],
        failingObject: { type: 'installer', name: 'WMI Installer' },
      }),
    );
    expect(advised[0]).toMatchObject({ id: 'enable_wmi_service', level: 3, seen: { tried: 1, fixed: 1 } });
    expect(advised.map(({ id }) => id)).not.toContain('enable_http_service');
    expect(advised.at(-1)).toMatchObject({ id: 'clean_windows_temp', level: 1 });
  });

  it('shows sources that disagree, with their counts', () => {
    const advised = recommendRemedies(failure({ hresult: '0x80071ab1' }));
    expect(advised.map(({ id, seen, counted }) => [id, seen, counted])).toEqual([
      ['reset_transaction_log', { tried: 1, fixed: 1 }, null],
      ['free_space_and_reset_components', null, null],
      ['in_place_upgrade', null, null],
    ]);
  });

  it('lets own counts decide where there are enough, finer levels first', () => {
    const parts = failure({ hresult: '0x80071ab1' });
    const entry = (remedyId: string, fixed: number, tried: number, level: 1 | 3 = 1): LedgerEntry => {
      const tooFew = tried < 5;
      return {
        remedyId,
        level,
        tried,
        fixed,
        open: 0,
        tooFew,
        interval: tooFew ? null : wilsonInterval(fixed, tried),
      };
    };
    const ranked = (...ledger: LedgerEntry[]) => recommendRemedies(parts, ledger).map(({ id }) => id);
    expect(ranked(entry('in_place_upgrade', 9, 10), entry('reset_transaction_log', 1, 20))).toEqual([
      'in_place_upgrade',
      'reset_transaction_log',
      'free_space_and_reset_components',
    ]);
    // Too few to beat the support case.
    expect(ranked(entry('in_place_upgrade', 0, 4))[0]).toBe('reset_transaction_log');
    // What helped against this very signature stands before what helps against the code.
    expect(
      ranked(entry('free_space_and_reset_components', 2, 4, 3), entry('in_place_upgrade', 9, 10)),
    ).toEqual(['free_space_and_reset_components', 'in_place_upgrade', 'reset_transaction_log']);
    // What nobody advises, but helped here, is named; what did not help is not.
    expect(ranked(entry('retry', 3, 4))).toContain('retry');
    expect(ranked(entry('retry', 0, 4))).not.toContain('retry');
  });

  it('finds the code that the user was shown, and has nothing for codes it does not know', () => {
    expect(recommendRemedies(failure({ hresult: '0x800f0828', reportedHresult: '0x80070643' }))[0]?.id).toBe(
      'enlarge_recovery_partition',
    );
    expect(recommendRemedies(failure({ hresult: '0x80123456' }))).toEqual([]);
  });
});

describe('wilsonInterval', () => {
  it('is the published one', () => {
    const [low, high] = wilsonInterval(8, 10);
    expect(low).toBeCloseTo(0.4902, 4);
    expect(high).toBeCloseTo(0.9433, 4);
    expect(wilsonInterval(0, 0)).toEqual([0, 1]);
  });

  it('holds the share and narrows with trials', () => {
    const counts = fc
      .integer({ min: 1, max: 500 })
      .chain((trials) => fc.tuple(fc.nat(trials), fc.constant(trials)));
    const property = fc.property(counts, ([successes, trials]) => {
      const [low, high] = wilsonInterval(successes, trials);
      const [lower, higher] = wilsonInterval(successes * 10, trials * 10);
      expect(low).toBeLessThanOrEqual(successes / trials);
      expect(high).toBeGreaterThanOrEqual(successes / trials - 1e-12);
      expect(higher - lower).toBeLessThan(high - low);
    });
    fc.assert(property);
  });
});
