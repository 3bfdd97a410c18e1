import { createHash } from 'node:crypto';
import { fleetAttempt } from './fleet-attempt.js';

/**
 * The peer's tables: the facts, and the same three roll-ups. It knows less than ours (no attempts out of several
 * reports, no superseded failures, no links between devices), so its figure is a best case.
 */
export const PEER_TABLES = `
  CREATE TABLE reports (
    event_id uuid PRIMARY KEY, bank text NOT NULL, kb text NOT NULL, device text NOT NULL,
    received_at timestamptz NOT NULL, occurred_at timestamptz, source text NOT NULL, operation text NOT NULL,
    outcome text NOT NULL, rollback text NOT NULL, hresult text NOT NULL, failure_source text NOT NULL,
    os_build text NOT NULL, channel text NOT NULL, branch text NOT NULL, update_id uuid NOT NULL,
    update_revision int NOT NULL, update_title text NOT NULL, parser_version text NOT NULL, delivery_mode text NOT NULL);
  CREATE TABLE latest_outcomes (
    bank text, kb text, device text, outcome text, at timestamptz, event_id uuid, PRIMARY KEY (bank, kb, device));
  CREATE TABLE failing_devices (
    bank text, build text, kb text, signature text, device text, PRIMARY KEY (bank, build, kb, signature, device));
  CREATE TABLE funnel_daily (
    bank text, day date, kb text, outcome text, device text, PRIMARY KEY (bank, day, kb, outcome, device));
  CREATE TABLE positions (writer int PRIMARY KEY, position bigint NOT NULL);`;

/** What each connection needs before its first batch. */
export const PEER_SESSION = 'CREATE TEMP TABLE incoming (LIKE reports) ON COMMIT DELETE ROWS';

/**
 * One batch, one transaction, one round trip: facts, roll-ups of the facts that are new, and the position.
 * A batch that is repeated after a crash changes nothing.
 */
export const peerBatch = (file: string, writer: number, position: number): string => `
  BEGIN;
  COPY incoming FROM '${file}';
  WITH fresh AS (INSERT INTO reports SELECT * FROM incoming ON CONFLICT DO NOTHING RETURNING *),
  latest AS (
    INSERT INTO latest_outcomes
    SELECT DISTINCT ON (bank, kb, device) bank, kb, device, outcome, occurred_at, event_id FROM fresh
    ORDER BY bank, kb, device, occurred_at DESC, event_id DESC
    ON CONFLICT (bank, kb, device) DO UPDATE
    SET outcome = excluded.outcome, at = excluded.at, event_id = excluded.event_id
    WHERE (excluded.at, excluded.event_id) > (latest_outcomes.at, latest_outcomes.event_id)),
  failing AS (
    INSERT INTO failing_devices SELECT DISTINCT bank, os_build, kb, hresult, device FROM fresh
    WHERE outcome = 'failed' ON CONFLICT DO NOTHING)
  INSERT INTO funnel_daily
  SELECT DISTINCT bank, (occurred_at AT TIME ZONE 'UTC')::date, kb, outcome, device FROM fresh ON CONFLICT DO NOTHING;
  INSERT INTO positions VALUES (${writer}, ${position})
  ON CONFLICT (writer) DO UPDATE SET position = excluded.position;
  COMMIT;`;

/** Rows of one bank in COPY's text form: the same attempts as those sent to ours, as the projector would store them. */
export function peerRows(bank: number, firstRow: number, count: number): string {
  const receivedAt = new Date(Date.UTC(2026, 0, 1)).toISOString();
  let text = '';
  for (let n = firstRow; n < firstRow + count; n += 1) {
    const { device, kb, occurredAt, outcome, hresult, osBuild } = fleetAttempt(n);
    const cells = [
      hash(`${bank}/event/${n}`).slice(0, 32),
      `bank-${bank}`,
      kb,
      `d-${hash(`${bank}/device/${device}`).slice(0, 20)}`,
      receivedAt,
      occurredAt,
      'servicing',
      'install',
      outcome,
      'none',
      hresult,
      hresult === '' ? '' : 'CBS',
      osBuild,
      'wsus',
      `branch-${device % 200}`,
      `1f2e3d4c-0000-4000-8000-${String(n % 40).padStart(12, '0')}`,
      200,
      `2024-09 Cumulative Update for Windows 10 Version 22H2 (${n % 40})`,
      '1.0.0',
      'live',
    ];
    text += `${cells.join('\t')}\n`;
  }
  return text;
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
