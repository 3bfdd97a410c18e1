import {
  ACTIVE_MS,
  BASELINE_MS,
  DAY_MS,
  LONGEST_WINDOW_MS,
  MOST_DELAY_MS,
  MOST_EXCLUDED_MS,
  MOST_IMPORT_DELAY_MS,
  WINDOWS_MS,
} from '#domain/spikes/constants.js';
import { DELAY_BIN_ENDS_HOURS, DELAY_BINS } from '#domain/spikes/scan/delay-weights.js';
import { ANY } from '#domain/spikes/scan/scope.js';
import { coveredSeries } from '#domain/spikes/scan/told-span.js';
import type { WatchQuestion } from '../../attempt-store.js';
import { MS_PER_HOUR } from './durations.js';

/** More failing devices of one leaf, series and delay change no verdict; they only cost memory. */
const MOST_DEVICES_LISTED = 10_000;

const WINDOW_NAMES = ['h6', 'h24', 'h72'] as const;

/**
 * The counting of one look (steps 2 to 6 of the scan) over the attempts of 31 days: one row per leaf, series and delay.
 *
 * A history is one device and one KB, so a distinct pair is counted by its first attempt among those of the history that
 * are alike (`first of`): sums of such marks are distinct pairs over any scope, and no set of devices is held in memory.
 * What a page tells is not past; neither is what arrived within the longest window.
 */
export function watchCountsQuery(database: string): string {
  // Alike attempts are numbered within their history; the first of them stands for the pair.
  const first = (flag: string, ...alike: string[]): string =>
    `arrayMap((n, f) -> n = 1 AND f, arrayEnumerateUniq(${[flag, ...alike].join(', ')}), ${flag})`;
  const flags = WINDOW_NAMES.map(
    (name, index) =>
      `arrayMap((a, l) -> a > {at:Int64} - ${WINDOWS_MS[index]} AND NOT l, arrived, late) AS in_${name},
       arrayMap((f, d) -> f AND d, in_${name}, done) AS done_${name}`,
  );
  const levelKeys = [1, 2, 3].map((depth) => `arrayMap(l -> l[${depth}], levels) AS level_${depth}`);
  const failedPairs = [1, 2, 3].flatMap((depth) => [
    `arrayMap((p, k) -> p AND k != '', past_failed, level_${depth}) AS past_${depth}`,
    `${first(`past_${depth}`, `level_${depth}`)} AS bank_${depth}`,
    `${first(`past_${depth}`, `level_${depth}`, 'families')} AS family_${depth}`,
  ]);
  const marks = [
    ...WINDOW_NAMES.flatMap((name) => [
      `${first(`done_${name}`, 'builds')} AS devices_${name}`,
      `${first(`in_${name}`, 'builds')} AS started_${name}`,
    ]),
    `arrayMap((a, o, d) -> d AND a > {at:Int64} - ${DAY_MS} AND o > {at:Int64} - ${DAY_MS}, arrived, occurred, done) AS in_day`,
    `${first('in_day', 'builds')} AS devices_day`,
    `arrayMap((a, l, d) -> d AND l AND a > {at:Int64} - ${DAY_MS}, arrived, late, done) AS in_late`,
    `${first('in_late', 'builds')} AS devices_late`,
    `${first('past')} AS bank_tried`,
    `${first('past', 'families')} AS family_tried`,
    `${first('past_any')} AS bank_started`,
    `${first('past_any', 'families')} AS family_started`,
    `${first('past_failed')} AS bank_0`,
    `${first('past_failed', 'families')} AS family_0`,
  ];
  const bin = DELAY_BIN_ENDS_HOURS.map((hours, index) => `a - o <= ${hours * MS_PER_HOUR}, ${index}`).join(
    ', ',
  );
  const summed = [
    ...WINDOW_NAMES.flatMap((name) => [`devices_${name}`, `started_${name}`, `done_${name}`]),
    ...['devices_day', 'in_day', 'devices_late', 'in_late'],
    ...['bank_tried', 'family_tried', 'bank_started', 'family_started', 'past', 'past_failed'],
    ...[0, 1, 2, 3].flatMap((depth) => [`bank_${depth}`, `family_${depth}`]),
  ];
  const joined = [
    ...['build', 'branch', 'at_ms', 'from_ms', 'dated', 'is_done', 'own_levels', 'bin', 'is_late'].map(
      (name, index) =>
        `${['builds', 'branches', 'arrived', 'occurred', 'is_dated', 'done', 'levels', 'bins', 'late'][index]} AS ${name}`,
    ),
    ...summed.map((name) => `${name} AS m_${name}`),
  ];
  return `
SELECT
    bank, build, kb, own_levels, bin,
    [${summed.map((name) => `sum(m_${name})`).join(', ')}],
    sumForEach(arrayMap(s -> toUInt32(is_done AND at_ms > s), {sinces:Array(Int64)})),
    maxIf(at_ms, notEmpty(own_levels) AND at_ms > {at:Int64} - ${ACTIVE_MS}),
    groupArrayIf(${MOST_DEVICES_LISTED})((device_key, branch, at_ms, from_ms, is_late), notEmpty(own_levels) AND at_ms > {at:Int64} - ${LONGEST_WINDOW_MS})
FROM
(
    SELECT
        *, ${levelKeys.join(', ')}, ${flags.join(', ')},
        arrayMap(b -> substringIndex(b, '.', 1), builds) AS families,
        arrayMap((a, o, d) -> if(NOT d, ${DELAY_BINS}, multiIf(${bin}, ${DELAY_BINS - 1})), arrived, occurred, is_dated) AS bins,
        arrayMap((a, b, l) -> notEmpty(l) AND arrayExists(
            (bank_, build_, kb_, series_, from_, until_) ->
                a > from_ AND a <= until_ AND bank_ IN ('${ANY}', bank) AND build_ IN ('${ANY}', b) AND kb_ IN ('${ANY}', kb)
                AND (series_ = '' OR has(l, series_)),
            {toldBanks:Array(String)}, {toldBuilds:Array(String)}, {toldKbs:Array(String)}, {toldSeries:Array(String)},
            {toldFrom:Array(Int64)}, {toldUntil:Array(Int64)}), arrived, builds, levels) AS told,
        arrayMap((a, t) -> a <= {at:Int64} - ${LONGEST_WINDOW_MS} AND NOT t, arrived, told) AS past_any,
        arrayMap((p, d) -> p AND d, past_any, done) AS past,
        arrayMap((p, l) -> p AND notEmpty(l), past, levels) AS past_failed,
        ${failedPairs.join(',\n        ')},
        ${marks.join(',\n        ')}
    FROM
    (
        SELECT
            bank, kb, device_key,
            arrayFilter(
                i -> arrived_[i] > {at:Int64} - ${LONGEST_WINDOW_MS + BASELINE_MS} AND arrived_[i] <= {at:Int64}
                    AND \`attempts.operation\`[i] IN ('install', 'unknown') AND \`attempts.outcome\`[i] != 'not_applicable'
                    AND \`attempts.timing\`[i] != 'implausible',
                arrayEnumerate(arrived_)) AS own,
            arrayMap(a -> toUnixTimestamp64Milli(a), \`attempts.arrived_at\`) AS arrived_,
            arrayMap(i -> arrived_[i], own) AS arrived,
            arrayMap(i -> \`attempts.timing\`[i] = 'started', own) AS is_dated,
            arrayMap(i -> if(isNull(\`attempts.started_at\`[i]), arrived_[i],
                toUnixTimestamp64Milli(assumeNotNull(\`attempts.started_at\`[i]))), own) AS occurred,
            arrayMap(i -> \`attempts.outcome\`[i] != 'unknown', own) AS done,
            arrayMap(i -> \`attempts.build\`[i], own) AS builds,
            arrayMap(i -> \`attempts.branch\`[i], own) AS branches,
            arrayMap(i -> if(\`attempts.outcome\`[i] = 'unknown', [], \`attempts.levels\`[i]), own) AS levels,
            arrayMap((i, a, o) -> a - o > ${MOST_DELAY_MS} OR (\`attempts.imported\`[i] AND a - o > ${MOST_IMPORT_DELAY_MS}),
                own, arrived, occurred) AS late
        FROM ${database}.histories FINAL
        WHERE arrayExists(a -> a > fromUnixTimestamp64Milli({at:Int64} - ${LONGEST_WINDOW_MS + BASELINE_MS}, 'UTC')
            AND a <= fromUnixTimestamp64Milli({at:Int64}, 'UTC'), \`attempts.arrived_at\`)
    )
)
ARRAY JOIN ${joined.join(', ')}
GROUP BY bank, build, kb, own_levels, bin
ORDER BY bank, build, kb, own_levels, bin`;
}

