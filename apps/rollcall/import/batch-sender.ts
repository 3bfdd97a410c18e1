import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { AttemptReport, InventoryReport } from '#domain/attempt-event.js';
import type { RemedyReport } from '#domain/remedies/remedy-event.js';
import { CommandFailure, EXIT } from '../exit-codes.js';

const compress = promisify(gzip);
const BATCH_REPORTS = 500;
const MOST_TRIES = 10;
const LONGEST_WAIT_MS = 60_000;
/** A collector knows a token that was made just now after at most this long (contract.md §6). */
const TOKEN_SETTLES_MS = 35_000;

export interface Destination {
  /** The collector's base URL. */
  readonly url: string;
  readonly token: string;
  /** When the token was made by this command; a 401 may then be too early. */
  readonly tokenMadeAtMs: number | null;
}

export interface SendResult {
  readonly sent: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  /** The first refusals, as the collector names them. */
  readonly reasons: readonly string[];
}

interface Answer {
  readonly accepted: number;
  readonly duplicates?: number;
  readonly rejected: readonly { readonly path: string; readonly code: string; readonly message: string }[];
}

/** Sends reports to a collector in compressed batches. The same batch again has the same `Idempotency-Key`. */
export class BatchSender {
  private rows: string[] = [];
  private readonly total = { sent: 0, accepted: 0, duplicates: 0, rejected: 0, reasons: [] as string[] };

  constructor(private readonly to: Destination) {}

  /** Takes one report; sends when a batch is full. @throws CommandFailure when the collector refuses or does not answer */
  async add(report: AttemptReport | InventoryReport | RemedyReport): Promise<void> {
    this.rows.push(JSON.stringify(report));
    if (this.rows.length >= BATCH_REPORTS) await this.flush();
  }

  /** Sends what is left. */
  async finish(): Promise<SendResult> {
    await this.flush();
    return this.total;
  }

  private async flush(): Promise<void> {
    if (this.rows.length === 0) return;
    const rows = this.rows;
    this.rows = [];
    const answer = await this.post(rows.join('\n'));
    this.total.sent += rows.length;
    this.total.accepted += answer.accepted;
    this.total.duplicates += answer.duplicates ?? 0;
    this.total.rejected += answer.rejected.length;
    const named = answer.rejected.map(({ path, code, message }) => `${path}: ${code} ${message}`);
    this.total.reasons.push(...named.slice(0, Math.max(0, 5 - this.total.reasons.length)));
  }

  private async post(text: string): Promise<Answer> {
    const { url, token } = this.to;
    const body = await compress(text);
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/x-ndjson',
      'content-encoding': 'gzip',
      'idempotency-key': createHash('sha256').update(text).digest('hex').slice(0, 32),
    };
    const address = new URL('v1/attempts', url.endsWith('/') ? url : `${url}/`);
    let last = 'no answer';
    for (let tryNumber = 1; tryNumber <= MOST_TRIES; tryNumber += 1) {
      const response = await fetch(address, { method: 'POST', headers, body }).catch((error: unknown) => {
        last = `no answer (${error instanceof Error ? error.message : String(error)})`;
        return null;
      });
      if (response?.status === 202 || response?.status === 422) {
        const answer = (await response.json()) as Partial<Answer>;
        if (Array.isArray(answer.rejected)) return { accepted: 0, ...answer, rejected: answer.rejected };
        throw new CommandFailure(
          EXIT.failed,
          `the collector answered ${response.status}: ${JSON.stringify(answer)}`,
        );
      }
      if (response !== null) {
        last = `${response.status} ${detailOf(await response.text())}`;
        if (!this.mayTryAgain(response.status)) {
          throw new CommandFailure(EXIT.failed, `the collector at ${address.origin} refused: ${last}`);
        }
      }
      if (tryNumber < MOST_TRIES) await wait(waitMs(response?.headers.get('retry-after') ?? null, tryNumber));
    }
    throw new CommandFailure(
      EXIT.failed,
      `the collector at ${address.origin} did not take the reports: ${last}`,
    );
  }

  private mayTryAgain(status: number): boolean {
    const { tokenMadeAtMs } = this.to;
    const early = tokenMadeAtMs !== null && Date.now() - tokenMadeAtMs < TOKEN_SETTLES_MS;
    return status === 429 || status === 503 || (status === 401 && early);
  }
}

/** What an answer's problem says in words (RFC 9457); of anything else its beginning. */
function detailOf(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { readonly detail?: unknown };
    if (typeof detail === 'string') return detail;
  } catch {
    // no JSON: whatever stands between here and the collector has answered
  }
  return text.slice(0, 500);
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** `Retry-After` in seconds or as a date; without one the wait doubles from a quarter second. */
export function waitMs(retryAfter: string | null, tryNumber: number): number {
  const seconds = Number(retryAfter);
  const asked =
    retryAfter === null
      ? Number.NaN
      : Number.isNaN(seconds)
        ? Date.parse(retryAfter) - Date.now()
        : seconds * 1_000;
  return Math.min(LONGEST_WAIT_MS, Number.isNaN(asked) ? 250 * 2 ** (tryNumber - 1) : Math.max(0, asked));
}
