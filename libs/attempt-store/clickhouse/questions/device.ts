import type { AttemptView, DeviceView, LatestOutcomeView } from '../../attempt-store.js';
import type { Ask } from './ask.js';
import { attemptFromRow, attemptQuery } from './attempt-rows.js';
import type { AttemptRow } from './attempt-rows.js';
import { Conditions } from './conditions.js';

/** Attempts shown on a device's page at most: newest first. Three years of nightly retries of one KB fit. */
const ATTEMPTS_MAX = 2_000;

/**
 * One device by any key it was ever sent under. null when no report and no snapshot of it is known in the bank
 * (or, for an operator, in any bank; then the first bank by name).
 */
export async function askDevice(
  ask: Ask,
  database: string,
  bank: string | null,
  deviceKey: string,
): Promise<DeviceView | null> {
  const found = await findDevice(ask, database, bank, deviceKey);
  if (found === null) return null;
  const conditions = new Conditions()
    .where('bank', '=', 'String', found.bank)
    .where('device_key', '=', 'String', found.deviceKey);
  const [attempts, latest, inventory] = await Promise.all([
    ask<AttemptRow>(
      `${attemptQuery(database, conditions.sql)} ORDER BY sort_ms DESC, kb, event_ids LIMIT ${ATTEMPTS_MAX}`,
      conditions.parameters,
    ),
    ask<LatestOutcomeView>(
      `SELECT kb, outcome, at FROM ${database}.latest_outcomes WHERE ${conditions.sql} ORDER BY at DESC NULLS LAST, kb`,
      conditions.parameters,
    ),
    ask<{ os_build: string; model: string; branch: string }>(
      `SELECT os_build, model, branch FROM ${database}.devices WHERE ${conditions.sql}`,
      conditions.parameters,
    ),
  ]);
  const views = attempts.map(attemptFromRow);
  const newestBuild = views.find((attempt) => attempt.build !== 'unknown')?.build;
  return {
    ...found,
    osBuild: inventory[0]?.os_build || newestBuild || 'unknown',
    model: inventory[0]?.model || 'unknown',
    branch: inventory[0]?.branch || views.find((attempt) => attempt.branch !== '')?.branch || 'unknown',
    latest,
    attempts: views,
    codes: countCodes(views),
  };
}

async function findDevice(
  ask: Ask,
  database: string,
  bank: string | null,
  deviceKey: string,
): Promise<{ bank: string; deviceKey: string } | null> {
  const conditions = new Conditions().where('bank', '=', 'String', bank);
  const key = conditions.bind('String', deviceKey);
  const rows = await ask<{ bank: string; device_key: string }>(
    `SELECT bank, argMin(found, place) AS device_key FROM (
       SELECT bank, canonical_key AS found, 0 AS place FROM ${database}.canonical_devices FINAL WHERE device_key = ${key} AND ${conditions.sql}
       UNION ALL SELECT bank, device_key, 1 FROM ${database}.reports WHERE device_key = ${key} AND ${conditions.sql} LIMIT 1 BY bank
       UNION ALL SELECT bank, device_key, 2 FROM ${database}.inventories WHERE device_key = ${key} AND ${conditions.sql} LIMIT 1 BY bank
     ) GROUP BY bank ORDER BY bank LIMIT 1`,
    conditions.parameters,
  );
  const row = rows[0];
  return row ? { bank: row.bank, deviceKey: row.device_key } : null;
}

function countCodes(attempts: readonly AttemptView[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { hresult, outcome } of attempts) {
    if (hresult !== '' && outcome !== 'succeeded') counts[hresult] = (counts[hresult] ?? 0) + 1;
  }
  return counts;
}
