import { gunzipSync, gzipSync } from 'node:zlib';
import { createPseudonyms, rememberPseudonyms } from '#domain/pseudonym.js';
import { readReportBody } from '../../apps/collector/rows/read-report-body.js';
import { parseRow } from '../../apps/collector/rows/parse-row.js';
import { compileValidators } from '../../apps/collector/rows/report-validators.js';
import { takeRows } from '../../apps/collector/rows/take-rows.js';
import { mediumAttempt } from './medium-attempt.js';

/**
 * What the collector's own work on a report costs, without HTTP and log: bytes → messages ready to append, for
 * gzip NDJSON bodies of 500 medium reports. One JSON line: CPU µs for each report by step, and reports a CPU second.
 */
const ROWS = 500;
const BODIES = 16;
const WARM_UP_ROUNDS = 5;
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 15);
const limits = { maxEventBytes: 1024 * 1024, maxEventDepth: 16 };

const validators = compileValidators();
const pseudonyms = rememberPseudonyms(createPseudonyms(Buffer.alloc(32, 1), false), 200_000);
const bodies = Array.from({ length: BODIES }, (_, body) => {
  const rows = Array.from({ length: ROWS }, (_row, row) => JSON.stringify(mediumAttempt(body * ROWS + row)));
  return gzipSync(`${rows.join('\n')}\n`);
});

const arrivalNow = () => ({
  bank: 'alpha',
  pseudonyms,
  receivedAt: new Date().toISOString(),
  honourReceivedAt: false,
  collector: { id: 'bench', version: '0' },
});

const unpack = (body: Buffer) =>
  gunzipSync(body, { maxOutputLength: 32 * 1024 * 1024, chunkSize: 256 * 1024 });

const cpuMicroseconds = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/** CPU µs (not wall clock: others may share the machine) for each report: median of rounds of all bodies. */
function measure(work: (body: Buffer) => void): number {
  const rounds: number[] = [];
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
    const before = cpuMicroseconds();
    for (const body of bodies) work(body);
    if (round >= 0) rounds.push((cpuMicroseconds() - before) / (BODIES * ROWS));
  }
  rounds.sort((a, b) => a - b);
  return rounds[Math.floor(rounds.length / 2)] ?? 0;
}

let taken = 0;
const gunzip = measure((body) => void unpack(body));
const split = measure((body) => void readReportBody(unpack(body), 'ndjson', 10_000));
const parse = measure((body) => {
  const read = readReportBody(unpack(body), 'ndjson', 10_000);
  for (const span of read.rows) parseRow(read.text, span, limits);
});
const all = measure((body) => {
  const read = readReportBody(unpack(body), 'ndjson', 10_000);
  const result = takeRows(read, arrivalNow(), validators, limits);
  if (result.kind !== 'taken' || result.rejected.length > 0)
    throw new Error('the sample reports must all be taken');
  taken += result.attempts.length;
});

const round = (value: number): number => Math.round(value * 100) / 100;
const bytes = bodies.reduce((sum, body) => sum + unpack(body).length, 0) / (BODIES * ROWS);
console.log(
  JSON.stringify({
    name: 'collector-cpu',
    rowBytes: Math.round(bytes),
    microsecondsPerReport: {
      gunzip: round(gunzip),
      split: round(split - gunzip),
      parse: round(parse - split),
      normaliseAndBuild: round(all - parse),
      all: round(all),
    },
    reportsPerCpuSecond: Math.round(1e6 / all),
    taken,
  }),
);
