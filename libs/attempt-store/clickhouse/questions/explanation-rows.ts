import type { CohortRow } from '#domain/cohort-explanation/cohort-row.js';
import type { ExplainedCohort } from '../../failure-questions.js';
import type { Ask } from './ask.js';
import { Conditions } from './conditions.js';
import { pendingByDevice } from './pending-packages.js';

/** Devices that did not fail are sampled down to about so many; each then stands for as many as it was drawn from. */
const OTHERS_MAX = 50_000;

/** Services that must be able to start for an update to install. Other services tell more about a fleet than about updates. */
const SERVICES = [
  'winmgmt',
  'trustedinstaller',
  'wuauserv',
  'bits',
  'cryptsvc',
  'msiserver',
  'appxsvc',
  'appreadiness',
];

/** Drivers that may be causes: a version on so many failing devices, that many times more often than elsewhere. */
const DRIVERS_MAX = 10;
const DRIVER_FAILED_MIN = 3;
const DRIVER_LIFT_MIN = 3;

/**
 * Every device that tried the cohort's update in these banks: what is known of it, and whether it failed with the
 * cohort's signature. Attributes of the attempt are those of the failing one (else of the last); those of the
 * inventory are each by the newest snapshot that tells it. What nobody told is empty.
 */
export async function askExplanationRows(
  ask: Ask,
  database: string,
  bank: string | null,
  cohort: ExplainedCohort,
): Promise<readonly CohortRow[]> {
  const conditions = new Conditions()
    .where('bank', '=', 'String', bank)
    .where('kb', '=', 'String', cohort.kb);
  const signature = conditions.bind('String', cohort.signatureId);
  const ofBank = bank === null ? '1' : `i.bank = ${conditions.bind('String', bank)}`;
  const tried = `
    SELECT bank, device_key, has(\`failures.signature_id\`, ${signature})::Bool AS failed,
      arrayLastIndex(id -> id = ${signature}, \`attempts.signature_id\`) AS failing, if(failing = 0, -1, toInt64(failing)) AS at,
      \`attempts.build\`[at] AS build, \`attempts.channel\`[at] AS channel, \`attempts.branch\`[at] AS attempt_branch,
      \`attempts.upgraded_from\`[at] AS attempt_upgraded_from,
      coalesce(\`attempts.started_at\`[at], \`attempts.ended_at\`[at], \`attempts.arrived_at\`[at]) AS tried_at
    FROM ${database}.histories FINAL WHERE ${conditions.sql} AND notEmpty(attempted_builds)`;
  const [size] = await ask<{ others: number }>(
    `SELECT countIf(NOT failed) AS others FROM (${tried})`,
    conditions.parameters,
  );
  const every = Math.max(1, Math.ceil((size?.others ?? 0) / OTHERS_MAX));
  const sampled = `SELECT * FROM (${tried}) WHERE failed OR cityHash64(device_key) % ${every} = 0`;
  const told = `
    SELECT t.*, ${TOLD.map(([name]) => `i.newest_${name} AS ${name}`).join(', ')}
    FROM (${sampled}) AS t LEFT JOIN (${toldByInventories(database, ofBank)}) AS i ON i.bank = t.bank AND i.device_key = t.device_key`;
  const known = `
    SELECT t.*, p.device_key != '' AS has_pending
    FROM (${told}) AS t LEFT JOIN (${pendingByDevice(database, ofBank)}) AS p ON p.bank = t.bank AND p.device_key = t.device_key`;
  const drivers = await askDrivers(ask, known, conditions);
  const columns = {
    ...ATTEMPT_ATTRIBUTES,
    ...INVENTORY_ATTRIBUTES,
    ...driverAttributes(drivers, conditions),
  };
  const names = Object.keys(columns);
  const rows = await ask<{ cells: readonly string[]; failed: boolean; devices: number }>(
    `SELECT [${Object.values(columns).join(', ')}] AS cells, failed, if(failed, 1, ${every}) * count() AS devices
     FROM (${known}) GROUP BY cells, failed`,
    conditions.parameters,
  );
  return rows.map(({ cells, failed, devices }) => ({
    attributes: Object.fromEntries(names.map((name, at) => [name, cells[at] ?? ''])),
    failed,
    devices,
  }));
}

const ATTEMPT_ATTRIBUTES: Readonly<Record<string, string>> = {
  bank: 'bank',
  build: 'build',
  channel: 'channel',
  branch: `if(attempt_branch = '', branch, attempt_branch)`,
  upgradedFrom: `lower(if(attempt_upgraded_from = '', upgraded_from, attempt_upgraded_from))`,
};

/** A number as a word: what lies in one band is one value. */
const bands = (value: string, unit: string, edges: readonly number[]): string => {
  const cases = edges.map(
    (edge, at) => `${value} < ${edge}, '${at === 0 ? 'below' : `${edges[at - 1]} to`} ${edge} ${unit}'`,
  );
  return `multiIf(${cases.join(', ')}, '${edges.at(-1)} ${unit} or more')`;
};

