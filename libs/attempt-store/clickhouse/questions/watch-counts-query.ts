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
import { bitOf, bitsOf, FIRSTS_AT, MARKS, NEWER_AT, PLACE_NAMES, PLACES } from './watch-codes.js';

/**
 * Reading blocks of a megabyte costs a quarter of the counting; blocks of 65,000 rows half a gigabyte. Compiling what a
 * look computes makes one look half as long again, and none of those after it shorter.
 */
export const WATCH_COUNTS_SETTINGS = {
  preferred_block_size_bytes: '0',
  max_block_size: '16384',
  compile_expressions: 0,
} as const;

/** More failing devices of one leaf and series change no verdict; they only cost memory. */
const MOST_DEVICES_LISTED = 10_000;

const FIRST_MS = LONGEST_WINDOW_MS + BASELINE_MS;

/** ClickHouse's planner spends milliseconds on every AND of comparisons; the least of them is the same. */
const all = (...conditions: string[]): string => `least(${conditions.join(', ')})`;

/**
 * The counting of one look (steps 2 to 6 of the scan) over the attempts of 31 days: one row per leaf and series, with how
 * many of its attempts have one code (`watch-codes.ts`).
 * What is neither in a window nor active is only past: its rows tell the release instead of the build, and no KB.
 *
 * A history is one device and one KB, so a distinct pair is counted by its first attempt among those of the history that
 * are alike: sums of such marks are distinct pairs over any scope, and no set of devices is held in memory.
 * What a page tells is not past; neither is what arrived within the longest window.
 *
 * It is written in layers, each of which names only columns of the one below: ClickHouse puts the text of a name that is
 * used in its own layer in its place, and planning the query cost five times what running it does. What can be told from
 * the codes is not asked for: planning has its price for every name, whatever the fleet.
 */
export const watchCountsQuery = (database: string): string => `
SELECT
    bank, group_build, group_kb, own_levels,
    maxIf(at_ms, is_active),
    groupArrayIf(${MOST_DEVICES_LISTED})((device_key, branch, at_ms, from_ms, code), is_listed),
    sumMap([code], [toUInt32(1)])
FROM (${attemptsQuery(firstsQuery(placesQuery(flagsQuery(database))))})
GROUP BY bank, group_build, group_kb, own_levels
ORDER BY bank, group_build, group_kb, own_levels`;

/** Per history: what is known of each attempt. A history of which nothing failed is told by no page. */
const flagsQuery = (database: string): string => `
    SELECT
        bank, kb, device_key, builds, branches, levels, dated, arrived, occurred, done, failed,
        arrayMap((a, c) -> ${all('c', `a > {at:Int64} - ${FIRST_MS}`, 'a <= {at:Int64}')}, arrived, counted) AS own,
        arrayMap((a, o, i) -> a - o > if(i, ${MOST_IMPORT_DELAY_MS}, ${MOST_DELAY_MS}), arrived, occurred, imported) AS late,
        if(has(failed, 1), arrayMap((a, b, l, f) -> ${all(
          'f',
          `arrayExists(
            (bank_, build_, kb_, series_, from_, until_) -> ${all(
              'a > from_',
              'a <= until_',
              `bank_ IN ('${ANY}', bank)`,
              `build_ IN ('${ANY}', b)`,
              `kb_ IN ('${ANY}', kb)`,
              `if(series_ = '', 1, has(l, series_))`,
            )},
            {toldBanks:Array(String)}, {toldBuilds:Array(String)}, {toldKbs:Array(String)}, {toldSeries:Array(String)},
            {toldFrom:Array(Int64)}, {toldUntil:Array(Int64)})`,
        )}, arrived, builds, levels, failed), failed) AS told
    FROM (
    SELECT
        bank, kb, device_key,
        \`attempts.build\` AS builds, \`attempts.branch\` AS branches, \`attempts.levels\` AS levels, \`attempts.imported\` AS imported,
        arrayMap(a -> toUnixTimestamp64Milli(a), \`attempts.arrived_at\`) AS arrived,
        arrayMap((s, a) -> toUnixTimestamp64Milli(ifNull(s, a)), \`attempts.started_at\`, \`attempts.arrived_at\`) AS occurred,
        arrayMap((p, o, t) -> ${all(`p IN ('install', 'unknown')`, `o != 'not_applicable'`, `t != 'implausible'`)},
            \`attempts.operation\`, \`attempts.outcome\`, \`attempts.timing\`) AS counted,
        arrayMap(t -> t = 'started', \`attempts.timing\`) AS dated,
        arrayMap(o -> o != 'unknown', \`attempts.outcome\`) AS done,
        arrayMap((o, l) -> ${all(`o != 'unknown'`, 'notEmpty(l)')}, \`attempts.outcome\`, \`attempts.levels\`) AS failed
    FROM ${database}.histories FINAL
    WHERE arrayExists(a -> a > fromUnixTimestamp64Milli({at:Int64} - ${FIRST_MS}, 'UTC')
        AND a <= fromUnixTimestamp64Milli({at:Int64}, 'UTC'), \`attempts.arrived_at\`))`;

