import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Attempt, Signature } from '#domain/report.js';
import { levelsOf, signatureOf } from '#domain/signature/signature.js';
import { groupId } from '#domain/spikes/scan/counts.js';
import type { LookCounts, Window } from '#domain/spikes/scan/counts.js';
import { ReportCounting } from '#domain/spikes/scan/count-reports.js';
import type { CountedReport } from '#domain/spikes/scan/count-reports.js';
import { familyOf } from '#domain/spikes/scan/scope.js';
import type { ToldSpan } from '#domain/spikes/scan/told-span.js';
import type { HistoryRow } from '#attempt-store/attempt-store.js';
import { openPipeline } from '../../../test/harness/pipeline.js';
import type { Pipeline } from '../../../test/harness/pipeline.js';

const HOUR_MS = 3_600_000;
const AT_MS = Date.parse('2024-03-12T12:00:00Z');
const BANKS = ['bank-a', 'bank-b'];
const KBS = ['KB5035845', 'KB5035849'];
const BUILDS = ['19044.4046', '19044.4170', '19045.4170'];
const SIGNATURES = [
  { code: '0x80071ab1', stage: 'poqexec', inner: '0x80070422' },
  { code: '0x80071ab1', stage: 'poqexec', inner: '0x80070002' },
  { code: '0x80071ab1', stage: 'unknown', inner: null },
  { code: '0x800f0922', stage: 'install', inner: null },
].map(({ code, stage, inner }) =>
  signatureOf({
    hresult: code,
    reportedHresult: '',
    stage: stage as Attempt['stage'],
    failureSource: '',
    innerErrors: inner === null ? [] : [{ code: inner, kind: 'win32' }],
    failingObject: null,
  }),
);
const levelIdsOf = (signature: Signature): string[] => levelsOf(signature).map(({ id }) => id);

/** Few devices, so that histories hold several attempts; arrivals near the edges of every window, and anywhere. */
const tried = fc.record({
  bank: fc.constantFrom(...BANKS),
  kb: fc.constantFrom(...KBS),
  build: fc.constantFrom(...BUILDS),
  device: fc.integer({ min: 0, max: 7 }),
  arrivedMs: fc
    .oneof(fc.constantFrom(0, 6, 24, 72, 100, 168, 31 * 24), fc.double({ min: 0, max: 800, noNaN: true }))
    .chain((hours) => fc.integer({ min: -1, max: 1 }).map((ms) => Math.round(AT_MS - hours * HOUR_MS) + ms)),
  delayHours: fc.oneof(fc.constantFrom(0, 1, 24, 168, 169), fc.integer({ min: 0, max: 200 })),
  signature: fc.option(fc.constantFrom(...SIGNATURES)),
});
type Tried = typeof tried extends fc.Arbitrary<infer T> ? T : never;

const span = fc
  .record({
    bank: fc.constantFrom('*', ...BANKS),
    build: fc.constantFrom('*', ...BUILDS),
    kb: fc.constantFrom('*', ...KBS),
    levels: fc.option(
      fc
        .tuple(fc.constantFrom(...SIGNATURES), fc.integer({ min: 1, max: 3 }))
        .map(([signature, depth]) => levelIdsOf(signature).slice(0, depth)),
      { nil: [] },
    ),
    openedHours: fc.integer({ min: 0, max: 700 }),
    closedHours: fc.option(fc.integer({ min: 0, max: 700 })),
  })
  .map(({ openedHours, closedHours, ...scope }): ToldSpan => ({
    ...scope,
    openedMs: AT_MS - openedHours * HOUR_MS,
    closedMs: closedHours === null ? null : AT_MS - Math.min(closedHours, openedHours) * HOUR_MS,
  }));

function attemptOf({ arrivedMs, delayHours, build, signature }: Tried): Attempt {
  return {
    startedAtMs: arrivedMs - delayHours * HOUR_MS,
    endedAtMs: arrivedMs,
    arrivedAtMs: arrivedMs,
    timing: 'started',
    isImported: false,
    outcome: signature === null ? 'succeeded' : 'failed',
    operation: 'install',
    stage: 'unknown',
    rollback: 'none',
    hresult: '',
    reportedHresult: '',
    build,
    channel: '',
    branch: '',
    upgradedFrom: '',
    signature,
    eventIds: ['0'],
  };
}

