import { BASELINE_MS } from '#domain/spikes/constants.js';
import { databaseOf } from '#attempt-store/clickhouse/tables.js';
import type { Generation } from '#domain/generation.js';
import type { Asked } from '../../harness/ask-clickhouse.js';
import { runClickHouse } from '../../harness/ask-clickhouse.js';

/** Rows of one statement: what the engine holds in memory at a time. */
const AT_ONCE = 250_000;
/** Every sixteenth history tells of two attempts. */
const ATTEMPTS_OF_HISTORIES = 17 / 16;

const COLUMNS = [
  ...['bank', 'kb', 'device_key', 'version', 'latest_outcome', 'latest_at', 'attempted_builds'],
  ...[
    ...['started_at', 'ended_at', 'arrived_at', 'outcome', 'operation', 'stage', 'rollback', 'hresult'],
    ...[
      'reported_hresult',
      'build',
      'channel',
      'branch',
      'upgraded_from',
      'signature_id',
      'event_ids',
      'timing',
    ],
    ...['imported', 'levels'],
  ].map((name) => `\`attempts.${name}\``),
  ...[
    ...['build', 'cohort_id', 'signature_id', 'channel', 'branch', 'first_at', 'last_at', 'arrived_at'],
    ...['open', 'regressed', 'attempts'],
  ].map((name) => `\`failures.${name}\``),
];

/** A fleet of so many attempts in the 28 days before a moment. */
export interface FilledFleet {
  readonly attempts: number;
  readonly untilMs: number;
  readonly banks: number;
  /** Default blue. */
  readonly generation?: Generation;
}

/**
 * Writes the histories of a fleet by `INSERT … SELECT … FROM numbers`, made inside the engine: banks of very different
 * sizes with three builds and three KBs each, a wave (a third arrived in the last three days), 8 % failing with 24 codes of
 * three levels, reports up to fifteen hours after the start.
 */
export async function fillFleet(
  engine: Asked,
  { attempts, untilMs, banks, generation }: FilledFleet,
): Promise<void> {
  const histories = Math.round(attempts / ATTEMPTS_OF_HISTORIES);
  for (let from = 0; from < histories; from += AT_ONCE)
    await insert(
      engine,
      `SELECT
        number AS n, intDiv(number, 3) AS device, toUInt32(${banks} * pow((cityHash64(device, 'bank') % 10000) / 10000, 2)) AS bank_no,
        concat('bank-', toString(bank_no)) AS bank_, number % 3 AS kb_no, concat('19045.', toString(4000 + (bank_no + device % 3) % 12)) AS build_,
        concat('0x800f0', toString(900 + cityHash64(number, 'code') % 24)) AS code,
        toInt64(${untilMs} - ${BASELINE_MS} * pow((cityHash64(number, 'arrived') % 1000000) / 1000000, 2)) AS last_ms,
        if(cityHash64(number, 'outcome') % 100 < 2, 'failed', 'succeeded') AS last_outcome,
        if(number % 16 = 0, [last_ms - 72000000, last_ms], [last_ms]) AS arrivals,
        if(number % 16 = 0, ['failed', last_outcome], [last_outcome]) AS outcomes
      FROM numbers(${from}, ${Math.min(AT_ONCE, histories - from)})`,
      { generation },
    );
}

/** Writes so many reports of that fleet's devices; each tenth is a second copy of the one before. */
export async function fillReports(
  engine: Asked,
  { attempts, untilMs, banks, generation = 'blue' }: FilledFleet,
): Promise<void> {
  for (let from = 0; from < attempts; from += AT_ONCE)
    await runClickHouse(
      engine,
      'writer',
      `INSERT INTO ${databaseOf(generation)}.reports (bank, kb_key, device_key, event_id, copy_hash, received_at, outcome)
      SELECT
        concat('bank-', toString(cityHash64(event) % ${banks})), concat('KB50415', toString(70 + event % 3)),
        concat('device-', leftPad(toString(intDiv(event, 3)), 8, '0')), lower(hex(sipHash128(event))), toString(number),
        fromUnixTimestamp64Milli(toInt64(${untilMs} - event * 400), 'UTC'), 'succeeded'
      FROM (SELECT number, toUInt64(number - (number % 10 = 9)) AS event FROM numbers(${from}, ${Math.min(AT_ONCE, attempts - from)}))`,
    );
}

/** So many new signatures within the last hour, each of so many devices of one bank. */
export async function fillStorm(
  engine: Asked,
  signatures: number,
  devicesEach: number,
  untilMs: number,
): Promise<void> {
  await insert(
    engine,
    `SELECT
      number AS n, number AS device, 'bank-0' AS bank_, 0 AS kb_no, '19045.4000' AS build_,
      concat('0x8', leftPad(hex(toUInt32(intDiv(number, ${devicesEach}))), 7, '0')) AS code,
      toInt64(${untilMs} - number % 3600000) AS last_ms, 'failed' AS last_outcome, [last_ms] AS arrivals, ['failed'] AS outcomes
    FROM numbers(${signatures * devicesEach})`,
    { devices: 'storm' },
  );
}

async function insert(
  engine: Asked,
  attempts: string,
  { devices = 'device', generation = 'blue' }: { devices?: string; generation?: Generation | undefined },
): Promise<void> {
  const perAttempt = (expression: string) =>
    `arrayMap((o, a, i) -> ${expression}, outcomes, arrivals, arrayEnumerate(arrivals))`;
  const time = (ms: string) => `fromUnixTimestamp64Milli(${ms}, 'UTC')`;
  const ofFailure = (value: string) => perAttempt(`if(o = 'failed', ${value}, '')`);
  const values = [
    ...[
      'bank_',
      `concat('KB50415', toString(70 + kb_no))`,
      `concat('${devices}-', leftPad(toString(device), 8, '0'))`,
    ],
    ...['1', 'last_outcome', time('last_ms'), '[build_]'],
    perAttempt(time(`toInt64(a - 60000 * (5 + cityHash64(n, i) % 900))`)),
    ...[perAttempt(time('a')), perAttempt(time('a')), 'outcomes', perAttempt(`'install'`)],
    ...[
      ofFailure(`'install'`),
      perAttempt(`'none'`),
      ofFailure('code'),
      ofFailure('code'),
      perAttempt('build_'),
    ],
    ...[
      perAttempt(`'installer_event'`),
      perAttempt(`concat('branch-', toString(device % 40))`),
      perAttempt(`''`),
    ],
    ...[
      ofFailure('hex(sipHash64(code))'),
      perAttempt('[hex(sipHash128(n, i))]'),
      perAttempt(`'started'`),
      perAttempt('false'),
    ],
    perAttempt(
      `if(o = 'failed', [hex(sipHash64(code)), hex(sipHash64(code, 1)), hex(sipHash64(code, 1, device % 3))], [])`,
    ),
    ...[
      ['build_', `lower(hex(sipHash64(bank_, build_, kb_no, code)))`, 'hex(sipHash64(code))'],
      [`'installer_event'`, `concat('branch-', toString(device % 40))`],
      [time('arrivals[1]'), time('arrivals[-1]'), time('arrivals[1]')],
      [`last_outcome = 'failed'`, 'false', `toUInt16(countEqual(outcomes, 'failed'))`],
    ]
      .flat()
      .map((value) => `if(has(outcomes, 'failed'), [${value}], [])`),
  ];
  await runClickHouse(
    engine,
    'writer',
    `INSERT INTO ${databaseOf(generation)}.histories (${COLUMNS.join(', ')}) SELECT ${values.join(', ')} FROM (${attempts})`,
  );
}
