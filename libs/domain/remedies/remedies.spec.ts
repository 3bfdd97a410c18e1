import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalCode } from '../codes/canonical-code.js';
import { failurePartsOf } from '../signature/signature.js';
import type { FailureFacts } from '../signature/signature.js';
import { STAGES } from '../words.js';
import { recommendRemedies, REMEDIES } from './recommend-remedies.js';
import catalogue from './remedies.json' with { type: 'json' };
import { LONGEST_EFFECT_MS, ledgerFor, outcomeOf } from './remedy-ledger.js';
import type { AppliedRemedy, LaterAttempt } from './remedy-ledger.js';
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

  it('lets own counts decide where there are enough', () => {
    const parts = failure({ hresult: '0x80071ab1' });
    const entry = (remedyId: string, fixed: number, tried: number) =>
      ({ remedyId, level: 1, tried, fixed, open: 0, interval: wilsonInterval(fixed, tried) }) as const;
    const advised = recommendRemedies(parts, [
      entry('in_place_upgrade', 9, 10),
      entry('reset_transaction_log', 1, 20),
    ]);
    expect(advised.map(({ id }) => id)).toEqual([
      'in_place_upgrade',
      'reset_transaction_log',
      'free_space_and_reset_components',
    ]);
    expect(advised[0]?.counted).toMatchObject({ tried: 10, fixed: 9 });
  });

  it('finds the code that the user was shown, and has nothing for codes it does not know', () => {
    expect(recommendRemedies(failure({ hresult: '0x800f0828', reportedHresult: '0x80070643' }))[0]?.id).toBe(
      'enlarge_recovery_partition',
    );
    expect(recommendRemedies(failure({ hresult: '0x80123456' }))).toEqual([]);
  });
});

const DAY_MS = 86_400_000;
const trial = (told: Partial<AppliedRemedy> = {}): AppliedRemedy => ({
  remedyId: 'retry',
  deviceKey: 'pc-1',
  kb: 'KB5041578',
  appliedAtMs: 100 * DAY_MS,
  signature: { l1: '0x80071ab1', l2: 'poqexec/-', l3: 'inf:cpu.inf' },
  toldFixed: null,
  ...told,
});
const attempt = (day: number, outcome: string, told: Partial<LaterAttempt> = {}): LaterAttempt => ({
  deviceKey: 'pc-1',
  kb: 'KB5041578',
  atMs: day * DAY_MS,
  outcome,
  ...told,
});

describe('outcomeOf', () => {
  it('is a success of the same device and KB within 14 days', () => {
    expect(outcomeOf(trial(), [attempt(101, 'failed'), attempt(113, 'succeeded')])).toBe('fixed');
    expect(LONGEST_EFFECT_MS).toBe(14 * DAY_MS);
    expect(outcomeOf(trial(), [attempt(115, 'succeeded')])).toBe('open');
    expect(outcomeOf(trial(), [attempt(99, 'succeeded')])).toBe('open');
    expect(outcomeOf(trial(), [attempt(101, 'succeeded', { kb: 'KB1' })])).toBe('open');
    expect(outcomeOf(trial(), [attempt(101, 'succeeded', { deviceKey: 'pc-2' })])).toBe('open');
    expect(outcomeOf(trial(), [attempt(101, 'rolled_back')])).toBe('not_fixed');
    expect(outcomeOf(trial(), [attempt(101, 'pending_reboot')])).toBe('open');
  });

  it('is what somebody told, when somebody did', () => {
    expect(outcomeOf(trial({ toldFixed: false }), [attempt(101, 'succeeded')])).toBe('not_fixed');
    expect(outcomeOf(trial({ toldFixed: true }), [])).toBe('fixed');
  });
});

describe('ledgerFor', () => {
  const devices = (count: number, told: Partial<AppliedRemedy>) =>
    Array.from({ length: count }, (_, n) => trial({ deviceKey: `${told.remedyId ?? ''}-${n}`, ...told }));
  const { signature } = trial();

  it('counts devices at the finest level that agrees; below five trials it gives no interval', () => {
    const other = { ...signature, l3: 'inf:other.inf' };
    const applied = [
      ...devices(4, { remedyId: 'retry', toldFixed: true }),
      ...devices(10, { remedyId: 'restart', toldFixed: true, signature: other }),
      ...devices(6, { remedyId: 'sign_in', toldFixed: false }),
      ...devices(5, { remedyId: 'component_cleanup', signature: { ...other, l1: '0x80070002' } }),
    ];
    expect(ledgerFor(signature, applied, [])).toEqual([
      { remedyId: 'sign_in', level: 3, tried: 6, fixed: 0, open: 0, interval: wilsonInterval(0, 6) },
      { remedyId: 'retry', level: 3, tried: 4, fixed: 4, open: 0, interval: null },
      { remedyId: 'restart', level: 2, tried: 10, fixed: 10, open: 0, interval: wilsonInterval(10, 10) },
    ]);
  });

  it('counts a device once, by its last trial, in any order', () => {
    const applied = [trial(), trial({ appliedAtMs: 200 * DAY_MS }), trial({ appliedAtMs: 150 * DAY_MS })];
    const attempts = [attempt(101, 'succeeded'), attempt(201, 'failed')];
    const shuffled = fc.shuffledSubarray(applied, { minLength: 3 });
    fc.assert(
      fc.property(shuffled, (any) => {
        expect(ledgerFor(signature, any, attempts)).toEqual([
          { remedyId: 'retry', level: 3, tried: 1, fixed: 0, open: 0, interval: null },
        ]);
      }),
    );
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
