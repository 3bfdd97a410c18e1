import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { stalePending, tellPackages } from './device-packages.js';
import type { PackageSnapshot } from './device-packages.js';
import { readPackageState } from './package-state.js';

const rollup = (version: string): string => `Package_for_RollupFix~31bf3856ad364e35~amd64~~${version}`;
const at = (day: string): number => Date.parse(`${day}T00:00:00Z`);

/** Shaped like case S3: one build back and forth, a package that never got installed. */
const S3: readonly PackageSnapshot[] = [
  {
    takenAtMs: at('2024-09-15'),
    packages: [
      { identity: rollup('17763.6293.1.4'), state: 'Install Pending' },
      { identity: rollup('17763.5329.1.7'), state: 'Staged' },
    ],
  },
  {
    takenAtMs: at('2024-11-20'),
    packages: [
      { identity: rollup('17763.2114.1.12'), state: 'Superseded' },
      { identity: rollup('17763.774.1.12'), state: '0x50' },
      { identity: rollup('17763.5329.1.7'), state: 'Not Present' },
      { identity: rollup('17763.6293.1.4'), state: 'InstallPending' },
      {
        identity: 'Package_for_ServicingStack_2111~31bf3856ad364e35~amd64~~17763.2111.1.0',
        state: 'Installed',
      },
      { identity: 'Microsoft-Windows-Foundation-Package~31bf3856ad364e35~amd64~~10.0.17763.1', state: '128' },
    ],
  },
];

describe('tellPackages', () => {
  const told = new Map(tellPackages(S3).map((own) => [own.identity.split('~').slice(0, 5).join('~'), own]));
  const of = (identity: string) => told.get(identity);

  it('names the KB and the state of each package, and since when', () => {
    expect(of(rollup('17763.2114.1.12'))).toMatchObject({ kb: 'KB5005030', state: 'superseded' });
    expect(of(rollup('17763.5329.1.7'))).toMatchObject({
      kb: 'KB5034127',
      state: 'absent',
      sinceMs: at('2024-11-20'),
    });
    expect(of(rollup('17763.6293.1.4'))).toMatchObject({
      kb: 'KB5043050',
      state: 'install_pending',
      sinceMs: at('2024-09-15'),
      sinceIsTold: false,
      lastSeenMs: at('2024-11-20'),
    });
  });

  it('advises to uninstall none of the six', () => {
    expect([...told.values()].map(({ uninstall }) => uninstall.advise).sort()).toEqual([
      'never',
      'never',
      'never',
      'never',
      'never',
      'not_now',
    ]);
    expect(told.size).toBe(6);
  });

  it('lets an ordinary installed package to people', () => {
    const [own] = tellPackages([
      {
        takenAtMs: 5,
        packages: [
          { identity: rollup('17763.6189.1.5'), state: 'Installed', installedAt: '1970-01-01T00:00:00.001Z' },
        ],
      },
    ]);
    expect(own).toMatchObject({ uninstall: { advise: 'ask' }, sinceMs: 1, sinceIsTold: true });
  });

  it('does not depend on order and repetition of listings', () => {
    const snapshot = fc.record({
      takenAtMs: fc.integer({ min: 0, max: 5 }),
      packages: fc.array(
        fc.record({
          identity: fc.constantFrom('a', 'b'),
          state: fc.constantFrom('Installed', 'Install Pending', '-96', '5112', 'surprise'),
        }),
        { maxLength: 3 },
      ),
    });
    const property = fc.property(
      fc
        .array(snapshot, { maxLength: 6 })
        .chain((all) =>
          fc.tuple(
            fc.constant(all),
            fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2, maxLength: all.length * 2 }),
          ),
        ),
      ([all, shuffled]) => {
        expect(tellPackages(shuffled)).toEqual(tellPackages(all));
      },
    );
    fc.assert(property);
  });
});

describe('stalePending', () => {
  it('lists what waits longer than so many days, oldest first', () => {
    const waiting = (deviceKey: string, day: string) => ({
      deviceKey,
      packages: tellPackages([
        { takenAtMs: at(day), packages: [{ identity: rollup('17763.6293.1.4'), state: 'Install Pending' }] },
      ]),
    });
    const devices = [
      waiting('pc-2', '2024-10-01'),
      waiting('pc-1', '2024-09-01'),
      waiting('pc-3', '2024-11-19'),
    ];
    expect(
      stalePending(devices, at('2024-11-20'), 14).map(({ deviceKey, pendingDays }) => [
        deviceKey,
        pendingDays,
      ]),
    ).toEqual([
      ['pc-1', 80],
      ['pc-2', 50],
    ]);
  });
});

describe('readPackageState', () => {
  it.each([
    ['Install Pending', 'install_pending'],
    ['installpending', 'install_pending'],
    ['CbsInstallStatePartiallyInstalled', 'partially_installed'],
    ['0x70', 'installed'],
    ['112', 'installed'],
    ['5112', 'installed'],
    ['5000', 'absent'],
    ['0', 'absent'],
    ['Not Present', 'absent'],
    ['0x80', 'permanent'],
    ['', 'unknown'],
    ['113', 'unknown'],
    ['已安装', 'unknown'],
  ])('%s is %s', (written, state) => {
    expect(readPackageState(written)).toEqual({ state, broken: false });
  });

  it('reads broken variants, as a number with sign or as a DWORD', () => {
    expect(readPackageState('-112')).toEqual({ state: 'installed', broken: true });
    expect(readPackageState('0xffffff90')).toEqual({ state: 'installed', broken: true });
    expect(readPackageState('4294967184')).toEqual({ state: 'installed', broken: true });
  });

  it('is total', () => {
    const property = fc.property(fc.string(), (text) => {
      expect(typeof readPackageState(text).state).toBe('string');
    });
    fc.assert(property);
  });
});
