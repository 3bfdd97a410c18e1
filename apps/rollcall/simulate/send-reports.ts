import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { TimedReport } from './attempt-reports.js';

const compress = promisify(gzip);

export interface SendSettings {
  /** The collector's base URL. */
  readonly url: string;
  /** Tokens with scope `simulate` (arrival times are ours), by bank. */
  readonly tokens: ReadonlyMap<string, string>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (sent: number, accepted: number) => void;
}

export interface Sent {
  readonly sent: number;
  readonly accepted: number;
  readonly rejected: number;
  /** The first rejections as the collector names them. */
  readonly reasons: readonly string[];
}

/** Reports in one request, and how much arrival time may be in flight at once: order matters to the watch only beyond that. */
const REQUEST_REPORTS = 1_000;
const SLICE_MS = 24 * 3_600_000;
const MOST_TRIES = 8;

/**
 * Sends reports in the order of arrival: day by day, the banks of a day at the same time, one request a bank at
 * once. The same reports again give the same `Idempotency-Key`, so a second run changes nothing.
 * @throws Error when the collector refuses a credential or does not answer after several tries
 */
export async function sendReports(reports: Iterable<TimedReport>, settings: SendSettings): Promise<Sent> {
  const total = { sent: 0, accepted: 0, rejected: 0, reasons: [] as string[] };
  for (const slice of slicesOf(reports)) {
    const banks = [...new Set(slice.map(({ bank }) => bank))];
    await Promise.all(
      banks.map(async (bank) => {
        const ofBank = slice.filter((report) => report.bank === bank);
        for (let from = 0; from < ofBank.length; from += REQUEST_REPORTS) {
          const rows = ofBank.slice(from, from + REQUEST_REPORTS);
          const answer = await postReports(bank, rows, settings);
          total.sent += rows.length;
          total.accepted += answer.accepted;
          total.rejected += answer.rejected.length;
          const named = answer.rejected.map(({ path, code, message }) => `${path}: ${code} ${message}`);
          total.reasons.push(...named.slice(0, Math.max(0, 5 - total.reasons.length)));
        }
      }),
    );
    settings.onProgress?.(total.sent, total.accepted);
  }
  return total;
}

export const inArrivalOrder = (reports: readonly TimedReport[]): TimedReport[] =>
  reports.toSorted((left, right) => left.receivedAtMs - right.receivedAtMs);

function* slicesOf(reports: Iterable<TimedReport>): Generator<TimedReport[]> {
  let slice: TimedReport[] = [];
  for (const report of reports) {
    const first = slice[0];
    if (first && report.receivedAtMs - first.receivedAtMs > SLICE_MS) {
      yield slice;
      slice = [];
    }
    slice.push(report);
  }
  if (slice.length > 0) yield slice;
}

interface Answer {
  readonly accepted: number;
  readonly rejected: readonly { readonly path: string; readonly code: string; readonly message: string }[];
}

async function postReports(
  bank: string,
  rows: readonly TimedReport[],
  settings: SendSettings,
): Promise<Answer> {
  const token = settings.tokens.get(bank);
  if (!token) throw new Error(`no token for ${bank}`);
  const text = rows.map(({ report }) => JSON.stringify(report)).join('\n');
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/x-ndjson',
    'content-encoding': 'gzip',
    'idempotency-key': createHash('sha256').update(text).digest('hex').slice(0, 32),
  };
  const body = await compress(text, { level: 1 });
  for (let tryNo = 1; ; tryNo += 1) {
    const response = await fetch(`${settings.url}/v1/attempts`, {
      method: 'POST',
      headers,
      body,
      ...(settings.signal ? { signal: settings.signal } : {}),
    }).catch((error: unknown) =>
      settings.signal?.aborted || tryNo >= MOST_TRIES ? Promise.reject(error as Error) : null,
    );
    if (response?.status === 202 || response?.status === 422) return (await response.json()) as Answer;
    const busy = response === null || response.status === 429 || response.status === 503;
    if (!busy || tryNo >= MOST_TRIES) {
      throw new Error(
        `the collector answered ${response?.status ?? 'nothing'}: ${(await response?.text()) ?? ''}`,
      );
    }
    const afterSeconds = Number(response?.headers.get('retry-after') ?? 1);
    await response?.body?.cancel();
    await new Promise((resolve) => setTimeout(resolve, Math.min(10, afterSeconds || 1) * 1_000));
  }
}
