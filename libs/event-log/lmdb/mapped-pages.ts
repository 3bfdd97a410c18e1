import { readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as FfiPackage from 'ffi-rs';

/** linux/mman.h, the same on every architecture. */
const MADV_DONTNEED = 4;
const LIBRARY = 'self';

/** `7f00a0000000-7f00b0000000 r--s …`, a line of /proc/self/maps. */
const RANGE = /^([0-9a-f]+)-([0-9a-f]+) /;

/** null where it cannot be done. */
let ffi: typeof FfiPackage | null | undefined;

/**
 * Takes the pages of a file that lmdb reads through a memory map out of this process. Each page that was read stays in
 * it until the machine runs short of memory: a projector that has read a log of 8 GB is a process of 8 GB. The file's
 * pages stay in the system's cache, and come back into the process when they are read again; a map that is only read
 * holds nothing that could be lost. Linux only, and where ffi-rs is installed (with the embedded ClickHouse): elsewhere
 * nothing happens, and the pages stay until the system takes them.
 */
export function releaseMappedPages(path: string): void {
  if (ffi === undefined) ffi = process.platform === 'linux' ? loadFfi() : null;
  if (ffi === null) return;
  try {
    releaseWith(ffi, realpathSync(path));
  } catch {
    // Whoever reads the log must not fail for this.
    ffi = null;
  }
}

function releaseWith({ load, DataType }: typeof FfiPackage, file: string): void {
  const { BigInt: Pointer, I32 } = DataType;
  for (const line of readFileSync('/proc/self/maps', 'utf8').split('\n')) {
    const [, from, until] = (line.endsWith(` ${file}`) && RANGE.exec(line)) || [];
    if (from === undefined || until === undefined) continue;
    const start = BigInt(`0x${from}`);
    load({
      library: LIBRARY,
      funcName: 'madvise',
      retType: I32,
      paramsType: [Pointer, Pointer, I32],
      paramsValue: [start, BigInt(`0x${until}`) - start, MADV_DONTNEED],
    });
  }
}

function loadFfi(): typeof FfiPackage | null {
  try {
    const loaded = createRequire(import.meta.url)('ffi-rs') as typeof FfiPackage;
    loaded.open({ library: LIBRARY, path: '' });
    return loaded;
  } catch {
    return null;
  }
}
