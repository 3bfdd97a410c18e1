import type { PackageSnapshot } from '#domain/packages/device-packages.js';
import type { DeviceSnapshots } from '../../failure-questions.js';
import type { Ask } from './ask.js';
import { Conditions } from './conditions.js';
import { isPending } from './pending-state.js';

interface SightingRow {
  readonly bank: string;
  readonly device_key: string;
  readonly branch: string;
  readonly taken_ms: number;
  readonly packages: readonly Readonly<Record<'identity' | 'kb' | 'state' | 'installedAt', string>>[];
}

/**
 * What the listings of each device say of the packages that are pending: by the last listing that names them, unless a
 * whole listing after it no longer does. A servicing log and a list of hotfixes name only some packages: their silence
 * means nothing. Only these few packages leave the store: listings are long, pending packages rare.
 */
export async function askPendingPackages(
  ask: Ask,
  database: string,
  bank: string | null,
): Promise<readonly DeviceSnapshots[]> {
  const conditions = new Conditions().where('i.bank', '=', 'String', bank);
  const rows = await ask<SightingRow>(
    `WITH pending AS (${pendingByDevice(database, conditions.sql)})
     SELECT l.bank AS bank, l.device_key AS device_key, l.branch AS branch, toUnixTimestamp64Milli(l.taken_at) AS taken_ms,
       arrayFilter(p -> has(w.identities, p.1), l.packages) AS packages
     FROM (${packageListings(database, conditions.sql)}) AS l INNER JOIN pending AS w ON w.bank = l.bank AND w.device_key = l.device_key
     ORDER BY bank, device_key, taken_ms`,
    conditions.parameters,
  );
  const devices = new Map<
    string,
    DeviceSnapshots & { readonly snapshots: PackageSnapshot[]; branch: string }
  >();
  for (const { bank: owner, device_key: deviceKey, branch, taken_ms: takenAtMs, packages } of rows) {
    const key = `${owner}\n${deviceKey}`;
    const device = devices.get(key) ?? { bank: owner, deviceKey, branch, snapshots: [] };
    devices.set(key, device);
    if (branch !== '') device.branch = branch;
    device.snapshots.push({ takenAtMs, packages: packages.map(toPackage) });
  }
  return [...devices.values()];
}

/** SQL: every canonical device with a pending package, and the identities. `bankCondition` speaks of `i.bank`. */
export function pendingByDevice(database: string, bankCondition: string): string {
  const listings = packageListings(database, bankCondition);
  return `
    SELECT n.bank AS bank, n.device_key AS device_key, groupArray(n.identity) AS identities
    FROM (
      SELECT bank, device_key, p.1 AS identity, argMax(p.3, (taken_at, event_id)) AS state, max((taken_at, event_id)) AS named_last
      FROM (${listings}) ARRAY JOIN packages AS p GROUP BY bank, device_key, identity
    ) AS n LEFT JOIN (
      SELECT bank, device_key, max((taken_at, event_id)) AS whole_last FROM (${listings}) WHERE is_whole GROUP BY bank, device_key
    ) AS w ON w.bank = n.bank AND w.device_key = n.device_key
    WHERE ${isPending('n.state')} AND n.named_last >= w.whole_last GROUP BY bank, device_key`;
}

const packageListings = (database: string, bankCondition: string): string => `
  SELECT i.bank AS bank, if(c.canonical_key = '', i.device_key, c.canonical_key) AS device_key, i.branch AS branch,
    i.taken_at AS taken_at, i.event_id AS event_id,
    JSONExtract(i.event, 'packages', 'Array(Tuple(identity String, kb String, state String, installedAt String))') AS packages,
    JSONExtractString(i.event, 'source') != 'cbs_log' AND arrayExists(p -> position(p.1, '~') > 0, packages) AS is_whole
  FROM ${database}.inventories AS i FINAL
  LEFT JOIN (SELECT bank, device_key, canonical_key FROM ${database}.canonical_devices FINAL) AS c
    ON c.bank = i.bank AND c.device_key = i.device_key
  WHERE ${bankCondition} AND JSONHas(i.event, 'packages')`;

const toPackage = ({ identity, kb, state, installedAt }: SightingRow['packages'][number]) => ({
  identity,
  state,
  ...(kb === '' ? {} : { kb }),
  ...(installedAt === '' ? {} : { installedAt }),
});
