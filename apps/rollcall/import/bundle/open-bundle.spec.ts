import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { headOf } from '../evidence-input.js';
import { BUNDLE_LIMITS, BundleRefused, openBundle } from './open-bundle.js';
import { zipOf } from './zip-writer.contract.js';
import type { ZipEntry } from './zip-writer.contract.js';

describe('a bundle of evidence', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rollcall-bundle-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const write = (bytes: Buffer): string => {
    const path = join(folder, 'bundle.zip');
    writeFileSync(path, bytes);
    return path;
  };
  const open = (...entries: ZipEntry[]) => openBundle(write(zipOf(entries)));

  it('gives its files with their names, whatever the tool that packed it', async () => {
    const gbk = Buffer.from([0xc8, 0xd5, 0xd6, 0xbe]); // 日志
    const bundle = await open(
      { name: 'logs/CBS.log', data: 'first' },
      { name: 'logs\\dism.log', data: 'second', method: 0 },
      { name: Buffer.concat([gbk, Buffer.from('/a.txt')]), data: '' },
      { name: '日志/b.txt', data: 'x', flags: 0x800 },
      { name: 'folder/', data: '' },
    );
    const path = join(folder, 'bundle.zip');
    expect(bundle.inputs.map(({ name, baseName }) => [name, baseName])).toEqual([
      [`${path}!logs/CBS.log`, 'CBS.log'],
      [`${path}!logs/dism.log`, 'dism.log'],
      [`${path}!日志/a.txt`, 'a.txt'],
      [`${path}!日志/b.txt`, 'b.txt'],
    ]);
    const [first, second] = bundle.inputs;
    expect(first && (await headOf(first, 100)).toString()).toBe('first');
    expect(second && (await headOf(second, 3)).toString()).toBe('sec');
    expect(bundle.refused).toEqual([]);
    expect(bundle.sha256).toMatch(/^[0-9a-f]{64}$/);
    bundle.close();
  });

  it('refuses hostile entries one by one and reads the others', async () => {
    const bundle = await open(
      { name: '../../etc/passwd', data: 'x' },
      { name: '/etc/passwd', data: 'x' },
      { name: 'C:\\windows\\x', data: 'x' },
      { name: 'a\u001b[2Jb', data: 'x' },
      { name: 'link', data: '/etc/passwd', unixMode: 0o120777 },
      { name: 'secret', data: 'x', flags: 1 },
      { name: 'odd', data: 'x', method: 97 },
      { name: 'inner.log', data: zipOf([{ name: 'a', data: 'b' }]) },
      { name: 'CbsPersist.cab', data: 'MSCF....' },
      { name: 'good.log', data: 'good' },
    );
    expect(bundle.inputs.map(({ baseName }) => baseName)).toEqual(['good.log']);
    expect(bundle.refused.map(({ why }) => why.split(' ').slice(0, 4).join(' '))).toEqual([
      'its name is unsafe',
      'its name is unsafe',
      'its name is unsafe',
      'its name is unsafe',
      'it is a link',
      'it is encrypted: send',
      'its compression is not',
      'it is a zip',
      'it is a cabinet',
    ]);
    expect(JSON.stringify(bundle.refused)).not.toContain('\\u001b');
    bundle.close();
  });

  it('refuses bombs before anything of them is read', async () => {
    const huge = { name: 'x', data: 'x', claimedBytes: 0xfffffffe };
    await expect(open(huge)).rejects.toThrow(/no compression reaches/);
    const limits = { ...BUNDLE_LIMITS, entryBytes: 1_000, bytes: 1_500 };
    const zip = (...sizes: number[]) =>
      write(zipOf(sizes.map((size, at) => ({ name: `f${at}`, data: Buffer.alloc(size) }))));
    await expect(openBundle(zip(1_001), limits)).rejects.toThrow(/unpacks to more than/);
    await expect(openBundle(zip(900, 900), limits)).rejects.toThrow(/unpacks to more than/);
    const many = Array.from({ length: 20 }, (_, at) => ({ name: `f${at}`, data: '' }));
    await expect(openBundle(write(zipOf(many)), { ...limits, entries: 19 })).rejects.toThrow(/20 entries/);
  });

  it('an entry that unpacks to more than it claims, or to something else, is refused while it is read', async () => {
    const bundle = await open({ name: 'a.log', data: Buffer.alloc(10_000, 'a'), claimedBytes: 5_000 });
    const [input] = bundle.inputs;
    await expect(input && headOf(input, 100_000)).rejects.toThrow(BundleRefused);
    bundle.close();
  });

  it('a zip file that is cut or changed anywhere is refused or read, never more than refused', async () => {
    const whole = zipOf([
      { name: 'logs/CBS.log', data: 'some text '.repeat(200) },
      { name: 'b.txt', data: 'x' },
    ]);
    const wild = fc.oneof(
      fc.nat(whole.length).map((length) => whole.subarray(0, length)),
      fc
        .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
        .map((changes) => {
          const copy = Buffer.from(whole);
          for (const [at, value] of changes) copy[at] = value;
          return copy;
        }),
    );
    await fc.assert(
      fc.asyncProperty(wild, async (bytes) => {
        try {
          const bundle = await openBundle(write(bytes));
          for (const input of bundle.inputs) await headOf(input, 10_000);
          bundle.close();
        } catch (error) {
          expect(error).toBeInstanceOf(BundleRefused);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('its SHA-256 is that of the file as it came', async () => {
    const bytes = zipOf([{ name: 'a', data: 'b' }]);
    const bundle = await openBundle(write(bytes));
    expect(bundle.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    bundle.close();
  });
});
