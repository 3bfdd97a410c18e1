import type { BorneFailure } from './bearers.js';
import { boundedMemo } from './bounded-memo.js';
import type { Attempt, FinalFailure, Signature } from './report.js';
import { shortId } from './short-id.js';

const cohortIds = boundedMemo<string>(50_000);

/** Contract.md §3: 16 base32 characters of SHA-256 of bank, build, KB and signature. */
export function cohortIdOf(bank: string, build: string, kb: string, signatureId: string): string {
  return cohortIds(`${bank}\n${build}\n${kb}\n${signatureId}`, () => shortId([bank, build, kb, signatureId]));
}

/** The failures of one episode with their bearers. */
export interface ToldEpisode {
  readonly borne: readonly BorneFailure[];
  readonly open: boolean;
  /** Not the first: the device failed before, and then succeeded or was quiet for 14 days. */
  readonly again: boolean;
}

interface Row {
  readonly build: string;
  readonly signature: Signature;
  readonly tries: Set<number>;
  firstAtMs: number | null;
  lastAtMs: number | null;
  open: boolean;
  regressed: boolean;
}

/**
 * One row per (build, signature) with an unsuperseded failure. A superseded failure counts in its bearer's row: the
 * device has moved there, it is not new there (contract.md §8).
 */
export function toFinalFailures(
  bank: string,
  kb: string,
  episodes: readonly ToldEpisode[],
  attempts: readonly Attempt[],
): readonly FinalFailure[] {
  const rows = new Map<string, Row>();
  for (const episode of episodes) {
    /** By (build, signature), and the first of each signature by that alone. */
    const ofEpisode = new Map<string, Row>();
    for (const borne of episode.borne) {
      if (borne.superseded) continue;
      const { signature } = borne.bearer;
      const build = buildOf(attempts, borne);
      const key = rowKey(build, signature.id);
      let row = rows.get(key);
      if (!row) rows.set(key, (row = newRow(build, signature)));
      ofEpisode.set(key, row);
      if (!ofEpisode.has(signature.id)) ofEpisode.set(signature.id, row);
      add(row, borne, episode);
    }
    for (const borne of episode.borne) {
      if (!borne.superseded) continue;
      const { id } = borne.bearer.signature;
      const row = ofEpisode.get(rowKey(buildOf(attempts, borne), id)) ?? ofEpisode.get(id);
      if (row) add(row, borne, episode);
    }
  }
  return [...rows.values()]
    .map((row) => toFinalFailure(cohortIdOf(bank, row.build, kb, row.signature.id), row, attempts))
    .sort(byCohort);
}

const rowKey = (build: string, signatureId: string): string => `${build} ${signatureId}`;

function add(row: Row, { failure }: BorneFailure, { open, again }: ToldEpisode): void {
  const atMs = failure.report.occurredAtMs;
  if (atMs !== null) {
    if (row.firstAtMs === null || atMs < row.firstAtMs) row.firstAtMs = atMs;
    if (row.lastAtMs === null || atMs > row.lastAtMs) row.lastAtMs = atMs;
  }
  row.tries.add(failure.tryIndex);
  if (!open) return;
  row.open = true;
  if (again) row.regressed = true;
}

function toFinalFailure(cohortId: string, row: Row, attempts: readonly Attempt[]): FinalFailure {
  const own = [...row.tries]
    .sort((left, right) => right - left)
    .map((index) => attempts[index])
    .filter((attempt) => attempt !== undefined);
  return {
    cohortId,
    build: row.build,
    signature: row.signature,
    channel: own.find(({ channel }) => channel !== 'unknown')?.channel ?? 'unknown',
    branch: own.find(({ branch }) => branch !== '')?.branch ?? '',
    firstAtMs: row.firstAtMs,
    lastAtMs: row.lastAtMs,
    arrivedAtMs: own.reduce((earliest, { arrivedAtMs }) => Math.min(earliest, arrivedAtMs), Infinity),
    open: row.open,
    regressed: row.regressed,
    attempts: own.length,
  };
}

function newRow(build: string, signature: Signature): Row {
  return {
    build,
    signature,
    tries: new Set(),
    firstAtMs: null,
    lastAtMs: null,
    open: false,
    regressed: false,
  };
}

function buildOf(attempts: readonly Attempt[], { failure }: BorneFailure): string {
  return attempts[failure.tryIndex]?.build ?? 'unknown';
}

function byCohort(left: FinalFailure, right: FinalFailure): number {
  return left.cohortId < right.cohortId ? -1 : 1;
}
