import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { AttributeValue, CohortRow } from '#domain/cohort-explanation/cohort-row.js';
import { explainCohort } from '#domain/cohort-explanation/explain-cohort.js';

/** One incident of the benchmark: its devices, and the cause that was planted (none = no value). */
export interface Incident {
  readonly kind: 'single' | 'pair' | 'none';
  readonly cause: readonly AttributeValue[];
  readonly rows: readonly CohortRow[];
}

/** How many incidents of each kind there are, and how many were answered rightly. */
export interface ExplanationScore {
  readonly incidents: Readonly<Record<Incident['kind'], number>>;
  /** The first answer selects the planted cause's devices (Jaccard 0.9 or more); of `none`: nothing was answered. */
  readonly right: Readonly<Record<Incident['kind'], number>>;
  /** One of the answers does. */
  readonly rightInThree: number;
  /** The first answer names the planted attributes and values. */
  readonly exact: number;
}

const SAME_DEVICES_FROM = 0.9;
const DEVICES_FILE = /^cohort-(.+)\.devices\.csv(\.gz)?$/;

/** All incidents of a folder's `cohort-*.devices.csv.gz` with their `cohort-*.truth.csv`. */
export function readIncidents(folder: string): readonly Incident[] {
  return readdirSync(folder)
    .sort()
    .flatMap((file) => {
      const [, name, packed] = DEVICES_FILE.exec(file) ?? [];
      if (name === undefined) return [];
      const bytes = readFileSync(join(folder, file));
      const rowsOf = groupRows((packed ? gunzipSync(bytes) : bytes).toString('utf8'));
      const truth = records(readFileSync(join(folder, `cohort-${name}.truth.csv`), 'utf8'));
      return truth.map(({ incident = '', kind = '', cause = '' }) => ({
        kind: kind as Incident['kind'],
        cause: cause === '' ? [] : cause.split(';').map(valueOf),
        rows: rowsOf.get(incident) ?? [],
      }));
    });
}

export function scoreExplanations(incidents: readonly Incident[]): ExplanationScore {
  const score = {
    incidents: { single: 0, pair: 0, none: 0 },
    right: { single: 0, pair: 0, none: 0 },
    rightInThree: 0,
    exact: 0,
  };
  for (const { kind, cause, rows } of incidents) {
    const answers = explainCohort(rows).causes.map(({ values }) => values);
    score.incidents[kind] += 1;
    if (kind === 'none') {
      if (answers.length === 0) score.right.none += 1;
      continue;
    }
    const right = answers.map((answer) => jaccard(rows, answer, cause) >= SAME_DEVICES_FROM);
    if (right[0]) score.right[kind] += 1;
    if (right.includes(true)) score.rightInThree += 1;
    if (answers[0] && spelt(answers[0]) === spelt(cause)) score.exact += 1;
  }
  return score;
}

function jaccard(
  rows: readonly CohortRow[],
  left: readonly AttributeValue[],
  right: readonly AttributeValue[],
): number {
  let [both, any] = [0, 0];
  for (const row of rows) {
    const [inLeft, inRight] = [selects(left, row), selects(right, row)];
    if (inLeft && inRight) both += row.devices;
    if (inLeft || inRight) any += row.devices;
  }
  return any === 0 ? 0 : both / any;
}

const selects = (values: readonly AttributeValue[], { attributes }: CohortRow): boolean =>
  values.every(({ attribute, value }) => attributes[attribute] === value);

const spelt = (values: readonly AttributeValue[]): string =>
  values
    .map(({ attribute, value }) => `${attribute}=${value}`)
    .sort()
    .join(';');

function valueOf(text: string): AttributeValue {
  const [attribute = '', ...value] = text.split('=');
  return { attribute, value: value.join('=') };
}

function groupRows(csv: string): ReadonlyMap<string, CohortRow[]> {
  const rows = new Map<string, CohortRow[]>();
  for (const { incident = '', outcome, devices, ...attributes } of records(csv)) {
    const row = { attributes, failed: outcome === 'failed', devices: Number(devices) };
    const known = rows.get(incident);
    if (known) known.push(row);
    else rows.set(incident, [row]);
  }
  return rows;
}

/** The benchmark's files quote nothing. */
function records(csv: string): readonly Record<string, string>[] {
  const [head = '', ...lines] = csv.trim().split(/\r?\n/);
  const names = head.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, at) => [name, cells[at] ?? '']));
  });
}
