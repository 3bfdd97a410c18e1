import type { Scope } from './scope.js';

/** The coarsest series: every failure, whatever its code, against the attempts that started. */
export const ANY_FAILURE = 'any';

/** A signature as the watch carries it. */
export interface WatchedSignature {
  readonly id: string;
  readonly l1: string;
  readonly l2: string;
  readonly l3: string;
  readonly fineness: number;
  readonly reason: string;
}

/** One failed attempt of a device. Times in ms. */
export interface Failure extends Scope {
  /** Unique over the fleet. */
  readonly device: string;
  readonly branch: string;
  /** Smallest arrival of any report of the attempt. */
  readonly arrivedMs: number;
  /** Start of the attempt; of its outcome when no start was told. */
  readonly occurredMs: number;
  /** Whether the start was told. */
  readonly isDated: boolean;
  /** Its series from the coarsest (the code) to the finest known. */
  readonly levels: readonly string[];
}

/** The finest grouping: what tried, whatever came of it. */
export interface Leaf extends Scope {
  /** Distinct devices with an outcome. */
  readonly devices: number;
  /** Distinct devices that started, with or without an outcome so far. */
  readonly started: number;
  /** Attempts whose start was told, by delay bin. */
  readonly delays: readonly number[];
  /** Attempts whose start was not told. */
  readonly undated: number;
}

/** What is in one window. */
export interface Window {
  readonly windowMs: number;
  readonly leaves: readonly Leaf[];
  readonly failures: readonly Failure[];
}

/** Group of the baseline: the fleet, a release of Windows (family), a bank, or a bank's devices of one release. */
export const groupId = (bank: string | null, family: string | null): string =>
  `${bank ?? ''}/${family ?? ''}`;

/** The past: distinct device × KB pairs. */
export interface BaselineCounts {
  /** Attempts whose start was told, by delay bin. */
  readonly byDelay: readonly { readonly reports: number; readonly failures: number }[];
  installs(group: string): number;
  /** With or without an outcome. */
  started(group: string): number;
  failures(group: string, series: string): number;
  /** Every code (series of the coarsest level) that failed in a group. */
  codesOf(group: string): Iterable<string>;
}

/** A series of a leaf that failed within the last week. */
export interface ActiveSeries extends Scope {
  readonly levels: readonly string[];
  readonly lastArrivedMs: number;
}

/** Everything one look counts, at watch time T. Windows are (T − w, T] by arrival. */
export interface LookCounts {
  readonly atMs: number;
  /** News: 6, 24 and 72 h. */
  readonly windows: readonly Window[];
  /** Arrived and begun in the last day: what recovery is judged by. */
  readonly lastDay: Window;
  /** Arrived in the last day, told of something earlier: late, imported or replayed. */
  readonly earlier: Window;
  readonly baseline: BaselineCounts;
  readonly active: readonly ActiveSeries[];
  /** Attempts of a scope that arrived after a moment. */
  arrivedSince(scope: Scope, sinceMs: number): number;
  signatureOf(series: string): WatchedSignature;
}
