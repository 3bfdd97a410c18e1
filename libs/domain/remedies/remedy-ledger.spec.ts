import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ledgerFor, ledgerRows } from './remedy-ledger.js';
import { LONGEST_EFFECT_MS, tellTrials } from './remedy-trials.js';
import type { AppliedRemedy, RemedyTrial, ToldOutcome, TreatedAttempt } from './remedy-trials.js';
import { wilsonInterval } from './wilson-interval.js';

const DAY_MS = 86_400_000;
const treated = { bank: 'bank-a', deviceKey: 'pc-1', kb: 'KB5041578' };
const signature = { id: 'sig', l1: '0x80071ab1', l2: 'poqexec/-', l3: 'inf:cpu.inf' };
let events = 0;
const used = (day: number, told: Partial<AppliedRemedy> = {}): AppliedRemedy => ({
  ...treated,
  eventId: `e${(events += 1)}`,
  remedyId: 'retry',
  atMs: day * DAY_MS,
  ...told,
});
const said = (day: number, fixed: boolean, told: Partial<ToldOutcome> = {}): ToldOutcome => ({
  ...used(day),
  fixed,
  ...told,
});
const attempt = (day: number, outcome: string, told: Partial<TreatedAttempt> = {}): TreatedAttempt => ({
  ...treated,
  atMs: day * DAY_MS,
  outcome,
  signature: outcome === 'succeeded' ? null : signature,
  ...told,
});
const outcomes = (
  applied: readonly AppliedRemedy[],
  told: readonly ToldOutcome[],
  attempts: readonly TreatedAttempt[],
) => tellTrials(applied, told, attempts).map(({ remedyId, outcome }) => [remedyId, outcome]);

describe('tellTrials', () => {
  it('infers a success of the same device and KB within 14 days', () => {
    const infer = (...attempts: TreatedAttempt[]) => tellTrials([used(100)], [], attempts)[0]?.outcome;
    expect(LONGEST_EFFECT_MS).toBe(14 * DAY_MS);
    expect(infer(attempt(101, 'failed'), attempt(113, 'succeeded'))).toBe('fixed');
    expect(infer(attempt(115, 'succeeded'))).toBe('open');
    expect(infer(attempt(99, 'succeeded'))).toBe('open');
    expect(infer(attempt(101, 'succeeded', { kb: 'KB1' }))).toBe('open');
    expect(infer(attempt(101, 'succeeded', { deviceKey: 'pc-2' }))).toBe('open');
    expect(infer(attempt(101, 'succeeded', { bank: 'bank-b' }))).toBe('open');
    expect(infer(attempt(101, 'rolled_back'))).toBe('not_fixed');
    expect(infer(attempt(101, 'pending_reboot'))).toBe('open');
  });

  it('lets what somebody told last decide, about the use before it', () => {
    const attempts = [attempt(101, 'succeeded')];
    expect(outcomes([used(100)], [said(101, false)], attempts)).toEqual([['retry', 'not_fixed']]);
    expect(outcomes([used(100)], [said(102, true), said(101, false)], [])).toEqual([['retry', 'fixed']]);
    expect(outcomes([used(100)], [said(99, false)], attempts)).toEqual([['retry', 'fixed']]);
    expect(outcomes([used(100)], [said(101, false, { remedyId: 'restart' })], attempts)).toEqual([
      ['retry', 'fixed'],
    ]);
    const twice = [used(100), used(110)];
    expect(outcomes(twice, [said(105, false), said(111, true)], [])).toEqual([
      ['retry', 'not_fixed'],
      ['retry', 'fixed'],
    ]);
  });

  it('gives a success to the remedy after the last failure; remedies used together share it', () => {
    const second = used(103, { remedyId: 'restart' });
    const success = attempt(104, 'succeeded');
    expect(outcomes([used(100), second], [], [attempt(101, 'failed'), success])).toEqual([
      ['retry', 'not_fixed'],
      ['restart', 'fixed'],
    ]);
    expect(outcomes([used(100), second], [], [success])).toEqual([
      ['retry', 'fixed'],
      ['restart', 'fixed'],
    ]);
    const late = used(109, { remedyId: 'restart' });
    expect(outcomes([used(100), late], [], [attempt(101, 'failed'), success])[0]).toEqual(['retry', 'fixed']);
  });

  it('names the failure that was treated: the last one before', () => {
    const other = { ...signature, id: 'later' };
    const attempts = [
      attempt(90, 'failed'),
      attempt(95, 'failed', { signature: other }),
      attempt(101, 'failed', { signature: { ...signature, id: 'after' } }),
    ];
    expect(tellTrials([used(100)], [], attempts)[0]?.signature).toEqual(other);
    expect(tellTrials([used(80)], [], attempts)[0]?.signature).toBeNull();
  });

  it('does not depend on the order of anything', () => {
    const applied = [used(100), used(103, { remedyId: 'restart' }), used(103), used(110)];
    const told = [said(101, false), said(111, true), said(111, false, { eventId: 'zz' })];
    const attempts = [
      attempt(99, 'failed'),
      attempt(102, 'failed'),
      attempt(104, 'succeeded'),
      attempt(112, 'failed'),
    ];
    const known = (trials: readonly RemedyTrial[]) => new Map(trials.map((trial) => [trial.eventId, trial]));
    const expected = known(tellTrials(applied, told, attempts));
    const shuffled = fc.tuple(
      fc.shuffledSubarray(applied, { minLength: applied.length }),
      fc.shuffledSubarray(told, { minLength: told.length }),
      fc.shuffledSubarray(attempts, { minLength: attempts.length }),
    );
    fc.assert(
      fc.property(shuffled, ([a, t, tries]) => {
        expect(known(tellTrials(a, t, tries))).toEqual(expected);
      }),
    );
  });
});

