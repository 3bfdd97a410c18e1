import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EventLog } from '#event-log/event-log.js';
import type { Logger } from '#runtime/logger.js';
import type { RejectedRow } from '../rows/take-rows.js';
import { scrubExcerpt } from './scrub-excerpt.js';

const DAY_MS = 24 * 3_600_000;
const KEPT_DAYS = 30;
const MOST_POSITIONS = 100;
/** Of a body that could not be read at all: enough to see what it was. */
const MOST_BODY_BYTES = 1024 * 1024;
const DAY_NAME = /^\d{4}-\d\d-\d\d$/;

export interface RejectsOptions {
  /** `<data>/rejects`; below it a folder for each bank, below that one for each day. */
  readonly directory: string;
  readonly maxBytesPerBankDay: number;
  readonly nowMs: () => number;
}

/** One line of a request's file of rejected rows. */
interface RejectedLine extends RejectedRow {
  readonly sha256: string;
}

/**
 * What was not taken, as it came: outside the log, for each bank apart, deletable, for 30 days. The dead-letter topic
 * holds only position, reason, hash and a scrubbed kilobyte. Keeping is a service to the sender: when it fails,
 * that is logged and the answer still tells the sender everything.
 */
export class RejectsStore {
  private readonly bytesByFolder = new Map<string, number>();

  constructor(
    private readonly options: RejectsOptions,
    private readonly log: EventLog,
    private readonly logger: Logger,
  ) {}

  /** Rows of one request that were not taken. `body` = its bytes, for the hash in the dead letter. */
  async keepRows(bank: string, requestId: string, body: Buffer, rows: readonly RejectedRow[]): Promise<void> {
    const lines = rows.map((row): RejectedLine => ({
      ...row,
      sha256: createHash('sha256').update(row.text).digest('hex'),
    }));
    const content = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const first = rows[0];
    await this.keep(bank, `${requestId}.ndjson`, content, {
      reason: first?.code ?? 'invalid_value',
      sha256: createHash('sha256').update(body).digest('hex'),
      rejected: rows.length,
      positions: rows.slice(0, MOST_POSITIONS).map(({ index, path, code }) => ({ index, path, code })),
      excerpt: scrubExcerpt(first?.text ?? ''),
    });
  }

  /** A body of which nothing could be read. */
  async keepBody(
    bank: string,
    body: Buffer,
    reason: string,
    detail: string,
    origin?: MessageOrigin,
  ): Promise<void> {
    await this.keep(bank, `${randomUUID()}.body`, body.subarray(0, MOST_BODY_BYTES), {
      ...(origin && { origin }),
      reason,
      sha256: createHash('sha256').update(body).digest('hex'),
      rejected: 1,
      positions: [{ index: 0, path: '', code: reason }],
      excerpt: scrubExcerpt(detail),
    });
  }

  /** Deletes days older than 30. */
  async deleteOld(): Promise<void> {
    const oldest = new Date(this.options.nowMs() - KEPT_DAYS * DAY_MS).toISOString().slice(0, 10);
    for (const bank of await namesIn(this.options.directory)) {
      for (const day of await namesIn(join(this.options.directory, bank))) {
        if (!DAY_NAME.test(day) || day >= oldest) continue;
        await rm(join(this.options.directory, bank, day), { recursive: true, force: true });
        this.bytesByFolder.delete(join(bank, day));
      }
    }
  }

  private async keep(bank: string, name: string, content: Buffer, letter: DeadLetter): Promise<void> {
    try {
      const file = await this.write(bank, name, content);
      const at = new Date(this.options.nowMs()).toISOString();
      const message = { kind: 'rejected_request', at, bank, file, ...letter };
      const { topic, partition, offset } = letter.origin ?? {};
      const headers = {
        reason: letter.reason,
        sha256: letter.sha256,
        ...(topic !== undefined && { topic, partition: String(partition), offset: String(offset) }),
      };
      await this.log.append('patch.dead-letters', [
        { key: bank, value: Buffer.from(JSON.stringify(message)), headers },
      ]);
    } catch (error) {
      this.logger.warn(
        { err: error, bank, ...letter, excerpt: undefined },
        'rejected rows could not be kept',
      );
    }
  }

  /** The file's path below the rejects directory; null when the bank's room of the day is used up. */
  private async write(bank: string, name: string, content: Buffer): Promise<string | null> {
    const folder = join(bank, new Date(this.options.nowMs()).toISOString().slice(0, 10));
    const path = join(this.options.directory, folder);
    const used = this.bytesByFolder.get(folder) ?? (await bytesIn(path));
    if (used + content.length > this.options.maxBytesPerBankDay) {
      this.bytesByFolder.set(folder, used);
      return null;
    }
    this.bytesByFolder.set(folder, used + content.length);
    await mkdir(path, { recursive: true, mode: 0o700 });
    await writeFile(join(path, name), content, { mode: 0o600 });
    return join(folder, name);
  }
}

/** Where a message of a topic that others write lies. */
interface MessageOrigin {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

interface DeadLetter {
  readonly origin?: MessageOrigin;
  readonly reason: string;
  /** Of the request's body. */
  readonly sha256: string;
  readonly rejected: number;
  readonly positions: readonly { readonly index: number; readonly path: string; readonly code: string }[];
  readonly excerpt: string;
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function bytesIn(directory: string): Promise<number> {
  const sizes = (await namesIn(directory)).map(async (name) => (await stat(join(directory, name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
