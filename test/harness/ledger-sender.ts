import { setTimeout as sleep } from 'node:timers/promises';
import { streamedBatch } from './attempt-stream.js';
import type { StreamedReport } from './attempt-stream.js';
import type { CollectorAnswer } from './post-reports.js';
import { SenderLedger } from './sender-ledger.js';

export interface LedgerSenderOptions {
  readonly seed: number;
  /** Posts rows under an `Idempotency-Key`; rejects when the connection breaks. */
  readonly post: (rows: readonly unknown[], idempotencyKey: string) => Promise<CollectorAnswer>;
  /** Between two batches: how hard it pushes. */
  readonly pauseMs: number;
  /** Told after each 202, at once. */
  readonly onAccepted?: (batch: readonly StreamedReport[]) => void;
}

const RETRY_MS = 150;
/** Some accepted batches are sent again under another key, by a sender that forgot its success. */
const FORGOTTEN_EVERY = 10;

/** A sender as we tell them to be: numbered batches, each retried until it is answered 202, and a ledger of these. */
export class LedgerSender {
  readonly ledger = new SenderLedger();
  /** Answers and breaks that made it try again, by kind. */
  readonly troubles = new Map<string, number>();
  private stopped = false;
  private next = 0;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly options: LedgerSenderOptions) {}

  /** Goes on where it finished, if it did. @param lanes so many batches are under way at once */
  start(lanes = 2): void {
    this.stopped = false;
    const lane = async (): Promise<void> => {
      while (!this.stopped) {
        const number = this.next++;
        await this.deliver(number, `batch-${number}`);
        if (number % FORGOTTEN_EVERY === 0) await this.deliver(number, `batch-${number}-again`);
        await sleep(this.options.pauseMs);
      }
    };
    this.running = Promise.all(Array.from({ length: lanes }, lane)).then(() => undefined);
    this.running.catch(() => undefined);
  }

  /** No new batches; resolves when those under way are accepted. @throws Error when an answer was wrong */
  async finish(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  /** No new tries either: what has no 202 by now never gets one. */
  giveUp(): void {
    this.stopped = true;
    this.givenUp = true;
  }
  private givenUp = false;

  private async deliver(number: number, key: string): Promise<void> {
    const batch = streamedBatch(this.options.seed, number);
    const rows = batch.map(({ row }) => row);
    while (!this.givenUp) {
      const answer = await this.options.post(rows, key).catch((error: unknown) => causeOf(error));
      if (typeof answer === 'string') this.count(answer);
      else if (answer.status === 202) {
        this.take(batch, answer);
        return;
      } else if (answer.status === 503) {
        if (!answer.headers.has('retry-after')) throw new Error('503 without Retry-After');
        this.count('503');
      } else throw new Error(`batch ${number}: ${answer.status} ${JSON.stringify(answer.body)}`);
      await sleep(RETRY_MS);
    }
  }

  private take(batch: readonly StreamedReport[], { body }: CollectorAnswer): void {
    const { accepted, rejected } = body as {
      readonly accepted: number;
      readonly rejected: readonly unknown[];
    };
    if (accepted !== batch.length || rejected.length > 0)
      throw new Error(`not all taken: ${JSON.stringify(body)}`);
    this.ledger.noteAccepted(batch);
    this.options.onAccepted?.(batch);
  }

  private count(trouble: string): void {
    this.troubles.set(trouble, (this.troubles.get(trouble) ?? 0) + 1);
  }
}

/** `ECONNREFUSED`, `ECONNRESET` …: what fetch hides in the cause. */
function causeOf(error: unknown): string {
  const { cause, code, message } = error as Error & {
    readonly code?: string;
    readonly cause?: { readonly code?: string };
  };
  return cause?.code ?? code ?? message;
}
