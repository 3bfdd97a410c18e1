import { readdirSync, readFileSync } from 'node:fs';
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

/** Names of the scenarios in a folder of that format. */
export const scenariosIn = (directory: string): string[] =>
  readdirSync(directory)
    .filter((file) => file.endsWith('.reports.csv.gz'))
    .map((file) => file.slice(0, -'.reports.csv.gz'.length))
    .sort();

export function readScenario(directory: string, name: string): Scenario {
  const zipped = (file: string) =>
    gunzipSync(readFileSync(join(directory, `${name}.${file}.csv.gz`))).toString('utf8');
  const meta = JSON.parse(readFileSync(join(directory, `${name}.meta.json`), 'utf8')) as {
    hours: number;
    score_from: number;
    series_weeks: number;
  };
  const incidentOfRow = new Map(
    rowsOf(zipped('labels')).map(({ row = '', incident = '' }) => [Number(row), incident]),
  );
  const reports = rowsOf(zipped('reports')).map((row, index) => ({
    device: row['device'] ?? '',
    bank: row['bank'] ?? '',
    build: row['build'] ?? '',
    kb: row['kb'] ?? '',
    arrivedMs: Number(row['arrived']) * HOUR_MS,
    occurredMs: Number(row['occurred']) * HOUR_MS,
    signature: row['outcome'] === 'ok' ? null : (row['outcome'] ?? null),
    levels: row['outcome'] === 'ok' ? null : [row['outcome'] ?? ''],
    incident: incidentOfRow.get(index + 1) ?? null,
  }));
  const incidents = rowsOf(readFileSync(join(directory, `${name}.incidents.csv`), 'utf8')).map((row) => ({
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
  return {
    name,
    hours: meta.hours,
    scoreFromMs: meta.score_from * HOUR_MS,
    seriesWeeks: meta.series_weeks,
    reports: reports.sort((left, right) => left.arrivedMs - right.arrivedMs),
    incidents,
  };
}

function rowsOf(csv: string): Record<string, string>[] {
  const [head = '', ...lines] = csv.trim().split(/\r?\n/);
  const names = head.split(',');
  return lines
    .filter((line) => line !== '')
    .map((line) => Object.fromEntries(line.split(',').map((value, index) => [names[index] ?? '', value])));
}