/** Order of the sums of a row. */
export const SUM_NAMES = [
  ...WINDOW_NAMES.flatMap((name) => [`devices_${name}`, `started_${name}`, `reports_${name}`] as const),
  'devices_day',
  'reports_day',
  'devices_late',
  'reports_late',
  'bank_tried',
  'family_tried',
  'bank_started',
  'family_started',
  'past',
  'past_failed',
  'bank_0',
  'family_0',
  'bank_1',
  'family_1',
  'bank_2',
  'family_2',
  'bank_3',
  'family_3',
] as const;

export function watchCountsParameters({ atMs, told, sincesMs }: WatchQuestion): Record<string, unknown> {
  const past = told.filter(
    ({ openedMs, closedMs }) =>
      Math.min(closedMs ?? Infinity, openedMs + MOST_EXCLUDED_MS) > atMs - LONGEST_WINDOW_MS - BASELINE_MS,
  );
  return {
    at: atMs,
    sinces: [...sincesMs],
    toldBanks: past.map(({ bank }) => bank),
    toldBuilds: past.map(({ build }) => build),
    toldKbs: past.map(({ kb }) => kb),
    toldSeries: past.map((span) => (span.levels.length === 0 ? '' : coveredSeries(span))),
    toldFrom: past.map(({ openedMs }) => openedMs - LONGEST_WINDOW_MS),
    toldUntil: past.map(({ openedMs, closedMs }) =>
      Math.min(closedMs ?? Infinity, openedMs + MOST_EXCLUDED_MS),
    ),
  };
}
