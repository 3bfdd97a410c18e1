import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { CommandFailure, EXIT } from '../exit-codes.js';
import type { SusdbCursor } from '#sources/wsus/susdb-cursor.js';

const savedSchema = z.object({
  server: z.string(),
  database: z.string(),
  timeAtServer: z.iso.datetime().nullable(),
});

/** Whose table a cursor stands in, and for which collector. */
export interface CursorPlace {
  readonly server: string;
  readonly database: string;
  /** Another collector or bank has not seen what this one has. */
  readonly destination: string;
}

/**
 * How far a WSUS server's events were sent, in a file of the data directory. It is written when the collector has said
 * 202, whole and flushed, so after a crash the worst is that rows are sent twice – which adds nothing.
 */
export class CursorFile {
  readonly path: string;

  constructor(
    directory: string,
    private readonly place: CursorPlace,
  ) {
    const { server, database, destination } = place;
    const key = createHash('sha256').update(`${server}\0${database}\0${destination}`.toLowerCase());
    const label = server.replace(/[^a-z0-9.-]/gi, '_').slice(0, 60);
    this.path = join(directory, 'wsus', `${label}-${key.digest('hex').slice(0, 12)}.json`);
  }

  /** @throws CommandFailure when the file is there and cannot be understood: to begin anew silently could hide a gap */
  async read(): Promise<SusdbCursor> {
    const text = await readFile(this.path, 'utf8').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    });
    if (text === null) return { timeAtServer: null };
    try {
      return { timeAtServer: savedSchema.parse(JSON.parse(text)).timeAtServer };
    } catch (error) {
      const message = `${this.path} is damaged; delete it to read the event table from its beginning (nothing is counted twice)`;
      throw new CommandFailure(EXIT.failed, message, { cause: error });
    }
  }

  async write({ timeAtServer }: SusdbCursor): Promise<void> {
    const { server, database } = this.place;
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    const draft = `${this.path}.new`;
    const file = await open(draft, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify({ server, database, timeAtServer })}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, this.path);
    const folder = await open(dirname(this.path), 'r');
    await folder.sync().finally(() => folder.close());
  }
}
