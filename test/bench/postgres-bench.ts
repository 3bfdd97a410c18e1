import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { secondsSince } from './bench-run.js';
import type { BenchResult, BenchRun, Skipped } from './bench-run.js';
import { figure, round } from './figure.js';
import { loadNow } from './machine.js';
import { PEER_SESSION, PEER_TABLES, peerBatch, peerRows } from './postgres-peer.js';
import { postgresMissing, startPostgres } from './postgres-server.js';
import type { PostgresServer } from './postgres-server.js';
import { processTree, sumCpuSeconds } from './process-usage.js';

/** As a request of ours, and about as large as the projector's batches under load: the peer may choose the better one. */
const BATCH_ROWS = [500, 20_000];
const BANKS = 8;
/** One for each core; each writes banks of its own, so that they never wait for each other's rows. */
const WRITERS = 2;

interface Measured {
  readonly perSecond: number;
  readonly cpuSecondsPer1000: number;
}

/**
 * The honest peer: PostgreSQL 15 taking the same rows without HTTP, JSON and validation in front: they lie ready as
 * files on its own disk before the clock starts. One transaction a batch, exactly once.
 */
export async function benchPostgres({ quick, note }: BenchRun): Promise<BenchResult | Skipped> {
  const missing = postgresMissing();
  if (missing !== null) return { skipped: missing };
  const load = loadNow();
  const rowsPerBank = quick ? 40_000 : 160_000;
  const results = new Map<number, Measured[]>(BATCH_ROWS.map((rows) => [rows, []]));
  for (let run = 0; run < (quick ? 1 : 3); run += 1) {
    for (const [batchRows, runs] of results) {
      const server = await startPostgres();
      try {
        const measured = await measureOnce(server, batchRows, rowsPerBank);
        note(`postgres, ${batchRows} rows a batch: ${Math.round(measured.perSecond)}/s`);
        runs.push(measured);
      } finally {
        await server.stop();
      }
    }
  }
  const entries = [...results].map(([rows, runs]) => ({
    rows,
    perSecond: figure(
      'rows/s',
      runs.map(({ perSecond }) => perSecond),
    ),
    cpu: figure(
      'CPU s / 1,000 rows',
      runs.map(({ cpuSecondsPer1000 }) => cpuSecondsPer1000),
    ),
  }));
  const [best] = entries.sort((a, b) => b.perSecond.median - a.perSecond.median);
  if (!best) throw new Error('no batch size was measured');
  return {
    figures: {
      rowsPerSecond: best.perSecond,
      cpuSecondsPer1000: best.cpu,
      ...Object.fromEntries(
        entries.map(({ rows, perSecond }) => [`rowsPerSecondInBatchesOf${rows}`, perSecond]),
      ),
    },
    details: { rows: rowsPerBank * BANKS, writers: WRITERS, bestBatchRows: best.rows, loadBefore: load },
  };
}

async function measureOnce(
  server: PostgresServer,
  batchRows: number,
  rowsPerBank: number,
): Promise<Measured> {
  const files = writeFiles(join(server.directory, 'rows'), batchRows, rowsPerBank);
  const connect = async (): Promise<Client> => {
    const client = new Client({ host: server.directory, user: 'bench', database: 'postgres' });
    await client.connect();
    return client;
  };
  const setUp = await connect();
  await setUp.query(PEER_TABLES);
  const writers = await Promise.all(Array.from({ length: WRITERS }, connect));
  for (const writer of writers) await writer.query(PEER_SESSION);
  const cpuBefore = sumCpuSeconds(processTree(server.pid));
  const startMs = performance.now();
  await Promise.all(
    writers.map(async (client, writer) => {
      const own = files.filter(({ bank }) => bank % WRITERS === writer);
      for (const [position, { path }] of own.entries())
        await client.query(peerBatch(path, writer, position + 1));
    }),
  );
  const seconds = secondsSince(startMs);
  const cpuSeconds = sumCpuSeconds(processTree(server.pid)) - cpuBefore;
  const { rows } = await setUp.query<{ count: string }>('SELECT count(*) FROM reports');
  for (const client of [setUp, ...writers]) await client.end();
  const expected = rowsPerBank * BANKS;
  if (Number(rows[0]?.count) !== expected)
    throw new Error(`PostgreSQL holds ${rows[0]?.count ?? '?'} of ${expected} rows`);
  rmSync(join(server.directory, 'rows'), { recursive: true });
  return { perSecond: expected / seconds, cpuSecondsPer1000: round((cpuSeconds / expected) * 1_000) };
}

/** Batch files, the banks in turn as senders mix. */
function writeFiles(
  directory: string,
  batchRows: number,
  rowsPerBank: number,
): { bank: number; path: string }[] {
  mkdirSync(directory);
  const files: { bank: number; path: string }[] = [];
  for (let first = 0; first < rowsPerBank; first += batchRows) {
    for (let bank = 0; bank < BANKS; bank += 1) {
      const path = join(directory, `${bank}-${first}`);
      writeFileSync(path, peerRows(bank, first, batchRows));
      files.push({ bank, path });
    }
  }
  return files;
}
