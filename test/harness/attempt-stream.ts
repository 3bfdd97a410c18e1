/**
 * An endless stream of reports, made without any product code: the same seed and number always give the same batch.
 * Every attempt of a device has its own three hours, so that where one ends and the next begins is beyond doubt;
 * which batch tells of it has little to do with when it happened.
 */

/** A report and what its maker knows about it. */
export interface StreamedReport {
  /** As it is posted. */
  readonly row: Readonly<Record<string, unknown>>;
  readonly sourceEventId: string;
  readonly deviceKey: string;
  readonly kb: string;
  readonly build: string;
  /** Reports of one try share it. */
  readonly attempt: string;
  readonly atMs: number;
  readonly outcome: string;
  /** '' but for failures. */
  readonly code: string;
}

const ATTEMPTS_PER_BATCH = 60;
/** So many devices take turns … */
const DEVICES = 300;
/** … and after so many turns each gives way to a new one, so that histories stay as long as real ones. */
const TURNS = 16;
/** The second witness of an attempt is heard so many batches later. */
const LATE_BATCHES = 3;

const MINUTE_MS = 60_000;
const TURN_MS = 180 * MINUTE_MS;
const FIRST_TURN_MS = Date.UTC(2024, 8, 10, 6);

const KBS = ['KB5041578', 'KB5043050', 'KB5044277'] as const;
const BUILDS = ['17763.6054', '19045.4780', '22631.4112'] as const;
/** None of them is a wrapper of another. */
const CODES = ['0x80071ab1', '0x800f0922', '0x80073712', '0x80070002', '0x8007000d'] as const;
const OUTCOMES = [
  'failed',
  'failed',
  'failed',
  'rolled_back',
  'succeeded',
  'succeeded',
  'cancelled',
] as const;

/** The reports of batch `number` (from 0): those of its own attempts, and what late witnesses say of an earlier batch. */
export function streamedBatch(seed: number, number: number): readonly StreamedReport[] {
  const reports: StreamedReport[] = [];
  for (let index = 0; index < ATTEMPTS_PER_BATCH; index += 1) {
    reports.push(...reportsOf(seed, number * ATTEMPTS_PER_BATCH + index).prompt);
    if (number >= LATE_BATCHES)
      reports.push(...reportsOf(seed, (number - LATE_BATCHES) * ATTEMPTS_PER_BATCH + index).late);
  }
  return reports;
}

function reportsOf(seed: number, attempt: number) {
  const random = seededRandom(seed, attempt);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const wave = Math.floor(attempt / (DEVICES * TURNS));
  const device = wave * DEVICES + (attempt % DEVICES);
  // Neighbouring turns are told in the wrong order.
  const turn = (Math.floor(attempt / DEVICES) % TURNS) ^ 1;
  const kb = pick(KBS);
  const outcome = pick(OUTCOMES);
  const code = outcome === 'failed' || outcome === 'rolled_back' ? pick(CODES) : '';
  const endedAtMs = FIRST_TURN_MS + turn * TURN_MS + (15 + Math.floor(random() * 15)) * MINUTE_MS;

  const report = (
    what: string,
    source: string,
    atMs: number,
    told: { readonly outcome: string; readonly code: string; readonly startedAt?: string },
  ): StreamedReport => {
    const sourceEventId = `${seed}-${attempt}-${what}`;
    const deviceKey = `d-${seed}-${device}`;
    const build = BUILDS[device % BUILDS.length] as string;
    const row = {
      deviceKey,
      source,
      sourceEventId,
      operation: 'install',
      targetKb: kb,
      outcome: told.outcome,
      occurredAt: new Date(atMs).toISOString(),
      osBuild: build,
      ...(told.code === '' ? {} : { hresult: told.code }),
      ...(told.startedAt === undefined ? {} : { startedAt: told.startedAt }),
    };
    return {
      row,
      sourceEventId,
      deviceKey,
      kb,
      build,
      attempt: `${seed}-${attempt}`,
      atMs,
      outcome: told.outcome,
      code: told.code,
    };
  };

  const prompt = [report('end', 'servicing', endedAtMs, { outcome, code })];
  if (random() < 0.3) {
    const startedAtMs = endedAtMs - 10 * MINUTE_MS;
    const startedAt = new Date(startedAtMs).toISOString();
    prompt.push(
      report('start', 'windows_update_client', startedAtMs, { outcome: 'unknown', code: '', startedAt }),
    );
  }
  const late =
    random() < 0.2
      ? [report('again', 'windows_update_client', endedAtMs + MINUTE_MS, { outcome, code })]
      : [];
  return { prompt, late };
}

/** mulberry32: numbers in [0, 1), the same ones for the same seeds. */
export function seededRandom(...seeds: readonly number[]): () => number {
  let state = seeds.reduce((mixed, seed) => Math.imul(mixed ^ seed, 0x9e3779b1) + 0x7f4a7c15, 0x2545f491) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
