import type { Cohort, CohortFilter } from '../../attempt-store.js';
import { Conditions } from './conditions.js';

export interface CohortRow {
  readonly bank: string;
  readonly build: string;
  readonly kb: string;
  readonly cohort_id: string;
  readonly signature_id: string;
  readonly signature_l1: string;
  readonly signature_l2: string;
  readonly signature_l3: string;
  readonly fineness: number;
  readonly reason: string;
  readonly failing: number;
  readonly ever_failed: number;
  readonly attempted: number;
  readonly first_seen: string | null;
  readonly last_seen: string | null;
  readonly regressed: number;
}

export function cohortFromRow(row: CohortRow): Cohort {
  return {
    cohortId: row.cohort_id,
    bank: row.bank,
    build: row.build,
    kb: row.kb,
    signature: {
      id: row.signature_id,
      l1: row.signature_l1,
      l2: row.signature_l2,
      l3: row.signature_l3,
      fineness: row.fineness,
      reason: row.reason,
    },
    failing: row.failing,
    everFailed: row.ever_failed,
    attempted: row.attempted,
    firstSeen: row.first_seen,
    lastSeen: row.last_seen,
    regressed: row.regressed,
  };
}

/** Conditions every list shares; `signature` matches an id or the code of level 1. */
export function filterConditions(
  filter: CohortFilter,
  columns: { signatureCode: string; since: string },
  /** The filter's signature and what it became under later rules. */
  signatures: readonly string[] = filter.signature === undefined ? [] : [filter.signature],
): Conditions {
  const conditions = new Conditions()
    .where('bank', '=', 'String', filter.bank)
    .where('build', '=', 'String', filter.build)
    .where('kb', '=', 'String', filter.kb)
    .where(
      columns.since,
      '>=',
      `DateTime64(3, 'UTC')`,
      filter.since === undefined ? undefined : toSqlTime(filter.since),
    );
  if (signatures.length > 0) {
    const values = conditions.bind('Array(String)', signatures);
    conditions.add(`(has(${values}, signature_id) OR has(${values}, ${columns.signatureCode}))`);
  }
  return conditions;
}

/** `2024-08-13T01:02:03.000Z` as a bound DateTime64 wants it. */
const toSqlTime = (iso: string): string => new Date(iso).toISOString().replace('T', ' ').replace('Z', '');