const INVENTORY_ATTRIBUTES: Readonly<Record<string, string>> = {
  model: 'model',
  manufacturer: 'manufacturer',
  edition: 'os_edition',
  antivirus: 'antivirus',
  diskFree: `if(isNull(free_mb), '', ${bands('assumeNotNull(free_mb) / 1024', 'GB', [5, 10, 20])})`,
  daysSinceUpgrade: `if(isNull(upgraded_at), '', ${bands(`dateDiff('day', assumeNotNull(upgraded_at), tried_at)`, 'days', [30, 180])})`,
  pendingPackages: `if(has_pending, 'some', if(lists_packages, 'none', ''))`,
  pendingReboot: 'pending_reboot',
  ...Object.fromEntries(
    SERVICES.map((name) => [
      `service:${name}`,
      `arrayFirst(s -> lower(s.1) = '${name}', services).2 || if(arrayFirst(s -> lower(s.1) = '${name}', services).3 = '', '', ' ' || arrayFirst(s -> lower(s.1) = '${name}', services).3)`,
    ]),
  ),
};

/** Column, value of one snapshot, and when a snapshot tells it: a log or a list of hotfixes tells little of a device. */
const TOLD: readonly (readonly [string, string, string])[] = [
  ...['model', 'manufacturer', 'os_edition', 'branch'].map((name) => [name, name, `${name} != ''`] as const),
  ['upgraded_from', 'told.upgradedFrom', `told.upgradedFrom != ''`],
  ['upgraded_at', `parseDateTime64BestEffortOrNull(told.upgradedAt, 3, 'UTC')`, `told.upgradedAt != ''`],
  ['free_mb', 'told.systemVolumeFreeMb', 'isNotNull(told.systemVolumeFreeMb)'],
  ['antivirus', 'told.tags.antivirus', `told.tags.antivirus != ''`],
  ['services', 'told.services', 'notEmpty(told.services)'],
  ['drivers', 'told.drivers', 'notEmpty(told.drivers)'],
  ['lists_packages', 'true', 'notEmpty(told.packages)'],
  ['pending_reboot', `if(told.pendingReboot, 'yes', 'no')`, 'isNotNull(told.pendingReboot)'],
];
const TOLD_TYPE = `Tuple(upgradedFrom String, upgradedAt String, systemVolumeFreeMb Nullable(Int64), pendingReboot Nullable(Bool), tags Tuple(antivirus String), services Array(Tuple(name String, startType String, status String)), drivers Array(Tuple(inf String, version String)), packages Array(Tuple(identity String)))`;

/** What the snapshots of each canonical device tell, each fact by the newest that tells it. */
const toldByInventories = (database: string, bankCondition: string): string => `
  SELECT bank, device_key, ${TOLD.map(([name, value, isTold]) => `argMaxIf(${value}, at, ${isTold}) AS newest_${name}`).join(', ')}
  FROM (
    SELECT i.bank AS bank, if(c.canonical_key = '', i.device_key, c.canonical_key) AS device_key, (i.taken_at, i.event_id) AS at,
      i.model AS model, i.manufacturer AS manufacturer, i.os_edition AS os_edition, i.branch AS branch,
      JSONExtract(i.event, '${TOLD_TYPE}') AS told
    FROM ${database}.inventories AS i
    LEFT JOIN (SELECT bank, device_key, canonical_key FROM ${database}.canonical_devices FINAL) AS c
      ON c.bank = i.bank AND c.device_key = i.device_key
    WHERE ${bankCondition}
  ) GROUP BY bank, device_key`;

interface DriverRow {
  readonly driver_inf: string;
  readonly failing_devices: number;
  readonly other_devices: number;
  readonly all_failing: number;
  readonly all_others: number;
}

/** The drivers of which one version stands out among the failing devices, most first; all others stay out of sight. */
async function askDrivers(ask: Ask, known: string, conditions: Conditions): Promise<readonly string[]> {
  const rows = await ask<DriverRow>(
    `SELECT *, sum(failing_devices) OVER (PARTITION BY driver_inf) AS all_failing, sum(other_devices) OVER (PARTITION BY driver_inf) AS all_others
     FROM (
       SELECT lower(driver.1) AS driver_inf, driver.2 AS driver_version, countIf(failed) AS failing_devices, countIf(NOT failed) AS other_devices
       FROM (${known}) ARRAY JOIN drivers AS driver WHERE driver_inf != '' AND driver_version != '' GROUP BY driver_inf, driver_version
     )`,
    conditions.parameters,
  );
  const telling = rows
    .filter((row) => row.failing_devices >= DRIVER_FAILED_MIN && liftOf(row) >= DRIVER_LIFT_MIN)
    .sort((left, right) => liftOf(right) - liftOf(left) || (left.driver_inf < right.driver_inf ? -1 : 1));
  return [...new Set(telling.map((row) => row.driver_inf))].slice(0, DRIVERS_MAX);
}

/** How many times more often devices with this version fail than those with another version of the same driver. */
function liftOf({ failing_devices: failing, other_devices: others, ...all }: DriverRow): number {
  const restFailing = all.all_failing - failing;
  const rest = restFailing + all.all_others - others;
  return rest === 0 ? 0 : failing / (failing + others) / ((restFailing + 0.5) / (rest + 1));
}

const driverAttributes = (
  drivers: readonly string[],
  conditions: Conditions,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    drivers.map((inf) => [
      `driver:${inf}`,
      `arrayFirst(d -> lower(d.1) = ${conditions.bind('String', inf)}, drivers).2`,
    ]),
  );
