import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HOUR_MS, TUESDAY_MS, reportAt } from '../../test/harness/sample-report.js';
import type { BuildObservation, History, Report } from './report.js';
import { tellHistory } from './tell-history.js';
import { OPERATIONS, OUTCOMES, ROLLBACKS, SOURCES, STAGES } from './words.js';

/** Few values each, so that reports agree, tie and supersede each other often. */
const codes = fc.constantFrom('', '0x800f0922', '0x80070643', '0x80240022', '0x80070002', '0x80004005');
const hours = fc.oneof(
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 12 }).map((half) => half / 2) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 60 * 24 }) },
);
const told: fc.Arbitrary<Partial<Report>> = fc.record({
  source: fc.constantFrom(...SOURCES),
  operation: fc.oneof(fc.constant('unknown' as const), fc.constantFrom(...OPERATIONS)),
  outcome: fc.oneof(fc.constantFrom('failed' as const, 'rolled_back' as const), fc.constantFrom(...OUTCOMES)),
  stage: fc.oneof(fc.constant('unknown' as const), fc.constantFrom(...STAGES)),
  rollback: fc.constantFrom(...ROLLBACKS),
  hresult: codes,
  reportedHresult: codes,
  innerErrors: fc.constantFrom([], [{ code: '0x00000422', kind: 'win32' }]),
  failureSource: fc.constantFrom('', 'DOQ', 'CSI Other'),
  failingObject: fc.constantFrom(
    null,
    { type: 'inf', name: 'cpu.inf' },
    { type: 'service', name: 'winmgmt' },
  ),
  osBuild: fc.constantFrom('', '17763.2114', '17763.6189'),
  osInstance: fc.constantFrom('', 'os-1', 'os-2'),
  channel: fc.constantFrom('unknown', 'wsus', 'dism'),
  branch: fc.constantFrom('', 'north', 'south'),
  parserVersion: fc.constantFrom('', '1.2.0', '1.10.0', '1.x'),
  evidenceCount: fc.integer({ min: 0, max: 2 }),
  receivedAtMs: fc.integer({ min: 0, max: 5 }).map((days) => TUESDAY_MS + (60 + days * 5) * 24 * HOUR_MS),
});
const anyReport = fc
  .record({ id: fc.integer({ min: 1, max: 12 }), at: hours, told, start: fc.boolean() })
  .map(({ id, at, told: words, start }) => {
    const report = reportAt(`e${id}`, at, words);
    // As in the real thing, copies that differ in any fact differ in their hash.
    const facts = { ...report, startedAtMs: start ? report.occurredAtMs : null };
    return { ...facts, copyHash: JSON.stringify({ ...facts, receivedAtMs: 0 }) };
  });
const anyBuilds: fc.Arbitrary<BuildObservation[]> = fc.array(
  fc.record({
    takenAtMs: fc.integer({ min: -5, max: 5 }).map((hour) => TUESDAY_MS + hour * HOUR_MS),
    osBuild: fc.constantFrom('', '17763.1', '17763.2'),
    osInstance: fc.constantFrom('', 'os-1', 'os-2'),
  }),
  { maxLength: 6 },
);
const anySet = fc.array(anyReport, { maxLength: 14 });
const tell = (reports: readonly Report[], builds: readonly BuildObservation[] = []): History =>
  tellHistory({ bank: 'bank-a', kb: 'KB5041578', reports, builds });

describe('history', () => {
  it('is equal for any permutation and repetition of the same reports and inventories', () => {
    const property = fc.property(
      anySet.chain((reports) =>
        fc.tuple(
          fc.constant(reports),
          fc.shuffledSubarray([...reports, ...reports, ...reports], { minLength: reports.length * 3 }),
        ),
      ),
      anyBuilds.chain((builds) =>
        fc.tuple(
          fc.constant(builds),
          fc.shuffledSubarray([...builds, ...builds], { minLength: builds.length * 2 }),
        ),
      ),
      ([reports, shuffled], [builds, shuffledBuilds]) => {
        expect(tell(shuffled, shuffledBuilds)).toEqual(tell(reports, builds));
      },
    );
    fc.assert(property, { numRuns: 600 });
  });

  it('moves only the arrival when a copy comes again later', () => {
    const property = fc.property(anySet, fc.integer({ min: 1, max: 90 }), (reports, days) => {
      const again = reports.map((report) => ({
        ...report,
        receivedAtMs: report.receivedAtMs + days * 24 * HOUR_MS,
      }));
      expect(tell([...again, ...reports])).toEqual(tell(reports));
      expect(withoutArrival(tell(again))).toEqual(withoutArrival(tell(reports)));
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('holds every event once, in one attempt', () => {
    const property = fc.property(anySet, (reports) => {
      const told = tell(reports).attempts.flatMap(({ eventIds }) => eventIds);
      expect([...told].sort()).toEqual([...new Set(reports.map(({ eventId }) => eventId))].sort());
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('never loses a device: an open failed install stands in at least one cohort, in its own build or the cause’s', () => {
    const property = fc.property(anySet, (reports) => {
      const { failures, attempts, latest } = tell(reports);
      const hasFailed = attempts.some(
        ({ outcome, operation }) => outcome === 'failed' && operation === 'install',
      );
      if (hasFailed) expect(failures.length).toBeGreaterThan(0);
      if (latest?.outcome === 'succeeded' && reports.every(({ operation }) => operation === 'install')) {
        expect(failures.filter(({ open }) => open)).toEqual([]);
      }
      expect(new Set(failures.map(({ cohortId }) => cohortId)).size).toBe(failures.length);
      for (const { arrivedAtMs, attempts: count } of failures) {
        expect(arrivedAtMs).toBeGreaterThan(0);
        expect(count).toBeGreaterThan(0);
      }
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('counts every cohort among the attempted builds', () => {
    const property = fc.property(anySet, (reports) => {
      const { failures, attemptedBuilds } = tell(reports);
      for (const { build } of failures) expect(attemptedBuilds).toContain(build);
    });
    fc.assert(property, { numRuns: 300 });
  });
});

function withoutArrival({ attempts, failures, ...rest }: History): unknown {
  const strip = (item: object): object => ({ ...item, arrivedAtMs: 0 });
  return { ...rest, attempts: attempts.map(strip), failures: failures.map(strip) };
}
