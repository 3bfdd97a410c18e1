import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventLogFileReader } from '#sources/event-log-file/read-event-log-file.js';
import { corpusIsPresent, corpusPath, sayCorpusIsMissing } from './corpus-files.js';

const FILE_HEADER = 0x1000;
const CHUNK = 0x10000;

function read(bytes: Uint8Array) {
  const reader = new EventLogFileReader();
  const reports = [...reader.push(bytes)];
  const end = reader.finish();
  reports.push(...end.reports);
  const { account } = end;
  const aside = Object.values(account.setAside).reduce((sum, count) => sum + count, 0);
  expect(account.records).toBe(account.understood + aside + account.notUnderstood);
  expect(account.reports).toBe(reports.length);
  return { account, reports };
}

if (!corpusIsPresent) sayCorpusIsMissing();
else
  describe('damaged event log files', () => {
    const whole = readFileSync(corpusPath('evtx', 'win10_system_desktop-2kgm189.evtx'));
    const small = readFileSync(corpusPath('evtx', 'win10_setup_0x800f0816.evtx'));
    const sound = read(whole);

    it('a damaged file header costs nothing', () => {
      const broken = Buffer.from(whole);
      broken.fill(0xff, 0, 128);
      expect(read(broken)).toEqual(sound);
    });

    it('a record whose head is damaged ends its chunk; every lost record is counted', () => {
      const broken = Buffer.from(whole);
      const first = FILE_HEADER + 2 * CHUNK + 0x200;
      const second = first + broken.readUInt32LE(first + 4);
      broken.fill(0, second, second + 8);
      const { account, reports } = read(broken);
      expect(account.records).toBe(sound.account.records);
      expect(account.notUnderstood).toBeGreaterThan(50);
      expect(account.notUnderstood).toBeLessThan(300);
      expect(reports.length).toBeLessThan(sound.reports.length + 1);
    });

    it('a chunk whose head is damaged is counted by the records that can be walked to', () => {
      const broken = Buffer.from(whole);
      broken.fill(0, FILE_HEADER + 3 * CHUNK, FILE_HEADER + 3 * CHUNK + 8);
      const { account } = read(broken);
      expect(account.records).toBe(sound.account.records);
      expect(account.notUnderstood).toBeGreaterThan(50);
    });

    it('a file that ends inside a chunk gives what is there', () => {
      const { account } = read(whole.subarray(0, FILE_HEADER + 5 * CHUNK + 9_000));
      expect(account.understood).toBeGreaterThan(0);
    });

    it('flipped bytes anywhere never break the reader', () => {
      const flips = fc.array(
        fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 255 })),
        { minLength: 1, maxLength: 20 },
      );
      fc.assert(
        fc.property(flips, (changes) => {
          const broken = Buffer.from(small);
          for (const [at, value] of changes)
            broken[Math.min(broken.length - 1, Math.floor(at * at * broken.length))] = value;
          expect(read(broken).account.records).toBeGreaterThanOrEqual(0);
        }),
        { numRuns: 300 },
      );
    });
  });
