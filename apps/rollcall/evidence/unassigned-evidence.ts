import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import type { AttemptReport, InventoryReport } from '#domain/attempt-event.js';
import { missingFacts } from '#domain/required-facts.js';
import { takeLock } from '#runtime/process-lock.js';
import type { ProcessLock } from '#runtime/process-lock.js';

type Row = AttemptReport | InventoryReport;

const headSchema = z.object({
  id: z.string().regex(/^[0-9a-f]{12}$/),
  /** The file as it was called; it names no device. */
  file: z.string(),
  bank: z.string().nullable(),
  keptAt: z.iso.datetime(),
  reports: z.number(),
  failures: z.number(),
});
export type UnassignedEvidence = z.infer<typeof headSchema>;

/** Whether nothing but the device is missing: then it can be assigned later. */
export const lacksOnlyDevice = (row: Row): boolean => {
  const missing = missingFacts(row);
  return missing.length === 1 && missing[0]?.path === 'deviceKey';
};

/**
 * Reports read from logs that name no device, in files below the data directory until somebody says which device it was.
 * They are in no log and in no view, so they are never counted. The same reports again are the same file, and are not
 * kept anew once they were assigned: else they would be counted for a second device.
 */
export class UnassignedStore {
  private readonly directory: string;

  constructor(dataRoot: string) {
    this.directory = join(dataRoot, 'unassigned');
  }

  /** Keeps the rows, unless they were assigned before. */
  async keep(
    file: string,
    bank: string | null,
    rows: readonly Row[],
  ): Promise<{ readonly head: UnassignedEvidence; readonly assignedAt: string | null }> {
    const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    const failures = rows.filter(
      (row) => 'outcome' in row && (row.outcome === 'failed' || row.outcome === 'rolled_back'),
    );
    const head: UnassignedEvidence = {
      id: createHash('sha256')
        .update(`${bank ?? ''}\n${lines}`)
        .digest('hex')
        .slice(0, 12),
      file: basename(file),
      bank,
      keptAt: new Date().toISOString(),
      reports: rows.length,
      failures: failures.length,
    };
    const assignedAt = await this.assignedAt(head.id);
    if (assignedAt !== null) return { head, assignedAt };
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const path = this.pathOf(head.id);
    await writeFile(`${path}.new`, `${JSON.stringify(head)}\n${lines}`, { mode: 0o600, flush: true });
    await rename(`${path}.new`, path);
    return { head, assignedAt };
  }

  /** Oldest first. */
  async list(): Promise<UnassignedEvidence[]> {
    const names = await readdir(this.directory).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    });
    const ids = names.filter((name) => /^[0-9a-f]{12}\.ndjson$/.test(name)).map((name) => name.slice(0, 12));
    const found = await Promise.all(ids.map(async (id) => (await this.read(id))?.head));
    return found
      .filter((head) => head !== undefined)
      .sort((left, right) => (left.keptAt < right.keptAt ? -1 : 1));
  }

  /** Null when there is none of this id. */
  async read(
    id: string,
  ): Promise<{ readonly head: UnassignedEvidence; readonly rows: readonly Row[] } | null> {
    const text = await readIfThere(this.pathOf(id));
    if (text === null) return null;
    const [head = '', ...rows] = text.trimEnd().split('\n');
    return { head: headSchema.parse(JSON.parse(head)), rows: rows.map((row) => JSON.parse(row) as Row) };
  }

  /** When it was assigned; null when it was not. */
  async assignedAt(id: string): Promise<string | null> {
    return readIfThere(this.assignedPathOf(id));
  }

  /** It was assigned and sent. To which device is for the log to say: no name of one is kept here. */
  async settle(id: string, at: string): Promise<void> {
    await writeFile(this.assignedPathOf(id), at, { mode: 0o600, flush: true });
    await rm(this.pathOf(id), { force: true });
  }

  /** Forgets it, and that it was assigned. */
  async remove(id: string): Promise<void> {
    await rm(this.pathOf(id), { force: true });
    await rm(this.assignedPathOf(id), { force: true });
  }

  /** Held by whoever assigns it; null when another one does. */
  async lock(id: string): Promise<ProcessLock | null> {
    return takeLock(this.pathOf(id), 0);
  }

  private pathOf(id: string): string {
    return join(this.directory, `${id}.ndjson`);
  }

  private assignedPathOf(id: string): string {
    return join(this.directory, `${id}.assigned`);
  }
}

async function readIfThere(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
}
