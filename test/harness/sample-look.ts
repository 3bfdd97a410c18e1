import { DAY_MS, WINDOWS_MS } from '#domain/spikes/constants.js';
import { ANY_FAILURE } from '#domain/spikes/scan/counts.js';
import type { Failure, Leaf, LookCounts, WatchedSignature, Window } from '#domain/spikes/scan/counts.js';
import { holds, scopeId } from '#domain/spikes/scan/scope.js';

/** One signature of one bank, build and KB, with its past. */
export interface SampleSeries {
  readonly bank: string;
  readonly build: string;
  readonly kb: string;
  readonly signature: WatchedSignature;
  /** From the code to the signature. */
  readonly levels: readonly string[];
  readonly failed: number;
  readonly installs: number;
  readonly baselineFailed: number;
  readonly baselineInstalls: number;
  readonly branches: readonly string[];
  /** Told late: it happened earlier. */
  readonly isEarlier: boolean;
  /** When the first device was heard of, before the look; the others follow within four hours. */
  readonly firstBeforeMs: number;
}

const CODE: WatchedSignature = {
  id: 'code',
  l1: '0x80071ab1',
  l2: '',
  l3: '',
  fineness: 1,
  reason: 'code',
};

/** 17 of 240 with 0.8 expected, unless told otherwise. */
export const sampleSeries = (told: Partial<SampleSeries> = {}): SampleSeries => ({
  bank: 'bank-a',
  build: '17763.6189',
  kb: 'KB5041578',
  signature: CODE,
  levels: [told.signature?.id ?? CODE.id],
  failed: 17,
  installs: 240,
  baselineFailed: 40,
  baselineInstalls: 11_990,
  branches: ['b-1', 'b-2'],
  isEarlier: false,
  firstBeforeMs: DAY_MS / 6,
  ...told,
});

/** What a look counts when these series are all there is: every window sees the same. */
export function sampleCounts(atMs: number, series: readonly SampleSeries[]): LookCounts {
  const failures = series.flatMap((each) => failuresOf(each, atMs));
  const windowOf = (windowMs: number, isEarlier: boolean): Window => {
    const own = series.filter((each) => each.isEarlier === isEarlier);
    return { windowMs, leaves: leavesOf(own), failures: own.flatMap((each) => failuresOf(each, atMs)) };
  };
  const inGroup = (group: string) =>
    series.filter(({ bank, build }) => {
      const [ofBank = '', ofFamily = ''] = group.split('/');
      return (ofBank === '' || ofBank === bank) && (ofFamily === '' || build.startsWith(ofFamily));
    });
  const names = new Map(series.map(({ signature }) => [signature.id, signature]));
  const installsOf = (group: string) => {
    const leaves = new Map(inGroup(group).map((each) => [scopeId(each), each.baselineInstalls]));
    return [...leaves.values()].reduce((sum, installs) => sum + installs, 0);
  };
  return {
    atMs,
    windows: WINDOWS_MS.map((windowMs) => windowOf(windowMs, false)),
    lastDay: windowOf(DAY_MS, false),
    earlier: windowOf(DAY_MS, true),
    baseline: {
      byDelay: [],
      installs: installsOf,
      started: installsOf,
      failures: (group, of) =>
        inGroup(group)
          .filter(({ levels }) => of === ANY_FAILURE || levels.includes(of))
          .reduce((sum, { baselineFailed }) => sum + baselineFailed, 0),
      codesOf: (group) => new Set(inGroup(group).map(({ levels }) => levels[0] ?? '')),
    },
    active: failures.map(({ bank, build, kb, levels, arrivedMs }) => ({
      ...{ bank, build, kb, levels },
      lastArrivedMs: arrivedMs,
    })),
    arrivedSince: (scope) =>
      leavesOf(series.filter((each) => holds(scope, each))).reduce((sum, { devices }) => sum + devices, 0),
    signatureOf: (id) => names.get(id) ?? { ...CODE, id },
  };
}

function leavesOf(series: readonly SampleSeries[]): Leaf[] {
  const leaves = new Map<string, Leaf>();
  for (const { bank, build, kb, installs } of series) {
    const leaf = { bank, build, kb, devices: installs, started: installs, delays: [], undated: 0 };
    leaves.set(scopeId(leaf), leaf);
  }
  return [...leaves.values()];
}

function failuresOf(series: SampleSeries, atMs: number): Failure[] {
  const { bank, build, kb, failed, levels, branches, firstBeforeMs } = series;
  const stepMs = Math.min(DAY_MS / 48, firstBeforeMs / Math.max(1, failed));
  return Array.from({ length: failed }, (_, index) => {
    const arrivedMs = atMs - firstBeforeMs + index * stepMs;
    const branch = branches[index % Math.max(1, branches.length)] ?? '';
    return {
      ...{ bank, build, kb, branch, levels, arrivedMs },
      device: `${bank}/${levels[0] ?? ''}-${index}`,
      occurredMs: arrivedMs,
      isDated: true,
    };
  });
}
