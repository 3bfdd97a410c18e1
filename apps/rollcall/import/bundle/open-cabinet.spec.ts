import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { headOf } from '../evidence-input.js';
import type { EvidenceInput } from '../evidence-input.js';
import { groupInputs } from '../read-evidence.js';
import { fileInput } from '../evidence-input.js';
import { cabinetOf } from './cabinet-writer.contract.js';
import type { CabinetEntry } from './cabinet-writer.contract.js';
import { BUNDLE_LIMITS, BundleRefused } from './open-bundle.js';
import { openCabinet } from './open-cabinet.js';

const answers = () => spawnSync('cabextract', ['--version']).status === 0;
const installed = { there: false };

/** A new machine has Debian's packages only: the test fetches what it needs, or says loudly that it did not run. */
beforeAll(() => {
  if (!answers()) spawnSync('apt-get', ['install', '-y', 'cabextract'], { timeout: 120_000 });
  installed.there = answers();
}, 150_000);

afterAll(() => {
  if (installed.there) return;
  process.stdout.write('cabextract is not there and could not be installed: cabinets were NOT tested\n');
  expect(process.env['CI']).toBeUndefined();
});

describe('a cabinet of evidence', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rollcall-cabinet-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const write = (bytes: Buffer, name = 'bundle.cab'): string => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };
  const contents = async (inputs: readonly EvidenceInput[]) =>
    Promise.all(inputs.map(async (input) => [input.baseName, (await headOf(input, 1e9)).toString('latin1')]));
  const withProgram = (name: string, work: () => Promise<void>) => {
    it(name, async () => {
      if (installed.there) await work();
    });
  };

  const LONG = 'a line of a log\r\n'.repeat(6_000);

  withProgram('gives its files, stored or compressed, whatever marks their names have', async () => {
    const entries: CabinetEntry[] = [
      { name: 'CBS.log', data: LONG },
      { name: 'logs\\dism [1]*.log', data: 'second' },
      { name: '日志.txt', data: 'third' },
      { name: 'empty.txt', data: '' },
    ];
    for (const [mszip, given] of [
      [false, entries],
      [true, entries.map((entry) => ({ ...entry, data: String(entry.data).slice(0, 30_000) }))],
    ] as const) {
      const bundle = await openCabinet(write(cabinetOf(given, mszip)));
      expect(bundle.refused).toEqual([]);
      expect(await contents(bundle.inputs)).toEqual(
        given.map(({ name, data }) => [String(name).split('\\').at(-1), data]),
      );
      expect(bundle.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(await bundle.inputs[0]?.modifiedAt()).toEqual(new Date('2024-02-20T09:00:00Z'));
    }
  });

  withProgram('refuses hostile files one by one and reads the others', async () => {
    const bundle = await openCabinet(
      write(
        cabinetOf([
          { name: '..\\..\\etc\\passwd', data: 'x' },
          { name: '\\etc\\passwd', data: 'x' },
          { name: 'C:\\windows\\x', data: 'x' },
          { name: 'a\u001b[2Jb', data: 'x' },
          { name: 'twice.log', data: 'x' },
          { name: 'twice.log', data: 'y' },
          { name: 'inner.log', data: 'PK\x03\x04....' },
          { name: 'good.log', data: 'good' },
        ]),
      ),
    );
    expect(await contents(bundle.inputs)).toEqual([['good.log', 'good']]);
    expect(bundle.refused.map(({ why }) => why.split(' ').slice(0, 4).join(' '))).toEqual([
      ...Array.from({ length: 4 }, () => 'its name is unsafe'),
      ...Array.from({ length: 2 }, () => 'its name stands there'),
      'it is a zip',
    ]);
    expect(JSON.stringify(bundle.refused)).not.toContain('\\u001b');
  });

  withProgram(
    'a file that unpacks to something else than it claims is refused while it is read',
    async () => {
      for (const claimedBytes of [5_000, 20_000]) {
        const bundle = await openCabinet(
          write(cabinetOf([{ name: 'a.log', data: Buffer.alloc(10_000, 'a'), claimedBytes }])),
        );
        const [input] = bundle.inputs;
        const read = input && headOf(input, 1e9);
        if (claimedBytes < 10_000) expect((await read)?.length).toBe(claimedBytes);
        else await expect(read).rejects.toThrow(BundleRefused);
      }
    },
  );

  withProgram('the parts of a rolled log are one log, also when Windows packed some of them', async () => {
    const line = (stamp: string) =>
      `${stamp}, Info                  CBS    TI: --- Initializing Trusted Installer ---\r\n`;
    const rolled = 'CbsPersist_20240220012103.log';
    const bundle = await openCabinet(
      write(
        cabinetOf([{ name: rolled, data: line('2024-02-20 08:00:00') }]),
        'CbsPersist_20240220012103.cab',
      ),
    );
    const now = fileInput(write(Buffer.from(line('2024-02-20 09:21:10')), 'CBS.log'));
    const groups = await groupInputs([now, ...bundle.inputs]);
    expect(groups.map((group) => group.map(({ baseName }) => baseName))).toEqual([[rolled, 'CBS.log']]);
  });

  it('says what to install when the program is missing', async () => {
    const path = write(cabinetOf([{ name: 'CBS.log', data: 'x' }]));
    await expect(openCabinet(path, 'no-such-cabextract')).rejects.toThrow(/apt-get install cabextract/);
  });

  it('refuses bombs, sets and damage before anything is unpacked', async () => {
    const one = [{ name: 'a', data: 'x'.repeat(2_000) }];
    const limits = { ...BUNDLE_LIMITS, entryBytes: 1_000, bytes: 1_500 };
    await expect(openCabinet(write(cabinetOf(one)), 'cabextract', limits)).rejects.toThrow(/more than/);
    const many = Array.from({ length: 20 }, (_, at) => ({ name: `f${at}`, data: '' }));
    await expect(
      openCabinet(write(cabinetOf(many)), 'cabextract', { ...BUNDLE_LIMITS, entries: 19 }),
    ).rejects.toThrow(/20 files/);
    await expect(
      openCabinet(write(cabinetOf([{ name: 'a', data: 'x', claimedBytes: 0xfffffffe }]))),
    ).rejects.toThrow(/no compression reaches/);
    await expect(openCabinet(write(cabinetOf(one, false, 2)))).rejects.toThrow(/part of a set/);
    await expect(openCabinet(write(Buffer.from('MSCF')))).rejects.toThrow(/no whole cabinet/);
  });

  withProgram('a cabinet that is cut or changed anywhere is refused or read, never more', async () => {
    const whole = cabinetOf(
      [
        { name: 'CBS.log', data: 'some text '.repeat(200) },
        { name: 'b.txt', data: 'x' },
      ],
      true,
    );
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
          const bundle = await openCabinet(write(bytes));
          for (const input of bundle.inputs) await headOf(input, 1e9);
        } catch (error) {
          expect(error).toBeInstanceOf(BundleRefused);
        }
      }),
      { numRuns: 60 },
    );
  });
});
