import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { dirname, posix, resolve } from 'node:path';
import { isLogPartName } from '#sources/cbs-log/rolled-logs.js';
import type { EvidenceInput } from '../evidence-input.js';
import { CABINET_HEAD_BYTES, readCabinetDirectory, readCabinetHead } from './cabinet-directory.js';
import type { CabinetFile } from './cabinet-directory.js';
import { isUnsafeName } from './entry-name.js';
import { BUNDLE_LIMITS, BundleRefused, nestedArchive, printable, sha256Of } from './open-bundle.js';
import type { Bundle, BundleLimits, RefusedEntry } from './open-bundle.js';

/** A file of a cabinet comes within this time, or it is refused: a log of 4 GB takes a tenth of it. */
const LONGEST_MS = 10 * 60_000;
const PROGRAM = 'cabextract';

/**
 * Opens a cabinet, as Windows packs rolled CBS logs (CbsPersist_….cab), with Debian's `cabextract`. Its directory is read
 * here and judged as that of a zip file; files are streamed out of the program, nothing is ever written to the disk.
 * @throws BundleRefused when it is damaged, holds more than the limits, or the program is missing
 */
export async function openCabinet(
  path: string,
  program = PROGRAM,
  limits: BundleLimits = BUNDLE_LIMITS,
): Promise<Bundle> {
  const files = await listFiles(path, limits);
  if (!(await isInstalled(program))) {
    throw new BundleRefused(
      `${path} is a cabinet (.cab): install cabextract (apt-get install cabextract) to read it here, or unpack it with "expand -F:* FILE FOLDER" on Windows and import the folder`,
    );
  }
  const inputs: EvidenceInput[] = [];
  const refused: RefusedEntry[] = [];
  const counts = new Map<string, number>();
  for (const { name } of files) counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const file of files) {
    const input = fileInput(path, file, program);
    const why = isUnsafeName(file.name)
      ? 'its name is unsafe'
      : (counts.get(file.name) ?? 0) > 1
        ? 'its name stands there twice'
        : await nestedArchive(input);
    if (why === null) inputs.push(input);
    else refused.push({ name: printable(file.name), why });
  }
  return { sha256: await sha256Of(path), inputs, refused, close: () => undefined };
}

async function listFiles(path: string, limits: BundleLimits): Promise<CabinetFile[]> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const read = async (at: number, length: number) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
      return buffer.subarray(0, bytesRead);
    };
    const head = readCabinetHead(await read(0, CABINET_HEAD_BYTES));
    if (head === null) throw new BundleRefused(`${path} cannot be read: it is no whole cabinet`);
    if (head.isPart) throw new BundleRefused(`${path} is one part of a set of cabinets: unpack the set`);
    if (head.fileCount > limits.entries) {
      throw new BundleRefused(
        `${path} holds ${head.fileCount} files; ${limits.entries} are the most that are read`,
      );
    }
    const { directoryAt, directoryBytes, fileCount } = head;
    const directory = await read(directoryAt, Math.max(0, Math.min(directoryBytes, size - directoryAt)));
    const files = readCabinetDirectory(directory, fileCount);
    if (files === null) throw new BundleRefused(`${path} cannot be read: its directory is damaged`);
    const bytes = files.reduce((sum, one) => sum + one.bytes, 0);
    if (bytes > limits.bytes || files.some((one) => one.bytes > limits.entryBytes))
      throw new BundleRefused(
        `${path} unpacks to more than ${limits.bytes} bytes (or ${limits.entryBytes} in one file)`,
      );
    if (bytes > (size + 1_024) * limits.ratio)
      throw new BundleRefused(`${path} claims sizes that no compression reaches`);
    return files;
  } finally {
    await file.close();
  }
}

function fileInput(path: string, file: CabinetFile, program: string): EvidenceInput {
  const baseName = posix.basename(file.name);
  return {
    name: `${path}!${printable(file.name)}`,
    // A rolled log belongs to the one beside its cabinet.
    folder: isLogPartName(baseName) ? dirname(path) : `${path}!${posix.dirname(file.name)}`,
    baseName,
    bytes: () => streamFile(path, file, program),
    modifiedAt: () => Promise.resolve(file.modifiedAt),
  };
}

/** The file's bytes as the program prints them; exactly as many as the directory says. */
async function* streamFile(path: string, file: CabinetFile, program: string): AsyncIterable<Buffer> {
  const refuse = (why: string) => new BundleRefused(`${path}!${printable(file.name)} cannot be read: ${why}`);
  const args = ['--quiet', '--single', '--pipe', '--filter', patternOf(file.name), resolve(path)];
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
    timeout: LONGEST_MS,
    killSignal: 'SIGKILL',
  });
  let said = '';
  child.stderr.on('data', (piece: Buffer) => {
    said = (said + piece.toString('utf8')).slice(0, 500);
  });
  const ended = new Promise<string | null>((answer) => {
    child.on('error', (error) => {
      answer(error.message);
    });
    child.on('close', (code, signal) => {
      answer(code === 0 ? null : `${program} ended with ${signal ?? code}: ${printable(said.trim())}`);
    });
  });
  try {
    let bytes = 0;
    for await (const piece of child.stdout as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > file.bytes) throw refuse('it is longer than the directory says');
      yield piece;
    }
    const problem = await ended;
    if (problem !== null) throw refuse(problem);
    if (bytes < file.bytes) throw refuse('it is shorter than the directory says');
  } finally {
    child.kill('SIGKILL');
  }
}

/** The name for `--filter`, which takes patterns: its own marks are marked, letters of other alphabets match as they come. */
const patternOf = (name: string): string => name.replace(/[\\*?[\]]/g, '\\$&').replace(/[^\x20-\x7e]+/g, '*');

async function isInstalled(program: string): Promise<boolean> {
  const child = spawn(program, ['--version'], { stdio: 'ignore' });
  return new Promise((answer) => {
    child.on('error', () => {
      answer(false);
    });
    child.on('close', (code) => {
      answer(code === 0);
    });
  });
}
