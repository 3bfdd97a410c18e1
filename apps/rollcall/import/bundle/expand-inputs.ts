import { createHash } from 'node:crypto';
import { fileInput, headOf } from '../evidence-input.js';
import type { EvidenceInput } from '../evidence-input.js';
import { archiveKind, BundleRefused, isCabinet, isZip, openBundle } from './open-bundle.js';
import { openCabinet } from './open-cabinet.js';
import type { Bundle, RefusedEntry } from './open-bundle.js';

/** A bundle that was opened, and what is to be told of it. */
export interface OpenedBundle {
  readonly file: string;
  readonly sha256: string;
  readonly entries: readonly HashedInput[];
  readonly refused: readonly RefusedEntry[];
  /** Version of the tool that collected it, as its manifest says. */
  readonly toolVersion: string | null;
}

export interface ExpandedInputs {
  readonly inputs: readonly EvidenceInput[];
  readonly bundles: readonly OpenedBundle[];
  /** Files that are archives and cannot be read, and why. */
  readonly problems: readonly { readonly file: string; readonly problem: string }[];
  close(): void;
}

/** The collecting tool's own file in a bundle. */
const MANIFEST = 'rollcall-collection.json';
const MANIFEST_BYTES = 64 * 1024;

/** An input that remembers the SHA-256 of its bytes, once they were read to their end. */
export class HashedInput implements EvidenceInput {
  readonly name: string;
  readonly folder: string;
  readonly baseName: string;
  private digest: string | null = null;

  constructor(private readonly input: EvidenceInput) {
    this.name = input.name;
    this.folder = input.folder;
    this.baseName = input.baseName;
  }

  async *bytes(): AsyncIterable<Buffer> {
    const hash = createHash('sha256');
    for await (const piece of this.input.bytes()) {
      hash.update(piece);
      yield piece;
    }
    this.digest = hash.digest('hex');
  }

  modifiedAt(): Promise<Date | null> {
    return this.input.modifiedAt();
  }

  /** Null when the bytes cannot be read. */
  async sha256(): Promise<string | null> {
    try {
      const pieces = this.bytes()[Symbol.asyncIterator]();
      while (this.digest === null && !(await pieces.next()).done) continue;
    } catch (error) {
      if (!(error instanceof BundleRefused)) throw error;
    }
    return this.digest;
  }
}

/** Puts the entries of zip files and cabinets in their place; other archives are refused with what to do. */
export async function expandInputs(paths: readonly string[]): Promise<ExpandedInputs> {
  const inputs: EvidenceInput[] = [];
  const bundles: OpenedBundle[] = [];
  const opened: Bundle[] = [];
  const problems: { file: string; problem: string }[] = [];
  for (const path of paths) {
    const input = fileInput(path);
    // What cannot be read at all is told when its turn comes.
    const kind = await archiveKind(input).catch(() => null);
    if (kind === null) inputs.push(input);
    else if (!isZip(kind) && !isCabinet(kind)) {
      problems.push({
        file: path,
        problem: `${path} is ${kind}, which is not unpacked here: unpack it and import the folder`,
      });
    } else {
      try {
        const bundle = await (isZip(kind) ? openBundle(path) : openCabinet(path));
        opened.push(bundle);
        const entries = bundle.inputs.map((entry) => new HashedInput(entry));
        inputs.push(...entries.filter(({ baseName }) => baseName !== MANIFEST));
        const { sha256, refused } = bundle;
        bundles.push({ file: path, sha256, entries, refused, toolVersion: await toolVersionOf(entries) });
      } catch (error) {
        if (!(error instanceof BundleRefused)) throw error;
        problems.push({ file: path, problem: error.message });
      }
    }
  }
  const close = (): void => {
    for (const bundle of opened) bundle.close();
  };
  return { inputs, bundles, problems, close };
}

async function toolVersionOf(entries: readonly HashedInput[]): Promise<string | null> {
  const manifest = entries.find(({ baseName }) => baseName === MANIFEST);
  if (manifest === undefined) return null;
  try {
    const value = JSON.parse((await headOf(manifest, MANIFEST_BYTES)).toString('utf8')) as {
      toolVersion?: unknown;
    };
    return typeof value.toolVersion === 'string' ? value.toolVersion.slice(0, 32) : null;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof BundleRefused || error instanceof TypeError)
      return null;
    throw error;
  }
}
