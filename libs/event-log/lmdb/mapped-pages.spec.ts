import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { openLmdbEventLog } from './lmdb-event-log.js';

const MIB = 1024 * 1024;
const LOG_MIB = 320;
const EVERYTHING = { maxRecords: 4_096, maxBytes: 8 * MIB, maxWaitMs: 0 };

const canRelease = (() => {
  try {
    createRequire(import.meta.url).resolve('ffi-rs');
    return process.platform === 'linux';
  } catch {
    return false;
  }
})();
if (!canRelease)
  process.stderr.write('not Linux, or no ffi-rs: pages of the log stay in the process; not tested\n');

/** Bytes of a mapped file that are in this process now. */
async function residentBytes(file: string): Promise<number> {
  const maps = await readFile('/proc/self/smaps', 'utf8');
  const [, kib] = new RegExp(`${file}\\n(?:.*\\n)*?Rss: +(\\d+) kB`).exec(maps) ?? [];
  if (kib === undefined) throw new Error(`${file} is not mapped`);
  return Number(kib) * 1024;
}

(canRelease ? it : it.skip)('a log that was read does not stay in memory', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-log-'));
  const log = await openLmdbEventLog({ directory, nowMs: () => Date.parse('2030-11-15T12:00:00Z') });
  try {
    for (let mib = 0; mib < LOG_MIB; mib += 8)
      await log.append(
        'patch.attempts',
        Array.from({ length: 128 }, (_, n) => ({ key: `d-${n}`, value: Buffer.alloc(MIB / 16, mib) })),
      );
    const consumer = await log.consume('reader', ['patch.attempts']);
    let [bytes, highest] = [0, 0];
    for (;;) {
      const slices = await consumer.read(EVERYTHING);
      if (slices.length === 0) break;
      for (const { records } of slices) for (const { value } of records) bytes += value.length;
      highest = Math.max(highest, await residentBytes('facts-2030-11.mdb'));
    }
    expect(bytes).toBe(LOG_MIB * MIB);
    expect(highest).toBeGreaterThan(8 * MIB);
    // The system maps neighbours of what is read as well: three times as much.
    expect(highest).toBeLessThan((LOG_MIB / 2) * MIB);
  } finally {
    await log.close();
    await rm(directory, { recursive: true, force: true });
  }
});
