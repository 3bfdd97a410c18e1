import { factorsOf } from '#domain/common-factor/attempt-factors.js';
import type { Observation } from '#domain/common-factor/common-factors.js';
import type { Ask } from './ask.js';
import { Conditions } from './conditions.js';

/** Successes to compare with, of other devices: enough for a share, drawn the same way each time. */
const SUCCESSES_MAX = 2_000;
const FAILURES_MAX = 5_000;

type Fact = readonly [
  type: string,
  name: string,
  path: string,
  packageIdentity: string,
  channel: string,
  upgradedFrom: string,
  kbKey: string,
];

interface ObservationRow {
  readonly failed: boolean;
  readonly code: string;
  readonly facts: readonly Fact[];
}

interface FailedAttempts {
  readonly bank: string;
  /** SQL over columns of view `attempts` with the bound values; which failures are asked about. */
  readonly failures: string;
  /** Which attempts may be compared with when they succeeded. */
  readonly successes: string;
  readonly conditions: Conditions;
}

/**
 * The attempts of one device that failed or succeeded, and – to compare with – attempts of other devices at the same
 * updates that succeeded.
 */
export async function askDeviceObservations(
  ask: Ask,
  database: string,
  bank: string,
  deviceKey: string,
): Promise<readonly Observation[]> {
  const conditions = new Conditions();
  const ofBank = `bank = ${conditions.bind('String', bank)}`;
  const own = `device_key = ${conditions.bind('String', deviceKey)}`;
  const updates = `SELECT kb FROM ${database}.histories FINAL WHERE ${ofBank} AND ${own}`;
  return askObservations(ask, database, {
    bank,
    failures: `${ofBank} AND ${own}`,
    successes: `${ofBank} AND kb IN (${updates})`,
    conditions,
  });
}

/** The attempts that failed with a cohort's signature, and those at the same update that succeeded. */
export async function askCohortObservations(
  ask: Ask,
  database: string,
  cohort: {
    readonly bank: string;
    readonly kb: string;
    readonly build: string;
    readonly signatureId: string;
  },
): Promise<readonly Observation[]> {
  const conditions = new Conditions();
  const ofUpdate = `bank = ${conditions.bind('String', cohort.bank)} AND kb = ${conditions.bind('String', cohort.kb)}`;
  const build = conditions.bind('String', cohort.build);
  const signature = conditions.bind('String', cohort.signatureId);
  return askObservations(ask, database, {
    bank: cohort.bank,
    failures: `${ofUpdate} AND build = ${build} AND signature_id = ${signature}`,
    successes: ofUpdate,
    conditions,
  });
}

async function askObservations(
  ask: Ask,
  database: string,
  { failures, successes, conditions }: FailedAttempts,
): Promise<readonly Observation[]> {
  const columns = `bank, kb, device_key, hresult, event_ids`;
  const chosen = `
    SELECT *, rowNumberInAllBlocks() AS place FROM (
      (SELECT true AS failed, ${columns} FROM ${database}.attempts WHERE ${failures} AND outcome IN ('failed', 'rolled_back')
       ORDER BY cityHash64(device_key), event_ids LIMIT ${FAILURES_MAX})
      UNION ALL
      (SELECT false AS failed, ${columns} FROM ${database}.attempts WHERE ${successes} AND outcome = 'succeeded' AND operation IN ('install', 'unknown')
       ORDER BY cityHash64(device_key), event_ids LIMIT ${SUCCESSES_MAX})
    )`;
  const rows = await ask<ObservationRow>(
    `SELECT a.failed AS failed, a.hresult AS code,
       groupUniqArray((r.object_type, r.object_name, r.object_path, r.package_identity, r.channel, r.upgraded_from, r.kb_key)) AS facts
     FROM (SELECT place, failed, bank, hresult, arrayJoin(event_ids) AS event_id FROM (${chosen})) AS a
     INNER JOIN (
       SELECT bank, event_id, object_type, object_name, object_path, package_identity, channel, upgraded_from, kb_key FROM ${database}.reports
       WHERE bank IN (SELECT bank FROM (${chosen})) AND event_id IN (SELECT arrayJoin(event_ids) FROM (${chosen}))
     ) AS r ON r.bank = a.bank AND r.event_id = a.event_id
     GROUP BY a.place, failed, code`,
    conditions.parameters,
  );
  return rows.map(toObservation);
}

function toObservation({ failed, code, facts }: ObservationRow): Observation {
  const reports = facts.map(([type, name, path, packageIdentity, channel, upgradedFrom, kbKey]) => ({
    failingObject: name === '' ? null : { type, name, ...(path === '' ? {} : { path }) },
    packageIdentity,
    channel,
    upgradedFrom,
    kbKey,
  }));
  return { failed, code: failed ? code : '', factors: factorsOf(reports) };
}
