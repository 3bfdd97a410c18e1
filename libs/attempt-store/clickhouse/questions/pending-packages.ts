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
 * What the listings of each device say of the packages that its newest listing shows as pending. Only these few leave
 * the store: listings are long, pending packages rare.
 */
export async function askPendingPackages(
  ask: Ask,
  database: string,
  bank: string | null,
): Promise<readonly DeviceSnapshots[]> {
  const conditions = new Conditions().where('i.bank', '=', 'String', bank);
  const listings = `
    SELECT i.bank AS bank, if(c.canonical_key = '', i.device_key, c.canonical_key) AS device_key, i.branch AS branch,
      i.taken_at AS taken_at, i.event_id AS event_id,
      JSONExtract(i.event, 'packages', 'Array(Tuple(identity String, kb String, state String, installedAt String))') AS packages
    FROM ${database}.inventories AS i FINAL
    LEFT JOIN (SELECT bank, device_key, canonical_key FROM ${database}.canonical_devices FINAL) AS c
      ON c.bank = i.bank AND c.device_key = i.device_key
    WHERE ${conditions.sql} AND JSONHas(i.event, 'packages')`;
  const rows = await ask<SightingRow>(
    `WITH pending AS (
       SELECT bank, device_key, arrayMap(p -> p.1, arrayFilter(p -> ${isPending('p.3')}, argMax(packages, (taken_at, event_id)))) AS identities
       FROM (${listings}) GROUP BY bank, device_key HAVING notEmpty(identities)
     )
     SELECT l.bank AS bank, l.device_key AS device_key, l.branch AS branch, toUnixTimestamp64Milli(l.taken_at) AS taken_ms,
       arrayFilter(p -> has(w.identities, p.1), l.packages) AS packages
     FROM (${listings}) AS l INNER JOIN pending AS w ON w.bank = l.bank AND w.device_key = l.device_key
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

const toPackage = ({ identity, kb, state, installedAt }: SightingRow['packages'][number]) => ({
  identity,
  state,
  ...(kb === '' ? {} : { kb }),
  ...(installedAt === '' ? {} : { installedAt }),
});