const trial = (told: Partial<RemedyTrial>): RemedyTrial => ({
  ...used(100),
  signature,
  outcome: 'fixed',
  outcomeIsTold: false,
  ...told,
});
const devices = (count: number, told: Partial<RemedyTrial>) =>
  Array.from({ length: count }, (_, n) => trial({ deviceKey: `${told.remedyId ?? ''}-${n}`, ...told }));

describe('ledgerFor', () => {
  it('counts devices at the finest level that agrees; below five trials it gives no interval', () => {
    const other = { ...signature, id: 'other', l3: 'inf:other.inf' };
    const trials = [
      ...devices(4, { remedyId: 'retry' }),
      ...devices(2, { remedyId: 'retry', signature: null }),
      ...devices(10, { remedyId: 'restart', signature: other }),
      ...devices(6, { remedyId: 'sign_in', outcome: 'not_fixed' }),
      ...devices(1, { remedyId: 'sign_in', outcome: 'open', bank: 'bank-b' }),
      ...devices(5, { remedyId: 'component_cleanup', signature: { ...other, l1: '0x80070002' } }),
    ];
    const signIn = { tried: 6, fixed: 0, open: 1, tooFew: false, interval: wilsonInterval(0, 6) };
    const restart = { tried: 10, fixed: 10, open: 0, tooFew: false, interval: wilsonInterval(10, 10) };
    const retry = { tried: 2, fixed: 2, open: 0, tooFew: true, interval: null };
    expect(ledgerFor(signature, trials)).toEqual([
      { remedyId: 'sign_in', level: 3, ...signIn },
      // The last two uses on two of the four devices treated something that is not known.
      { remedyId: 'retry', level: 3, ...retry },
      { remedyId: 'restart', level: 2, ...restart },
    ]);
    expect(
      ledgerRows(trials).map(({ remedyId, signature: row, tried }) => [remedyId, row?.id, tried]),
    ).toEqual([
      ['restart', 'other', 10],
      ['sign_in', 'sig', 6],
      ['component_cleanup', 'other', 5],
      ['retry', undefined, 2],
      ['retry', 'sig', 2],
    ]);
  });

  it('counts a device once, by its last use, in any order', () => {
    const trials = [
      trial({}),
      trial({ atMs: 200 * DAY_MS, outcome: 'not_fixed' }),
      trial({ atMs: 150 * DAY_MS }),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(trials, { minLength: 3 }), (any) => {
        expect(ledgerFor(signature, any)).toMatchObject([{ level: 3, tried: 1, fixed: 0, open: 0 }]);
      }),
    );
  });
});
