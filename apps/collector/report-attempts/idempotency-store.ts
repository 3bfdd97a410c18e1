import { mkdirSync } from 'node:fs';
import { open, readFile, readdir, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Problem } from '../problem.js';
import { reportAnswerSchema } from './report-answer.js';
import type { ReportAnswer } from './report-answer.js';

const KEPT_MS = 24 * 3_600_000;
const FILE_NAME = /^\d{4}-\d\d-\d\dT\d\d\.ndjson$/;

const lineSchema = z.strictObject({
  bank: z.string(),
  key: z.string(),
  sha256: z.string(),
  atMs: z.number(),
  answer: reportAnswerSchema,
});

/** Where the answer lies; answers with many rejected rows are long, so they are read back only when asked for. */
interface Kept {
  readonly sha256: string;
  readonly atMs: number;
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

/**
 * Answers by (bank, `Idempotency-Key`) for 24 h, in one append-only file an hour: it survives a restart, and old
 * hours are dropped as files. Not fsynced: a key lost with the power makes the sender's retry be taken again, and
 * its events have the ids they had. One process owns the directory; behind several collectors a key holds for
 * requests that reach the same one.
 */
export class IdempotencyStore {
  private readonly kept = new Map<string, Kept>();
  private readonly running = new Map<
    string,
    { readonly sha256: string; readonly answer: Promise<ReportAnswer> }
  >();
  private readonly bytesByFile = new Map<string, number>();
  private current: { readonly name: string; readonly handle: FileHandle } | null = null;
  private writing: Promise<void> = Promise.resolve();

  private constructor(
    private readonly directory: string,
    private readonly maxBytes: number,
    private readonly nowMs: () => number,
  ) {}

  /** Opens the directory (made when missing) and reads what earlier processes kept. */
  static async open(
    directory: string,
    maxBytes: number,
    nowMs: () => number = Date.now,
  ): Promise<IdempotencyStore> {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const store = new IdempotencyStore(directory, maxBytes, nowMs);
    const names = (await readdir(directory)).filter((name) => FILE_NAME.test(name)).sort();
    for (const name of names) await store.load(name);
    await store.dropOld();
    return store;
  }

  /**
   * The answer kept for `key`, or that of `work`, which then is kept. A second request with the same key waits for
   * the first. What `work` throws is not kept: the sender may try again.
   * @throws Problem 422 when the key came with another body
   */
  async once(
    bank: string,
    key: string,
    sha256: string,
    work: () => Promise<ReportAnswer>,
  ): Promise<ReportAnswer> {
    const id = `${bank} ${key}`;
    const known = this.kept.get(id) ?? this.running.get(id);
    if (known && !('atMs' in known && this.isOld(known.atMs))) {
      if (known.sha256 !== sha256) {
        throw new Problem(
          422,
          'idempotency_key_reused',
          'this Idempotency-Key came with another body before',
        );
      }
      if ('answer' in known) return known.answer;
      const answer = await this.readAnswer(known);
      if (answer) return answer;
    }
    const answer = work();
    this.running.set(id, { sha256, answer });
    try {
      const done = await answer;
      // A full disk must not turn what is durable into an error: only the memory of the answer is lost.
      await this.keep(id, { bank, key, sha256, atMs: this.nowMs(), answer: done }).catch(() => undefined);
      return done;
    } finally {
      this.running.delete(id);
    }
  }

  async close(): Promise<void> {
    await this.writing;
    await this.current?.handle.close();
    this.current = null;
  }

  private isOld(atMs: number): boolean {
    return this.nowMs() - atMs > KEPT_MS;
  }

  /** Appends one line after the other, so that offsets are known. */
  private async keep(id: string, entry: z.output<typeof lineSchema>): Promise<void> {
    const write = this.writing.then(async () => {
      const { name, handle } = await this.fileOfThisHour();
      const line = Buffer.from(`${JSON.stringify(entry)}\n`);
      const offset = this.bytesByFile.get(name) ?? 0;
      await handle.write(line);
      this.bytesByFile.set(name, offset + line.length);
      this.kept.set(id, { sha256: entry.sha256, atMs: entry.atMs, file: name, offset, length: line.length });
    });
    this.writing = write.catch(() => undefined);
    await write;
  }

  private async fileOfThisHour(): Promise<{ name: string; handle: FileHandle }> {
    const name = `${new Date(this.nowMs()).toISOString().slice(0, 13)}.ndjson`;
    if (this.current?.name === name) {
      if (this.totalBytes() > this.maxBytes) await this.dropOld();
      return this.current;
    }
    await this.current?.handle.close();
    const handle = await open(join(this.directory, name), 'a', 0o600);
    const { size } = await handle.stat();
    // A crash may have left half a line; the next one must not be glued to it.
    const start = size === 0 ? 0 : size + (await handle.write('\n')).bytesWritten;
    this.bytesByFile.set(name, start);
    this.current = { name, handle };
    await this.dropOld();
    return this.current;
  }

  private totalBytes(): number {
    return [...this.bytesByFile.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Drops hours older than a day, and the oldest ones while all together are too large; never the current one. */
  private async dropOld(): Promise<void> {
    const oldest = `${new Date(this.nowMs() - KEPT_MS).toISOString().slice(0, 13)}.ndjson`;
    for (const name of [...this.bytesByFile.keys()].sort()) {
      if (name === this.current?.name) break;
      if (name >= oldest && this.totalBytes() <= this.maxBytes) break;
      await rm(join(this.directory, name), { force: true });
      this.bytesByFile.delete(name);
      for (const [id, kept] of this.kept) if (kept.file === name) this.kept.delete(id);
    }
  }

  private async load(name: string): Promise<void> {
    const content = await readFile(join(this.directory, name));
    this.bytesByFile.set(name, content.length);
    for (let offset = 0; offset < content.length;) {
      const newline = content.indexOf(0x0a, offset);
      const end = newline < 0 ? content.length : newline + 1;
      const entry = parseLine(content.subarray(offset, end));
      if (entry) {
        const { bank, key, sha256, atMs } = entry;
        this.kept.set(`${bank} ${key}`, { sha256, atMs, file: name, offset, length: end - offset });
      }
      offset = end;
    }
  }

  /** null when its file is gone: then the request is taken again, which changes nothing in the log's meaning. */
  private async readAnswer({ file, offset, length }: Kept): Promise<ReportAnswer | null> {
    try {
      const handle = await open(join(this.directory, file), 'r');
      try {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
        return parseLine(buffer.subarray(0, bytesRead))?.answer ?? null;
      } finally {
        await handle.close();
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }
}

function parseLine(line: Buffer): z.output<typeof lineSchema> | null {
  try {
    return lineSchema.safeParse(JSON.parse(line.toString('utf8'))).data ?? null;
  } catch {
    return null;
  }
}