/** Per history: where each attempt is counted, and its delay bin. One that is none of the 31 days is nowhere. */
function placesQuery(flags: string): string {
  const bin = DELAY_BIN_ENDS_HOURS.map((hours, index) => `a - o <= ${hours * MS_PER_HOUR}, ${index}`);
  const places = PLACE_NAMES.map((name) => `${bitOf(name)} * (${PLACES[name]})`);
  return `
    SELECT
        bank, kb, device_key, builds, branches, levels, arrived, occurred,
        arrayMap((a, o, own, late, done, failed, dated, told, in_h6, in_h24, in_h72, in_day) -> toUInt16(if(own,
            if(dated, multiIf(${bin.join(', ')}, ${DELAY_BINS - 1}), ${DELAY_BINS}) + ${places.join(' + ')}, 0)),
            arrived, occurred, own, late, done, failed, dated, told,
            ${WINDOWS_MS.map((ms) => `arrayMap(a -> a > {at:Int64} - ${ms}, arrived)`).join(', ')},
            arrayMap((a, o) -> least(a, o) > {at:Int64} - ${DAY_MS}, arrived, occurred)) AS places
    FROM (${flags})`;
}

/**
 * Per history: which attempts are the first of those that are alike, a bit a mark. Nearly every history has one attempt,
 * and `if` computes its branches for the rows that need them. It gathers what a branch names once for each function that
 * names it: hence the inner function, which is given each key once.
 */
function firstsQuery(attempts: string): string {
  const keys = {
    places_: 'places',
    build_key: 'arrayMap(b -> cityHash64(b), builds)',
    family_key: `arrayMap(b -> cityHash64(substringIndex(b, '.', 1)), builds)`,
    level_1: 'arrayMap(l -> cityHash64(l[1]), levels)',
    level_2: 'arrayMap(l -> cityHash64(l[2]), levels)',
    level_3: 'arrayMap(l -> cityHash64(l[3]), levels)',
  };
  const numbers = MARKS.map(({ name }) => `n_${name}`);
  const bits = numbers.map((number, bit) => `${2 ** bit} * (${number} = 1)`);
  const alike = MARKS.map((mark) => {
    const masked = `arrayMap(p -> bitAnd(p, ${bitsOf(mark.places)}), places_)`;
    return `arrayEnumerateUniq(${[masked, ...mark.keys].join(', ')})`;
  });
  return `
    SELECT
        *,
        if(length(arrived) = 1, [toUInt32(${2 ** MARKS.length - 1})], arrayMap((${Object.keys(keys).join(', ')}) ->
            arrayMap((${numbers.join(', ')}) -> toUInt32(${bits.join(' + ')}),
            ${alike.join(',\n            ')}),
        ${Object.values(keys)
          .map((key) => `[${key}]`)
          .join(', ')})[1]) AS firsts
    FROM (${attempts})`;
}

/** Per attempt: its leaf and series, and its code. */
const attemptsQuery = (histories: string): string => `
    SELECT
        bank, device_key, branches AS branch, arrived AS at_ms, occurred AS from_ms,
        if(at_ms > {recent:Int64}, builds, substringIndex(builds, '.', 1)) AS group_build,
        if(at_ms > {recent:Int64}, kb, '') AS group_kb,
        if(bitAnd(places, ${bitOf('done')}) > 0, levels, []) AS own_levels,
        bitAnd(places, ${bitOf('failed')}) > 0 AS is_failed,
        ${all('is_failed', `at_ms > {at:Int64} - ${ACTIVE_MS}`)} AS is_active,
        ${all('is_failed', `at_ms > {at:Int64} - ${LONGEST_WINDOW_MS}`)} AS is_listed,
        places + ${FIRSTS_AT} * firsts
            + if(at_ms > {recent:Int64}, ${NEWER_AT} * arrayCount(s -> at_ms > s, {sinces:Array(Int64)}), 0) AS code
    FROM (${histories})
    ARRAY JOIN builds, branches, levels, arrived, occurred, places, firsts
    WHERE places > 0`;

export function watchCountsParameters({ atMs, told, sincesMs }: WatchQuestion): Record<string, unknown> {
  const past = told.filter(
    ({ openedMs, closedMs }) =>
      Math.min(closedMs ?? Infinity, openedMs + MOST_EXCLUDED_MS) > atMs - LONGEST_WINDOW_MS - BASELINE_MS,
  );
  return {
    at: atMs,
    recent: Math.min(atMs - ACTIVE_MS, ...sincesMs),
    sinces: [...sincesMs].sort((a, b) => a - b),
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
