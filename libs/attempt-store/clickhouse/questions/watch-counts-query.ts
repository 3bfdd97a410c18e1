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

/**
 * Each part of the banks is a question of its own, all at once: FINAL reads a table of few parts in one thread, and so
 * did all that followed. With one bank only one part answers anything.
 */
export const LOOK_PARTS = 2;

/** Reading blocks of a megabyte costs a quarter of the counting; blocks of 65,000 rows half a gigabyte. */
export const WATCH_COUNTS_SETTINGS = { preferred_block_size_bytes: '0', max_block_size: '16384' } as const;

/** More failing devices of one leaf and series change no verdict; they only cost memory. */
const MOST_DEVICES_LISTED = 10_000;

const WINDOW_NAMES = ['h6', 'h24', 'h72'] as const;
const FIRST_MS = LONGEST_WINDOW_MS + BASELINE_MS;
const LEVELS = [1, 2, 3] as const;
const GROUPS = { bank: [], family: ['family_key'] } as const;

/** ClickHouse's planner spends milliseconds on every AND of comparisons; the least of them is the same. */
const all = (...conditions: string[]): string => `least(${conditions.join(', ')})`;
const forEach = (names: readonly string[]): string => names.join(', ');

/**
 * The counting of one look (steps 2 to 6 of the scan) over the attempts of 31 days: one row per leaf and series.
 * What is neither in a window nor active is only past: its rows tell the release instead of the build, and no KB.
 *
 * A history is one device and one KB, so a distinct pair is counted by its first attempt among those of the history that
 * are alike: sums of such marks are distinct pairs over any scope, and no set of devices is held in memory.
 * What a page tells is not past; neither is what arrived within the longest window.
 *
 * It is written in layers, each of which names only columns of the one below: ClickHouse puts the text of a name that is
 * used in its own layer in its place, and planning the query cost five times what running it does.
 */
export function watchCountsQuery(database: string): string {
  const marks = marksOf();
  return `
SELECT
    bank, group_build, group_kb, own_levels,
    [${SUM_NAMES.map((name) => `countIf(m_${name})`).join(', ')}],
    sumForEach(arrayMap(s -> toUInt32(${all('is_done', 'at_ms > s')}), {sinces:Array(Int64)})),
    maxIf(at_ms, is_active),
    groupArrayIf(${MOST_DEVICES_LISTED})((device_key, branch, at_ms, from_ms, is_late, dated), is_listed),
    sumMapIf([kind], [toUInt32(1)], kind >= ${KIND_BINS})
FROM (${attemptsQuery(marks, historiesQuery(marks, flagsQuery(database)))})
GROUP BY bank, group_build, group_kb, own_levels
ORDER BY bank, group_build, group_kb, own_levels`;
}

/** What makes attempts alike, so that the first of them in a history stands for all; and which of them is counted. */
interface Mark {
  readonly name: SumName;
  readonly alike: readonly string[];
  readonly counted: string;
}

function marksOf(): Mark[] {
  const news = WINDOW_NAMES.flatMap((name): Mark[] => [
    {
      name: `devices_${name}`,
      alike: ['news_key', 'done', `in_${name}`],
      counted: all(`in_${name} > late`, 'done'),
    },
    { name: `started_${name}`, alike: ['news_key', `in_${name}`], counted: `in_${name} > late` },
  ]);
  const past = (['bank', 'family'] as const).flatMap((group): Mark[] => {
    const alike = ['past', ...GROUPS[group]];
    return [
      { name: `${group}_started`, alike, counted: 'past' },
      { name: `${group}_tried`, alike: [...alike, 'done'], counted: all('past', 'done') },
      { name: `${group}_0`, alike: [...alike, 'failed'], counted: all('past', 'failed') },
      ...LEVELS.map((depth): Mark => ({
        name: `${group}_${depth}`,
        alike: [...alike, `level_${depth}`],
        counted: all('past', `level_${depth} != 0`),
      })),
    ];
  });
  return [
    ...news,
    { name: 'devices_day', alike: ['own', 'done', 'in_day', 'build_key'], counted: all('in_day', 'done') },
    {
      name: 'devices_late',
      alike: ['own', 'late', 'done', 'in_h24', 'build_key'],
      counted: all('late', 'in_h24', 'done'),
    },
    ...past,
  ];
}

/** Per history: what is known of each attempt. What attempts are alike in is hashed: comparing numbers is cheap. */
const flagsQuery = (database: string): string => `
    SELECT
        *,
        arrayMap((o, l, b) -> if(o > l, b, 0), own, late, build_key) AS news_key,
        arrayMap((o, i, t) -> o > greatest(i, t), own, in_h72, told) AS past
    FROM (
    SELECT
        bank, kb, device_key, builds, branches, levels, dated, arrived, occurred, done, failed,
        arrayMap((a, c) -> ${all('c', `a > {at:Int64} - ${FIRST_MS}`, 'a <= {at:Int64}')}, arrived, counted) AS own,
        arrayMap((a, o, i) -> a - o > if(i, ${MOST_IMPORT_DELAY_MS}, ${MOST_DELAY_MS}), arrived, occurred, imported) AS late,
        ${WINDOW_NAMES.map((name, index) => `arrayMap(a -> a > {at:Int64} - ${WINDOWS_MS[index]}, arrived) AS in_${name}`).join(',\n        ')},
        arrayMap((a, o) -> least(a, o) > {at:Int64} - ${DAY_MS}, arrived, occurred) AS in_day,
        arrayMap(b -> cityHash64(b), builds) AS build_key,
        arrayMap(b -> cityHash64(substringIndex(b, '.', 1)), builds) AS family_key,
        ${LEVELS.map((depth) => `arrayMap((l, f) -> if(${all('f', `length(l) >= ${depth}`)}, cityHash64(l[${depth}]), 0), levels, failed) AS level_${depth}`).join(',\n        ')},
        arrayMap((a, b, l, f) -> ${all(
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
        )}, arrived, builds, levels, failed) AS told
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
    PREWHERE cityHash64(bank) % ${LOOK_PARTS} = {part:UInt8}
    WHERE arrayExists(a -> a > fromUnixTimestamp64Milli({at:Int64} - ${FIRST_MS}, 'UTC')
        AND a <= fromUnixTimestamp64Milli({at:Int64}, 'UTC'), \`attempts.arrived_at\`)))`;

