import { tellTrials } from '#domain/remedies/remedy-trials.js';
import type {
  AppliedRemedy,
  RemedyTrial,
  ToldOutcome,
  TreatedAttempt,
} from '#domain/remedies/remedy-trials.js';
import type { RemedyFilter } from '../../failure-questions.js';
import type { Ask } from './ask.js';
import { attemptQuery } from './attempt-rows.js';
import { Conditions } from './conditions.js';

interface RemedyRow {
  readonly bank: string;
  readonly kb: string;
  readonly device_key: string;
  readonly event_id: string;
  readonly kind: 'applied' | 'outcome';
  readonly remedy_id: string;
  readonly at_ms: number;
  readonly fixed: boolean;
}

interface TreatedAttemptRow {
  readonly bank: string;
  readonly kb: string;
  readonly device_key: string;
  readonly outcome: string;
  readonly at_ms: number;
  readonly signature_id: string;
  readonly l1: string;
  readonly l2: string;
  readonly l3: string;
}

/**
 * Every use of a remedy in these banks with what it treated and what came of it, as the attempts tell it now: evidence
 * that comes later, or better rules, change the answer without anything being projected anew.
 */
export async function askRemedyTrials(
  ask: Ask,
  database: string,
  { bank, kb }: RemedyFilter,
): Promise<readonly RemedyTrial[]> {
  const conditions = new Conditions().where('bank', '=', 'String', bank).where('kb', '=', 'String', kb);
  const remedies = `SELECT * FROM ${database}.remedies WHERE ${conditions.sql}`;
  const treated = `${conditions.sql} AND (bank, kb, device_key) IN (SELECT bank, kb, device_key FROM (${remedies}) WHERE kind = 'applied')`;
  const [events, attempts] = await Promise.all([
    ask<RemedyRow>(
      `SELECT bank, kb, device_key, event_id, kind, remedy_id, toUnixTimestamp64Milli(at) AS at_ms, fixed FROM (${remedies})`,
      conditions.parameters,
    ),
    ask<TreatedAttemptRow>(
      `SELECT bank, kb, device_key, outcome, signature_id, l1, l2, l3, toUnixTimestamp64Milli(assumeNotNull(coalesce(ended_at, started_at))) AS at_ms
       FROM (${attemptQuery(database, treated)})
       WHERE operation IN ('install', 'unknown') AND coalesce(ended_at, started_at) IS NOT NULL`,
      conditions.parameters,
    ),
  ]);
  const told = events.map(toldFromRow);
  return tellTrials(
    told.filter((event, index) => events[index]?.kind === 'applied'),
    told.filter((event, index) => events[index]?.kind === 'outcome'),
    attempts.map(attemptFromRow),
  );
}

const toldFromRow = (row: RemedyRow): AppliedRemedy & ToldOutcome => ({
  bank: row.bank,
  deviceKey: row.device_key,
  kb: row.kb,
  eventId: row.event_id,
  remedyId: row.remedy_id,
  atMs: row.at_ms,
  fixed: row.fixed,
});

const attemptFromRow = (row: TreatedAttemptRow): TreatedAttempt => ({
  bank: row.bank,
  deviceKey: row.device_key,
  kb: row.kb,
  atMs: row.at_ms,
  outcome: row.outcome,
  signature: row.signature_id === '' ? null : { id: row.signature_id, l1: row.l1, l2: row.l2, l3: row.l3 },
});