function historiesOf(all: readonly Tried[]): HistoryRow[] {
  const byKey = new Map<string, HistoryRow & { history: { attempts: Attempt[] } }>();
  for (const one of all) {
    const { bank, kb, device } = one;
    const key = `${bank}|${kb}|${device}`;
    const history = { attempts: [], failures: [], latest: null, attemptedBuilds: [] };
    const row = byKey.get(key) ?? { bank, kb, deviceKey: `d-${device}`, version: 1n, history };
    byKey.set(key, row);
    row.history.attempts.push(attemptOf(one));
  }
  return [...byKey.values()];
}

const reportOf = ({ arrivedMs, delayHours, device, signature, bank, build, kb }: Tried): CountedReport => ({
  bank,
  build,
  kb,
  device: `${bank}/d-${device}`,
  arrivedMs,
  occurredMs: arrivedMs - delayHours * HOUR_MS,
  levels: signature === null ? null : levelIdsOf(signature),
});

/** Everything that a look counts, in an order that does not depend on who counted. */
function told(counts: LookCounts, sincesMs: readonly number[]) {
  const sorted = (values: readonly unknown[]) => values.map((value) => JSON.stringify(value)).sort();
  const windowOf = ({ windowMs, leaves, failures }: Window) => ({
    windowMs,
    leaves: sorted(
      leaves.map(({ bank, build, kb, devices, started, delays, undated }) => [
        ...[bank, build, kb, devices, started, undated],
        ...delays,
      ]),
    ),
    failures: sorted(
      failures.map(({ bank, build, kb, device, arrivedMs, occurredMs, isDated, levels }) => [
        ...[bank, build, kb, device, arrivedMs, occurredMs, isDated],
        ...levels,
      ]),
    ),
  });
  const groups = [null, ...BANKS].flatMap((bank) =>
    [null, ...new Set(BUILDS.map(familyOf))].map((family) => groupId(bank, family)),
  );
  const series = new Set(['any', ...SIGNATURES.flatMap(levelIdsOf)]);
  const { baseline } = counts;
  return {
    windows: counts.windows.map(windowOf),
    lastDay: windowOf(counts.lastDay),
    earlier: windowOf(counts.earlier),
    active: sorted(
      counts.active.map(({ bank, build, kb, levels, lastArrivedMs }) => [
        bank,
        build,
        kb,
        lastArrivedMs,
        ...levels,
      ]),
    ),
    byDelay: baseline.byDelay,
    baseline: groups.map((group) => ({
      group,
      installs: baseline.installs(group),
      started: baseline.started(group),
      failures: [...series].map((each) => baseline.failures(group, each)),
      codes: [...baseline.codesOf(group)].sort(),
    })),
    since: sincesMs.map((ms) => BANKS.map((bank) => counts.arrivedSince({ bank, build: '*', kb: '*' }, ms))),
  };
}

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline();
});
afterAll(() => pipeline.dispose());

describe('what a look counts in ClickHouse', () => {
  it('is what counting the reports one by one gives, whatever the attempts of a device', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(tried, { minLength: 20, maxLength: 120 }),
        fc.array(span, { maxLength: 3 }),
        fc.uniqueArray(fc.integer({ min: 0, max: 300 }), { maxLength: 3 }),
        async (all, spans, sinceHours) => {
          await pipeline.reset('blue');
          const writer = pipeline.writers.of('blue');
          await writer.writeHistories(historiesOf(all));
          const sincesMs = sinceHours.map((hours) => AT_MS - hours * HOUR_MS);
          const counting = new ReportCounting();
          counting.add(
            all
              .map(reportOf)
              .filter(({ arrivedMs }) => arrivedMs <= AT_MS)
              .sort((left, right) => left.arrivedMs - right.arrivedMs),
          );
          const counted = await writer.watchCounts({ atMs: AT_MS, told: spans, sincesMs });
          expect(told(counted, sincesMs)).toEqual(told(counting.at(AT_MS, spans), sincesMs));
        },
      ),
      // Shrinking ends in time to say what it found.
      { numRuns: 15, interruptAfterTimeLimit: 45_000 },
    );
  });
});
