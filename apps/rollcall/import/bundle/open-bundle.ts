import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { openPromise } from 'yauzl';
import type { Entry, ZipFile } from 'yauzl';
import { headOf } from '../evidence-input.js';
import type { EvidenceInput } from '../evidence-input.js';
import { entryName, isUnsafeName } from './entry-name.js';

/** What a bundle may hold at most. Beyond the first three it is refused whole, before anything of it is read. */
export const BUNDLE_LIMITS = {
  entries: 10_000,
  entryBytes: 4 * 1024 ** 3,
  bytes: 8 * 1024 ** 3,
  /** Deflate makes nothing smaller than this; logs shrink to about a twentieth. */
  ratio: 1_100,
} as const;
export type BundleLimits = { readonly [Name in keyof typeof BUNDLE_LIMITS]: number };

/** Why a bundle, or one entry of it, is not read. */
export class BundleRefused extends Error {
  override readonly name = 'BundleRefused';
}

/** An entry that is not read, and why. */
export interface RefusedEntry {
  readonly name: string;
  readonly why: string;
}

export interface Bundle {
  /** SHA-256 of the bundle as it came. */
  readonly sha256: string;
  readonly inputs: readonly EvidenceInput[];
  readonly refused: readonly RefusedEntry[];
  close(): void;
}

const ZIP = 'a zip file';
const EMPTY_ZIP = 'an empty zip file';
const CABINET = 'a cabinet (.cab)';
const ARCHIVES: readonly (readonly [string, string])[] = [
  ['PK\x03\x04', ZIP],
  ['PK\x05\x06', EMPTY_ZIP],
  ['MSCF', CABINET],
  ['\x1f\x8b', 'a gzip file'],
  ['7z\xbc\xaf\x27\x1c', 'a 7z archive'],
  ['Rar!', 'a rar archive'],
];
const HEAD = 8;

export const isZip = (kind: string): boolean => kind === ZIP || kind === EMPTY_ZIP;

export const isCabinet = (kind: string): boolean => kind === CABINET;

/** What kind of archive an input is, in words; null when it is none. */
export async function archiveKind(input: EvidenceInput): Promise<string | null> {
  const head = (await headOf(input, HEAD)).toString('latin1');
  return ARCHIVES.find(([magic]) => head.startsWith(magic))?.[1] ?? null;
}

/**
 * Opens a zip file of evidence. Its entries are streamed, never written to the disk; names only label them. Encrypted
 * entries, links, unsafe names and archives in the archive are refused one by one.
 * @throws BundleRefused when it is no sound zip file or holds more than the limits
 */
export async function openBundle(path: string, limits: BundleLimits = BUNDLE_LIMITS): Promise<Bundle> {
  const zip = await openPromise(path, {
    autoClose: false,
    decodeStrings: false,
    validateEntrySizes: true,
  }).catch((error: unknown) => {
    throw refusal(path, error);
  });
  try {
    const entries = await listEntries(zip, path, limits);
    const inputs: EvidenceInput[] = [];
    const refused: RefusedEntry[] = [];
    for (const entry of entries) {
      const name = entryName(entry);
      const input = entryInput(zip, entry, path, name);
      const why = refusalOf(entry, name) ?? (await nestedArchive(input));
      if (why === null) inputs.push(input);
      else refused.push({ name: printable(name), why });
    }
    const close = (): void => {
      zip.close();
    };
    return { sha256: await sha256Of(path), inputs, refused, close };
  } catch (error) {
    zip.close();
    throw error instanceof BundleRefused ? error : refusal(path, error);
  }
}

async function listEntries(zip: ZipFile, path: string, limits: BundleLimits): Promise<Entry[]> {
  if (zip.entryCount > limits.entries) {
    throw new BundleRefused(
      `${path} holds ${zip.entryCount} entries; ${limits.entries} are the most that are read`,
    );
  }
  const entries: Entry[] = [];
  let bytes = 0;
  for await (const entry of zip.eachEntry()) {
    if (entry.fileNameRaw.at(-1) === 0x2f) continue; // A folder.
    bytes += entry.uncompressedSize;
    if (entry.uncompressedSize > limits.entryBytes || bytes > limits.bytes) {
      throw new BundleRefused(
        `${path} unpacks to more than ${limits.bytes} bytes (or ${limits.entryBytes} in one file)`,
      );
    }
    if (entry.uncompressedSize > (entry.compressedSize + 1_024) * limits.ratio) {
      throw new BundleRefused(`${path} claims sizes that no compression reaches`);
    }
    entries.push(entry);
  }
  return entries;
}

const SYMBOLIC_LINK = 0o120000;
const FILE_TYPE = 0o170000;

function refusalOf(entry: Entry, name: string): string | null {
  if (isUnsafeName(name)) return 'its name is unsafe';
  if (((entry.externalFileAttributes >>> 16) & FILE_TYPE) === SYMBOLIC_LINK) return 'it is a link';
  if (entry.isEncrypted()) return 'it is encrypted: send it without a password';
  return entry.canDecodeFileData() ? null : 'its compression is not known: use Deflate';
}

export async function nestedArchive(input: EvidenceInput): Promise<string | null> {
  const kind = await archiveKind(input).catch(() => null);
  return kind === null ? null : `it is ${kind} inside the bundle: unpack it first`;
}

function entryInput(zip: ZipFile, entry: Entry, path: string, name: string): EvidenceInput {
  return {
    name: `${path}!${printable(name)}`,
    folder: `${path}!${posix.dirname(name)}`,
    baseName: posix.basename(name),
    bytes: () => streamEntry(zip, entry, path, name),
    modifiedAt: () => Promise.resolve(entry.getLastModDate({ timezone: 'UTC' })),
  };
}

async function* streamEntry(zip: ZipFile, entry: Entry, path: string, name: string): AsyncIterable<Buffer> {
  try {
    const stream = await zip.openReadStreamPromise(entry);
    for await (const piece of stream as AsyncIterable<Buffer>) yield piece;
  } catch (error) {
    throw refusal(`${path}!${printable(name)}`, error);
  }
}

const refusal = (what: string, error: unknown): BundleRefused =>
  new BundleRefused(`${what} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });

/** Control characters of a hostile name must not reach a terminal. */
export const printable = (name: string): string => name.replace(/\p{C}/gu, '?').slice(0, 300);

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  if ((await stat(path)).isFile())
    for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest('hex');
}