/** What an attempt's row is made of. */
const ARRAYS = [
  ...['builds', 'branches', 'levels', 'dated', 'arrived', 'occurred', 'done', 'failed', 'own', 'late'],
  ...WINDOW_NAMES.map((name) => `in_${name}`),
  ...['in_day', 'past', ...LEVELS.map((depth) => `level_${depth}`)],
];

/**
 * Per history: which attempts are the first of those that are alike, a bit a mark. Nearly every history has one attempt,
 * and `if` does not look for what is alike where it need not.
 */
function historiesQuery(marks: readonly Mark[], flags: string): string {
  const numbers = marks.map(({ name }) => `n_${name}`);
  const bits = numbers.map((number, bit) => `${2 ** bit} * (${number} = 1)`);
  return `
    SELECT
        bank, kb, device_key, ${forEach(ARRAYS)},
        if(length(arrived) = 1, [toUInt32(${2 ** marks.length - 1})], arrayMap((${forEach(numbers)}) -> toUInt32(${bits.join(' + ')}),
        ${marks.map(({ alike }) => `arrayEnumerateUniq(${forEach(alike)})`).join(',\n        ')})) AS firsts
    FROM (${flags})`;
}

/** What attempts with an outcome are counted in, with their delay: a bit each of their kind, above the bin. */
const REPORTS = [
  ...WINDOW_NAMES.map((name) => ({ name, is: `in_${name} > late` })),
  { name: 'day', is: 'in_day' },
  { name: 'late', is: all('late', 'in_h24') },
  { name: 'past', is: 'past' },
] as const;

export type ReportsName = (typeof REPORTS)[number]['name'];

/** Kinds below this are counted in nothing. */
const KIND_BINS = 16;

/** Delay bin of a kind of attempts (`DELAY_BINS`: the start was not told). */
export const binOfKind = (kind: number): number => kind % KIND_BINS;

/** Whether attempts of a kind are counted there. */
export const isCountedIn = (name: ReportsName): ((kind: number) => boolean) => {
  const place = KIND_BINS * 2 ** REPORTS.findIndex((reports) => reports.name === name);
  return (kind) => (kind & place) !== 0;
};

/** Per attempt: its place, and what it is counted as. */
function attemptsQuery(marks: readonly Mark[], histories: string): string {
  const bin = DELAY_BIN_ENDS_HOURS.map(
    (hours, index) => `at_ms - from_ms <= ${hours * MS_PER_HOUR}, ${index}`,
  );
  const places = REPORTS.map(({ is }, index) => `${KIND_BINS * 2 ** index} * (${is})`);
  return `
    SELECT
        bank, device_key, branches AS branch, arrived AS at_ms, occurred AS from_ms, late AS is_late, dated, done AS is_done,
        if(at_ms > {recent:Int64}, builds, substringIndex(builds, '.', 1)) AS group_build,
        if(at_ms > {recent:Int64}, kb, '') AS group_kb,
        if(done, levels, []) AS own_levels,
        ${all('failed', `at_ms > {at:Int64} - ${ACTIVE_MS}`)} AS is_active,
        ${all('failed', 'in_h72')} AS is_listed,
        toUInt16(if(dated, multiIf(${forEach(bin)}, ${DELAY_BINS - 1}), ${DELAY_BINS})
            + if(done, ${places.join(' + ')}, 0)) AS kind,
        ${marks.map(({ name, counted }, bit) => `least(bitTest(firsts, ${bit}), ${counted}) AS m_${name}`).join(',\n        ')}
    FROM (${histories})
    ARRAY JOIN ${forEach([...ARRAYS, 'firsts'])}
    WHERE own`;
}

/** Order of the sums of a row. */
export const SUM_NAMES = [
  ...WINDOW_NAMES.flatMap((name) => [`devices_${name}`, `started_${name}`] as const),
  'devices_day',
  'devices_late',
  'bank_tried',
  'family_tried',
  'bank_started',
  'family_started',
  'bank_0',
  'family_0',
  'bank_1',
  'family_1',
  'bank_2',
  'family_2',
  'bank_3',
  'family_3',
] as const;

export type SumName = (typeof SUM_NAMES)[number];

export function watchCountsParameters(
  { atMs, told, sincesMs }: WatchQuestion,
  part: number,
): Record<string, unknown> {
  const past = told.filter(
    ({ openedMs, closedMs }) =>
      Math.min(closedMs ?? Infinity, openedMs + MOST_EXCLUDED_MS) > atMs - LONGEST_WINDOW_MS - BASELINE_MS,
  );
  return {
    at: atMs,
    part,
    recent: Math.min(atMs - ACTIVE_MS, ...sincesMs),
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
