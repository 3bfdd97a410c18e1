import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { benchCollector } from './collector-bench.js';
import type { BenchResult, BenchRun, Failed, Skipped } from './bench-run.js';
import { benchEndToEnd } from './end-to-end-bench.js';
import { benchExplanation } from './explanation-bench.js';
import { round } from './figure.js';
import { benchFreshness } from './freshness-bench.js';
import { benchIdle } from './idle-bench.js';
import { makeInstallation, startProduct } from './installation.js';
import { benchKafka } from './kafka-bench.js';
import { benchLook } from './look-bench.js';
import { untilDrained } from './log-progress.js';
import { machineFacts } from './machine.js';
import { benchPostgres } from './postgres-bench.js';
import { benchQuestions } from './questions-bench.js';
import { benchRebuild } from './rebuild-bench.js';
import { makeBodies, ROWS_PER_REQUEST } from './request-bodies.js';
import { benchScale } from './scale-bench.js';
import { benchSignature } from './signature-bench.js';
import { benchSources } from './sources-bench.js';
import { benchSpikes } from './spikes-bench.js';
import { benchSpikesProduct } from './spikes-product-bench.js';

const NAMES = [
  'signature',
  'sources',
  'spikes',
  'spikes-product',
  'look',
  'questions',
  'explanation',
  'collector',
  'end-to-end',
  'freshness',
  'idle',
  'rebuild',
  'postgres',
  'kafka',
  'scale',
] as const;
const USAGE = `usage: npm run bench -- [--quick] [name …] [directory]

Progress on stderr, one JSON object on stdout. Without names all are run, which takes more than an hour.
  --quick    shorter, with fewer runs
  name       ${NAMES.join(', ')}
  directory  scenarios for spikes and spikes-product, cohorts for explanation (default: ../shared/corpus/spikes)
`;
type Name = (typeof NAMES)[number];
type Result = BenchResult | Skipped | Failed;

const BANKS = 8;
/** More than two cores take (39,000 at most so far): bodies for so many rows a second are made before the clock starts. */
const ROWS_PER_SECOND_MAX = 60_000;

const { quick, asked } = readArguments();
const directory = asked.find(isDirectory) ?? '../shared/corpus/spikes';
if (asked.includes(directory) && !existsSync(directory)) refuse(`there is no folder ${directory}`);
const wanted = namesFrom(asked.filter((argument) => !isDirectory(argument)));
const run: BenchRun = {
  quick,
  note: (text) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`),
};
const machine = machineFacts();
const startedAt = new Date().toISOString();
const results: Partial<Record<Name, Result>> = {};
await keep('signature', () => Promise.resolve(benchSignature(run)));
await keep('sources', () => benchSources(run));
await keep('spikes', () => benchSpikes(run, directory));
await keep('spikes-product', () => benchSpikesProduct(run, directory));
await keep('look', () => benchLook(run));
await keep('questions', () => benchQuestions(run));
await keep('explanation', () => Promise.resolve(benchExplanation(run, directory)));
await keep('collector', () => benchCollector(run));
if (['end-to-end', 'freshness', 'idle', 'rebuild'].some((name) => wanted.has(name as Name)))
  await benchProduct();
await keep('postgres', () => benchPostgres(run));
await keep('kafka', () => benchKafka(run));
await keep('scale', () => benchScale(run));
process.exitCode = Object.values(results).some((result) => 'failed' in result) ? 1 : 0;
process.stdout.write(
  `${JSON.stringify({ startedAt, quick, machine, benchmarks: results, ratios: ratios(), met: allMet() }, null, 2)}\n`,
);

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      options: { quick: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    });
    if (!values.help) return { quick: values.quick, asked: positionals };
    process.stdout.write(USAGE);
    process.exit(0);
  } catch (error) {
    return refuse((error as Error).message);
  }
}

function refuse(why: string): never {
  process.stderr.write(`bench: ${why}\n${USAGE}`);
  process.exit(64);
}

/** An argument with a slash, or that is there. */
function isDirectory(argument: string): boolean {
  return argument.includes('/') || (!(NAMES as readonly string[]).includes(argument) && existsSync(argument));
}

function namesFrom(asked: readonly string[]): ReadonlySet<Name> {
  const unknown = asked.filter((name) => !(NAMES as readonly string[]).includes(name));
  if (unknown.length > 0) refuse(`there is no benchmark ${unknown.join(', ')}`);
  const names = new Set<Name>(asked.length === 0 ? NAMES : (asked as Name[]));
  if (names.has('rebuild')) names.add('end-to-end'); // It needs a log.
  return names;
}

/** Runs a benchmark when it is wanted and keeps its result; one that breaks does not take the others' with it. */
async function keep(name: Name, work: () => Promise<Result>): Promise<void> {
  if (!wanted.has(name)) return;
  results[name] = await work().catch((error: unknown) => {
    const failed = error instanceof Error ? error.message : String(error);
    run.note(`${name}: FAILED: ${failed}`);
    return { failed };
  });
}

/** Those that need the whole product share one; the end-to-end benchmark fills it for those after it. */
async function benchProduct(): Promise<void> {
  const rows = (quick ? 30 : 300) * ROWS_PER_SECOND_MAX;
  run.note(`making ${rows / BANKS} reports`);
  const bodies = makeBodies(Math.ceil(rows / BANKS / ROWS_PER_REQUEST));
  const installation = await makeInstallation(BANKS);
  const product = await startProduct(installation);
  try {
    let firstRequest = 0;
    await keep('end-to-end', async () => {
      const filled = await benchEndToEnd(run, installation, product, bodies);
      firstRequest = filled.requests;
      return filled.result;
    });
    await keep('freshness', () => benchFreshness(run, installation, product, bodies, firstRequest));
    await keep('idle', async () => {
      await untilDrained(installation);
      return benchIdle(run, product);
    });
    await keep('rebuild', () => benchRebuild(run, installation, product));
  } finally {
    await product.stop().catch((error: unknown) => {
      results['end-to-end'] = { failed: (error as Error).message };
    });
    installation.remove();
  }
}

/** End to end against the peer: by the clock, and by CPU (what counts when others use the machine too). */
function ratios(): Readonly<Record<string, number>> {
  const [ours, peer] = [results['end-to-end'], results.postgres];
  if (!ours || !peer || !('figures' in ours) || !('figures' in peer)) return {};
  const of = (result: BenchResult, name: string): number => result.figures[name]?.median ?? NaN;
  return {
    endToEndToPostgres: round(of(ours, 'eventsPerSecond') / of(peer, 'rowsPerSecond')),
    endToEndToPostgresByCpu: round(of(peer, 'cpuSecondsPer1000') / of(ours, 'cpuSecondsPer1000')),
  };
}

function allMet(): boolean {
  return Object.values(results).every(
    (result) =>
      'skipped' in result ||
      ('figures' in result && Object.values(result.figures).every(({ met }) => met !== false)),
  );
}
