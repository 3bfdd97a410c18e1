import { randomUUID } from 'node:crypto';
import { mkdir, open, rename } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { lock } from 'proper-lockfile';
import { z } from 'zod';
import { bankSchema } from '#domain/attempt-event.js';

/**
 * A bank's name map: deviceKey → the name that was hashed, in a file of the bank's own (0600) that never leaves the
 * installation (contract §1). Lines of JSON: first the edition, then one device a line. Writers hold a lock, so that
 * the command line may delete while a collector appends. Deleting writes the file anew as another edition, by which a
 * collector sees that what it remembers no longer holds.
 */
export interface NamedDevice {
  readonly deviceKey: string;
  readonly name: string;
}

export interface Edition {
  readonly edition: string;
  /** When all names were last deleted: what was heard of a device before must not come back. */
  readonly sinceMs: number;
}

export interface NameMap {
  /** null = there is no file, or nothing in it. */
  readonly edition: Edition | null;
  /** deviceKey → name. */
  readonly names: ReadonlyMap<string, string>;
  /** deviceKey → when its name was deleted (ms), for the last hour: the same of one device. */
  readonly forgotten: ReadonlyMap<string, number>;
}

/** One file cannot grow beyond this, whatever a sender claims to be called: about 60 MB. */
export const MOST_NAMES = 1_000_000;

const editionSchema = z.object({ edition: z.string(), sinceMs: z.number() });
const deviceSchema = z.object({ deviceKey: z.string(), name: z.string() });
const forgottenSchema = z.object({ deviceKey: z.string(), forgottenMs: z.number() });
/** Longer than any collector waits to write what it heard. */
const FORGOTTEN_FOR_MS = 3_600_000;
/** More than the first line can have. */
const EDITION_BYTES = 256;
const NEWLINE = 0x0a;

/**
 * @param directory `names` of the data directory
 * @throws RangeError for a text that is no bank: an answer of another installation must not choose the file
 */
export function nameMapFile(directory: string, bank: string): string {
  if (!bankSchema.safeParse(bank).success) throw new RangeError(`"${bank}" is no bank name`);
  return join(directory, `${bank}.ndjson`);
}

/** Everything in the file; empty when there is none. A line cut short by a crash is passed over. */
export async function readNameMap(file: string): Promise<NameMap> {
  const text = await readIfThere(file, (handle) => handle.readFile('utf8'));
  if (text === null || text === '') return { edition: null, names: new Map(), forgotten: new Map() };
  const lines = text.split('\n');
  const names = new Map<string, string>();
  const forgotten = new Map<string, number>();
  for (const line of lines) {
    const device = parse(z.union([deviceSchema, forgottenSchema]), line);
    if (device && 'name' in device) names.set(device.deviceKey, device.name);
    else if (device) forgotten.set(device.deviceKey, device.forgottenMs);
  }
  return { edition: editionIn(lines[0] ?? ''), names, forgotten };
}

/** Which edition the file is, by its first line; null when there is none. */
export const readEdition = (file: string): Promise<Edition | null> => readIfThere(file, editionOf);

/**
 * Appends what `choose` answers for the edition that the file is under the lock; makes the file when there is none.
 * Answers the edition that was written to.
 */
export async function appendNames(
  file: string,
  choose: (edition: Edition | null) => Promise<readonly NamedDevice[]>,
): Promise<Edition | null> {
  return withLock(file, async () => {
    // Whoever deletes puts another file in its place: through this handle nothing can come into that one.
    const handle = await open(file, 'a+', 0o600);
    try {
      const known = await editionOf(handle);
      const devices = await choose(known);
      if (devices.length === 0) return known;
      const edition = known ?? newEdition(0);
      const head = known ? '' : `${JSON.stringify(edition)}\n`;
      // After a crash in the middle of a line, or a full disk.
      const gap = (await endsInsideLine(handle)) ? '\n' : '';
      await handle.appendFile(gap + head + devices.map(lineOf).join(''));
      return edition;
    } finally {
      await handle.close();
    }
  });
}

/**
 * Deletes names: of one device, or all. On disk when it resolves; the answer is how many there were.
 * @param deviceKey null = all
 */
export async function forgetNames(file: string, deviceKey: string | null): Promise<number> {
  return withLock(file, async () => {
    const { edition, names, forgotten } = await readNameMap(file);
    const nowMs = Date.now();
    if (deviceKey === null) {
      await replaceFile(file, `${JSON.stringify(newEdition(nowMs))}\n`);
      return names.size;
    }
    const left = new Map(names);
    if (!left.delete(deviceKey)) return 0;
    const recent = [...forgotten].filter(([, ms]) => nowMs - ms < FORGOTTEN_FOR_MS);
    const lines = [
      JSON.stringify(newEdition(edition?.sinceMs ?? 0)),
      ...[...recent, [deviceKey, nowMs] as const].map(([key, forgottenMs]) =>
        JSON.stringify({ deviceKey: key, forgottenMs }),
      ),
      ...[...left].map(([key, name]) => JSON.stringify({ deviceKey: key, name })),
    ];
    await replaceFile(file, `${lines.join('\n')}\n`);
    return 1;
  });
}

const newEdition = (sinceMs: number): Edition => ({ edition: randomUUID(), sinceMs });
const lineOf = ({ deviceKey, name }: NamedDevice): string => `${JSON.stringify({ deviceKey, name })}\n`;

async function replaceFile(file: string, content: string): Promise<void> {
  const draft = `${file}.new`;
  const handle = await open(draft, 'w', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
  const directory = await open(dirname(file), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const release = await lock(file, {
    realpath: false,
    stale: 10_000,
    retries: { retries: 60, minTimeout: 20, maxTimeout: 250 },
    onCompromised: () => undefined,
  });
  try {
    return await work();
  } finally {
    await release();
  }
}

async function endsInsideLine(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  if (size === 0) return false;
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] !== NEWLINE;
}

async function editionOf(handle: FileHandle): Promise<Edition | null> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(EDITION_BYTES), 0, EDITION_BYTES, 0);
  return bytesRead === 0 ? null : editionIn(buffer.toString('utf8', 0, bytesRead).split('\n', 1)[0] ?? '');
}

/** A first line that was cut short stands for an edition of its own. */
const editionIn = (line: string): Edition => parse(editionSchema, line) ?? { edition: '', sinceMs: 0 };

async function readIfThere<T>(file: string, read: (handle: FileHandle) => Promise<T>): Promise<T | null> {
  const handle = await openIfThere(file);
  if (!handle) return null;
  try {
    return await read(handle);
  } finally {
    await handle.close();
  }
}

async function openIfThere(file: string): Promise<FileHandle | null> {
  try {
    return await open(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function parse<T>(schema: z.ZodType<T>, line: string): T | null {
  try {
    return schema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
