import type { AttemptView, SignatureView } from '../../attempt-store.js';

export interface AttemptRow {
  readonly bank: string;
  readonly kb: string;
  readonly device_key: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly outcome: string;
  readonly operation: string;
  readonly stage: string;
  readonly rollback: string;
  readonly hresult: string;
  readonly reported_hresult: string;
  readonly build: string;
  readonly channel: string;
  readonly branch: string;
  readonly signature_id: string;
  readonly l1: string;
  readonly l2: string;
  readonly l3: string;
  readonly fineness: number;
  readonly reason: string;
  readonly event_ids: string[];
  /** Time for ordering: start, else end, else arrival. */
  readonly sort_ms: number;
}

/** Attempts with their signature spelled out. `conditions` speak of columns of the view `attempts`. */
export const attemptQuery = (database: string, conditions: string): string => `
SELECT
    a.bank AS bank, a.kb AS kb, a.device_key AS device_key, a.started_at AS started_at, a.ended_at AS ended_at, a.outcome AS outcome,
    a.operation AS operation, a.stage AS stage, a.rollback AS rollback, a.hresult AS hresult, a.reported_hresult AS reported_hresult,
    a.build AS build, a.channel AS channel, a.branch AS branch, a.signature_id AS signature_id,
    s.l1 AS l1, s.l2 AS l2, s.l3 AS l3, s.fineness AS fineness, s.reason AS reason, a.event_ids AS event_ids,
    toUnixTimestamp64Milli(coalesce(a.started_at, a.ended_at, a.arrived_at)) AS sort_ms
FROM (SELECT * FROM ${database}.attempts WHERE ${conditions}) AS a
LEFT JOIN (SELECT signature_id, any(l1) AS l1, any(l2) AS l2, any(l3) AS l3, any(fineness) AS fineness, any(reason) AS reason FROM ${database}.signatures GROUP BY signature_id) AS s
    ON s.signature_id = a.signature_id`;

export function attemptFromRow(row: AttemptRow): AttemptView {
  const signature: SignatureView | null =
    row.signature_id === ''
      ? null
      : {
          id: row.signature_id,
          l1: row.l1,
          l2: row.l2,
          l3: row.l3,
          fineness: row.fineness,
          reason: row.reason,
        };
  return {
    bank: row.bank,
    deviceKey: row.device_key,
    kb: row.kb,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    outcome: row.outcome,
    operation: row.operation,
    stage: row.stage,
    rollback: row.rollback,
    hresult: row.hresult,
    reportedHresult: row.reported_hresult,
    build: row.build,
    channel: row.channel,
    branch: row.branch,
    signature,
    reports: row.event_ids,
  };
}
