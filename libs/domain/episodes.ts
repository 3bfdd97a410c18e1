import { isFailure } from './report-order.js';
import { failurePartsOf } from './signature/signature.js';
import type { FailureParts } from './signature/signature.js';
import type { Report } from './report.js';
import type { Operation } from './words.js';

const LONGEST_GAP_MS = 14 * 24 * 3_600_000;

/** One failed report and the try it belongs to. */
export interface Failure {
  readonly report: Report;
  readonly tryIndex: number;
  readonly parts: FailureParts;
}

/** Failures with no success of the KB between them and no gap over 14 days. */
export interface Episode {
  readonly failures: Failure[];
  /** No success came after it. */
  open: boolean;
}

/** A report in the order of its history. */
export interface PlacedReport {
  readonly report: Report;
  readonly tryIndex: number;
  /** Its own, or what other reports of the try say when it does not. */
  readonly operation: Operation;
}

/**
 * The episodes of one (bank, device, KB), from its reports in order. Only installs count (and what may be one); a
 * pending restart closes nothing. A gap to a failure without a known time is not known, so it does not split.
 */
export function findEpisodes(placed: readonly PlacedReport[]): readonly Episode[] {
  const episodes: Episode[] = [];
  let current: Episode | null = null;
  let lastAtMs: number | null = null;
  for (const { report, tryIndex, operation } of placed) {
    if (operation !== 'install' && operation !== 'unknown') continue;
    if (report.outcome === 'succeeded') {
      for (const episode of episodes) episode.open = false;
      current = null;
      continue;
    }
    if (!isFailure(report.outcome)) continue;
    const atMs = report.occurredAtMs;
    if (current === null || (atMs !== null && lastAtMs !== null && atMs - lastAtMs > LONGEST_GAP_MS)) {
      current = { failures: [], open: true };
      episodes.push(current);
    }
    lastAtMs = atMs;
    current.failures.push({ report, tryIndex, parts: failurePartsOf(report) });
  }
  return episodes;
}
