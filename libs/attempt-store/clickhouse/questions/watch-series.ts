import type { WatchSeries } from '../../attempt-store.js';
import { MS_PER_DAY, MS_PER_HOUR } from './durations.js';

const WINDOW_MS = 24 * MS_PER_HOUR;
const BASELINE_GAP_MS = 72 * MS_PER_HOUR;
const BASELINE_MS = 28 * MS_PER_DAY;

/**
 * Counts of every (bank, signature) that has a failure in the 24 h up to `atMs`, by arrival, with its baseline:
 * (T − 28 d − 72 h, T − 72 h]. Unit: distinct device × KB, so that a PC that retries all night counts once.
 * Attempts without an outcome yet are not installs.
 */
export function watchSeriesQuery(database: string, atMs: number): string {
  const at = (ms: number) => `fromUnixTimestamp64Milli(toInt64(${ms}), 'UTC')`;
  const inWindow = `arrived_at > ${at(atMs - WINDOW_MS)}`;
  const inBaseline = `arrived_at <= ${at(atMs - BASELINE_GAP_MS)}`;
  return `
WITH recent AS
(
    SELECT bank, kb, device_key, arrived_at, build, branch, signature_id
    FROM ${database}.attempts
    WHERE operation IN ('install', 'unknown') AND outcome NOT IN ('unknown', 'not_applicable')
      AND arrived_at > ${at(atMs - BASELINE_GAP_MS - BASELINE_MS)} AND arrived_at <= ${at(atMs)}
),
installs AS
(
    SELECT bank, uniqExactIf((device_key, kb), ${inWindow}) AS installs, uniqExactIf((device_key, kb), ${inBaseline}) AS baseline_installs
    FROM recent GROUP BY bank
),
failures AS
(
    SELECT
        bank, signature_id,
        uniqExactIf((device_key, kb), ${inWindow}) AS failed,
        uniqExactIf((device_key, kb), ${inBaseline}) AS baseline_failed,
        topKIf(1)(build, ${inWindow})[1] AS top_build, topKIf(1)(kb, ${inWindow})[1] AS top_kb,
        arraySort(groupUniqArrayIf(20)(branch, ${inWindow})) AS branches
    FROM recent WHERE signature_id != '' GROUP BY bank, signature_id HAVING failed > 0 OR baseline_failed > 0
),
arrivals AS
(
    SELECT bank, signature_id, groupArraySorted(3)(first_at) AS firsts
    FROM
    (
        SELECT bank, signature_id, device_key, min(arrived_at) AS first_at
        FROM recent WHERE signature_id != '' AND ${inWindow} GROUP BY bank, signature_id, device_key
    )
    GROUP BY bank, signature_id
)
SELECT
    f.bank, f.signature_id, s.l1, s.l2, s.l3, s.fineness, s.reason,
    f.failed, i.installs, f.baseline_failed, i.baseline_installs, f.top_build, f.top_kb, f.branches,
    a.firsts[1], a.firsts[3]
FROM failures AS f
INNER JOIN installs AS i ON i.bank = f.bank
LEFT JOIN arrivals AS a ON a.bank = f.bank AND a.signature_id = f.signature_id
LEFT JOIN (SELECT signature_id, any(l1) AS l1, any(l2) AS l2, any(l3) AS l3, any(fineness) AS fineness, any(reason) AS reason FROM ${database}.signatures GROUP BY signature_id) AS s
    ON s.signature_id = f.signature_id
ORDER BY f.bank, f.signature_id`;
}

export type WatchSeriesRow = readonly [
  string,
  string,
  string,
  string,
  string,
  number,
  string,
  number,
  number,
  number,
  number,
  string,
  string,
  string[],
  string,
  string,
];

/** ClickHouse gives the epoch for an element that is not there. */
const EPOCH = '1970-01-01T00:00:00.000Z';

export function watchSeriesFromRow(row: WatchSeriesRow): WatchSeries {
  const [
    bank,
    id,
    l1,
    l2,
    l3,
    fineness,
    reason,
    failed,
    installs,
    baselineFailed,
    baselineInstalls,
    topBuild,
    topKb,
    branches,
    first,
    third,
  ] = row;
  return {
    bank,
    signature: { id, l1, l2, l3, fineness, reason },
    failed,
    installs,
    baselineFailed,
    baselineInstalls,
    topBuild,
    topKb,
    branches,
    firstArrival: first,
    thirdArrival: third === EPOCH ? null : third,
  };
}
