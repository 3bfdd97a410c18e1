import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { CountedReport } from '#domain/spikes/scan/count-reports.js';
import type { Scope } from '#domain/spikes/scan/scope.js';

export const HOUR_MS = 3_600_000;

/** A report with the incident that caused it, if any. */
export interface LabelledReport extends CountedReport {
  /** Null when it did not fail. */
  readonly signature: string | null;
  readonly incident: string | null;
}

export interface Incident extends Scope {
  readonly id: string;
  readonly signature: string;
  readonly firstArrivalMs: number;
  readonly lastArrivalMs: number;
  readonly devices: number;
  readonly isScored: boolean;
  /** How many times the usual rate it adds. */
  readonly lift: number;
}

/** A simulated fleet with its truth, in the format of the spike corpus. */
export interface Scenario {
  readonly name: string;
  readonly hours: number;
  readonly scoreFromMs: number;
  readonly seriesWeeks: number;
  /** By arrival. */
  readonly reports: readonly LabelledReport[];
  readonly incidents: readonly Incident[];
}

/** Columns that are needed; whatever else a file has is not looked at. */
const COLUMNS = {
  reports: ['arrived', 'occurred', 'device', 'bank', 'build', 'kb', 'outcome'],
  labels: ['row', 'incident'],
  incidents: [
    ...['incident', 'bank', 'build', 'kb', 'signature', 'p_extra', 'base_rate'],
    ...['injected_devices', 'first_arrival', 'last_arrival', 'scored'],
  ],
} as const;
type Part = keyof typeof COLUMNS;

const REPORTS_FILE = /^(.+)\.reports\.csv(?:\.gz)?$/;
/** Weeks 0 to 3 are history in this format, where `meta.json` does not say otherwise. */
const SCORE_FROM_HOUR = 672;

/**
 * Names of the scenarios in a folder of that format, the smallest first.
 * @throws Error naming the file that a scenario lacks
 */
export function scenariosIn(directory: string): string[] {
  const names = readdirSync(directory).flatMap((file) => REPORTS_FILE.exec(file)?.[1] ?? []);
  const scenarios = [...new Set(names)].map((name) => {
    const [reports] = (Object.keys(COLUMNS) as Part[]).map((part) => fileOf(directory, name, part));
    return { name, bytes: statSync(reports ?? '').size };
  });
  return scenarios.sort((left, right) => left.bytes - right.bytes).map(({ name }) => name);
}

/** @throws Error naming what is missing or cannot be read */
export function readScenario(directory: string, name: string): Scenario {
  const rowsOf = (part: Part) => rowsIn(fileOf(directory, name, part), COLUMNS[part]);
  const incidentOfRow = new Map(
    rowsOf('labels').map(({ row = '', incident = '' }) => [Number(row), incident]),
  );
  const reports = rowsOf('reports').map((row, index): LabelledReport => {
    const [arrived, occurred] = [Number(row['arrived']), Number(row['occurred'])];
    if (!row['arrived'] || !row['occurred'] || !Number.isFinite(arrived + occurred))
      throw new Error(`${name}.reports: row ${index + 1} has no hour in arrived or occurred`);
    return {
      device: row['device'] ?? '',
      bank: row['bank'] ?? '',
      build: row['build'] ?? '',
      kb: row['kb'] ?? '',
      arrivedMs: arrived * HOUR_MS,
      occurredMs: occurred * HOUR_MS,
      signature: row['outcome'] === 'ok' ? null : (row['outcome'] ?? null),
      levels: row['outcome'] === 'ok' ? null : [row['outcome'] ?? ''],
      incident: incidentOfRow.get(index + 1) ?? null,
    };
  });
  if (reports.length === 0) throw new Error(`${name}.reports has no rows`);
  const incidents = rowsOf('incidents').map((row) => ({
    id: row['incident'] ?? '',
    bank: row['bank'] ?? '',
    build: row['build'] ?? '',
    kb: row['kb'] ?? '',
    signature: row['signature'] ?? '',
    firstArrivalMs: Number(row['first_arrival']) * HOUR_MS,
    lastArrivalMs: Number(row['last_arrival']) * HOUR_MS,
    devices: Number(row['injected_devices']),
    isScored: row['scored'] === '1',
    lift: Number(row['p_extra']) / Math.max(Number(row['base_rate']), 1e-5),
  }));
  const meta = metaOf(directory, name);
  const lastHour = reports.reduce((last, { arrivedMs }) => Math.max(last, arrivedMs), 0) / HOUR_MS;
  const scoreFromMs = (meta.score_from ?? SCORE_FROM_HOUR) * HOUR_MS;
  return {
    name,
    hours: meta.hours ?? Math.floor(lastHour) + 1,
    scoreFromMs,
    seriesWeeks: meta.series_weeks ?? seriesWeeksOf(reports, scoreFromMs),
    reports: reports.sort((left, right) => left.arrivedMs - right.arrivedMs),
    incidents,
  };
}

/** How long it is and from when on it is scored; what the file does not tell is taken from the reports. */
function metaOf(
  directory: string,
  name: string,
): { hours?: number; score_from?: number; series_weeks?: number } {
  const path = join(directory, `${name}.meta.json`);
  if (!existsSync(path)) return {};
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ReturnType<typeof metaOf>;
  } catch (error) {
    throw new Error(`${path} is no JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** (week, bank, build, KB, signature) with a failure in the scored part. */
function seriesWeeksOf(reports: readonly LabelledReport[], scoreFromMs: number): number {
  const active = new Set<string>();
  for (const { arrivedMs, bank, build, kb, signature } of reports)
    if (signature !== null && arrivedMs >= scoreFromMs)
      active.add([Math.floor(arrivedMs / (168 * HOUR_MS)), bank, build, kb, signature].join('|'));
  return active.size;
}

/** The part of a scenario, packed or not. */
function fileOf(directory: string, name: string, part: Part): string {
  const plain = join(directory, `${name}.${part}.csv`);
  const found = [`${plain}.gz`, plain].find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${plain} (or .gz) is missing: scenario ${name} cannot be scored`);
  return found;
}

function rowsIn(path: string, needed: readonly string[]): Record<string, string>[] {
  const bytes = readFileSync(path);
  const csv = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const [head = '', ...lines] = csv
    .replace(/^\uFEFF/, '')
    .trim()
    .split(/\r?\n/);
  const names = head.split(',');
  const missing = needed.filter((name) => !names.includes(name));
  if (missing.length > 0) throw new Error(`${path} has no column ${missing.join(', ')}`);
  return lines
    .filter((line) => line !== '')
    .map((line) => Object.fromEntries(line.split(',').map((value, index) => [names[index] ?? '', value])));
}
