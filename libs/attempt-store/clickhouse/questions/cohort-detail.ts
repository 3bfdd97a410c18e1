import type { Cohort, CohortDetail } from '../../attempt-store.js';
import type { Ask } from './ask.js';
import { cohortFromRow } from './cohort-rows.js';
import type { CohortRow } from './cohort-rows.js';
import { Conditions } from './conditions.js';

/** Devices listed at most; the cohort's numbers count all. */
const DEVICES_MAX = 1_000;

interface FailureRow {
  readonly bank: string;
  readonly kb: string;
  readonly device_key: string;
  readonly branch: string;
  readonly channel: string;
  readonly open: boolean;
  readonly last_at: string | null;
  readonly attempts: number;
}

/** A cohort from near. null when the bank has none of that id. */
export async function askCohortDetail(
  ask: Ask,
  database: string,
  bank: string | null,
  cohortId: string,
): Promise<CohortDetail | null> {
  const conditions = new Conditions()
    .where('cohort_id', '=', 'String', cohortId)
    .where('bank', '=', 'String', bank);
  const [row] = await ask<CohortRow>(
    `SELECT * FROM ${database}.cohorts WHERE ${conditions.sql} LIMIT 1`,
    conditions.parameters,
  );
  if (!row) return null;
  const cohort = cohortFromRow(row);
  const failures = await ask<FailureRow>(
    `SELECT bank, kb, device_key, branch, channel, open, last_at, attempts FROM ${database}.final_failures WHERE ${conditions.sql} ORDER BY open DESC, last_at DESC NULLS LAST, device_key`,
    conditions.parameters,
  );
  const [evidence, otherBanks] = await Promise.all([
    askEvidence(ask, database, cohort),
    bank === null ? askOtherBanks(ask, database, cohort) : null,
  ]);
  return {
    ...cohort,
    devices: failures.slice(0, DEVICES_MAX).map((failure) => ({
      deviceKey: failure.device_key,
      branch: failure.branch,
      open: failure.open,
      lastSeen: failure.last_at,
    })),
    branches: countDevices(failures, (failure) => failure.branch),
    channels: countDevices(failures, (failure) => failure.channel),
    attempts: failures.reduce((sum, failure) => sum + failure.attempts, 0),
    ...evidence,
    otherBanks,
  };
}

/** How many other banks know the signature: for a reader of all banks only, because it tells of theirs. */
async function askOtherBanks(ask: Ask, database: string, { bank, signature }: Cohort): Promise<number> {
  const [row] = await ask<{ banks: number }>(
    `SELECT uniqExact(bank) AS banks FROM ${database}.final_failures WHERE signature_id = {signature:String} AND bank != {bank:String}`,
    { signature: signature.id, bank },
  );
  return row?.banks ?? 0;
}

interface EvidenceRow {
  readonly stage: string;
  readonly hresult: string;
  readonly reported_hresult: string;
  readonly inner_errors: { readonly code: string; readonly kind: string }[];
  readonly excerpt: string[];
}

type Evidence = Pick<
  CohortDetail,
  'stage' | 'hresult' | 'reportedHresult' | 'innerErrors' | 'excerpt' | 'sources'
>;

/** What the richest report behind the cohort's attempts says, and which kinds of source told of it. */
async function askEvidence(
  ask: Ask,
  database: string,
  cohort: { bank: string; kb: string; build: string; signature: { id: string } },
): Promise<Evidence> {
  const parameters = {
    bank: cohort.bank,
    kb: cohort.kb,
    build: cohort.build,
    signature: cohort.signature.id,
  };
  const attempts = `SELECT stage, hresult, reported_hresult, event_ids FROM ${database}.attempts WHERE bank = {bank:String} AND kb = {kb:String} AND build = {build:String} AND signature_id = {signature:String}`;
  const [richest, sources] = await Promise.all([
    ask<EvidenceRow>(
      `SELECT r.stage AS stage, r.hresult AS hresult, r.reported_hresult AS reported_hresult, r.inner_errors AS inner_errors, r.excerpt AS excerpt
       FROM ${database}.reports AS r
       WHERE r.bank = {bank:String} AND r.outcome IN ('failed', 'rolled_back') AND r.event_id IN (SELECT arrayJoin(event_ids) FROM (${attempts}))
       ORDER BY r.evidence_count DESC, length(r.excerpt) DESC, r.event_id LIMIT 1`,
      parameters,
    ),
    ask<{ source: string }>(
      `SELECT DISTINCT source FROM ${database}.reports WHERE bank = {bank:String} AND event_id IN (SELECT arrayJoin(event_ids) FROM (${attempts})) ORDER BY source`,
      parameters,
    ),
  ]);
  const row = richest[0];
  return {
    stage: row?.stage ?? 'unknown',
    hresult: row?.hresult ?? '',
    reportedHresult: row?.reported_hresult ?? '',
    innerErrors: (row?.inner_errors ?? []).map(({ code, kind }) => ({ code, kind })),
    excerpt: row?.excerpt ?? [],
    sources: sources.map(({ source }) => source),
  };
}

function countDevices(
  failures: readonly FailureRow[],
  nameOf: (failure: FailureRow) => string,
): { name: string; devices: number }[] {
  const devices = new Map<string, Set<string>>();
  for (const failure of failures) {
    const name = nameOf(failure) || 'unknown';
    devices.set(name, (devices.get(name) ?? new Set()).add(failure.device_key));
  }
  return [...devices]
    .map(([name, keys]) => ({ name, devices: keys.size }))
    .sort((a, b) => b.devices - a.devices || a.name.localeCompare(b.name));
}
