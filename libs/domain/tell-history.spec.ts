import { describe, expect, it } from '@jest/globals';
import { DAY_MS, HOUR_MS, TUESDAY_MS, reportAt, startAt } from '../../test/harness/sample-report.js';
import type { BuildObservation, History, Report } from './report.js';
import { tellHistory } from './tell-history.js';

const ms = (hours: number): number => TUESDAY_MS + hours * HOUR_MS;
const tell = (reports: readonly Report[], builds: readonly BuildObservation[] = []): History =>
  tellHistory({ bank: 'bank-a', kb: 'KB5041578', reports, builds });
/** Event ids per attempt: how the reports were split. */
const split = (reports: readonly Report[]): string[] =>
  tell(reports).attempts.map(({ eventIds }) => eventIds.join(' '));
/** Level texts of the final failures, sorted. */
const failing = (reports: readonly Report[]): string[] =>
  tell(reports)
    .failures.map(({ signature }) => [signature.l1, signature.l2, signature.l3].filter(Boolean).join(' · '))
    .sort();

const ABORT = { hresult: '0x800f0821' };
const INSTALLERS = { hresult: '0x800f0922' };
const WMI: Partial<Report> = {
  ...INSTALLERS,
  source: 'cbs_log',
  stage: 'advanced_installers',
  failureSource: 'CSI Other',
  innerErrors: [{ code: '0x00000422', kind: 'win32' }],
  failingObject: { type: 'installer', name: 'WMI CMI' },
};
const WMI_TEXT = '0x800f0922 · advanced_installers/csi other · 1058 (win32) + installer:wmi cmi';
const HTTP: Partial<Report> = { ...WMI, failingObject: { type: 'installer', name: 'HTTP Installer' } };

describe('copies of one eventId', () => {
  const arrival = (hours: number): Partial<Report> => ({ receivedAtMs: ms(hours) });

  it('takes the smallest receivedAt and the rest from the copy of the newest parser', () => {
    const old = reportAt('a', 0, { ...arrival(5), ...ABORT, parserVersion: '1.9.0', evidenceCount: 9 });
    const newer = reportAt('a', 0, { ...arrival(9), ...WMI, parserVersion: '1.10.0', copyHash: 'x' });
    const { attempts } = tell([old, newer]);
    expect(attempts).toHaveLength(1);
    expect(attempts[0]).toMatchObject({ hresult: '0x800f0922', arrivedAtMs: ms(5) });
  });

  it('prefers more evidence, then the smaller hash, when the parser is the same', () => {
    const poor = reportAt('a', 0, { ...ABORT, evidenceCount: 1, copyHash: 'a' });
    const rich = reportAt('a', 0, { ...INSTALLERS, evidenceCount: 2, copyHash: 'b' });
    expect(failing([poor, rich])).toEqual(['0x800f0922']);
    const twin = reportAt('a', 0, { hresult: '0x80070570', evidenceCount: 2, copyHash: '0' });
    expect(failing([poor, rich, twin])).toEqual(['0x80070570']);
  });

  it('judges the time against the receivedAt that counts', () => {
    const late = reportAt('a', 48, { ...ABORT, receivedAtMs: ms(40) });
    expect(tell([late]).attempts[0]?.startedAtMs).toBe(ms(48));
    expect(tell([late, { ...late, receivedAtMs: ms(0) }]).attempts[0]?.startedAtMs).toBeNull();
  });
});

describe('attempts', () => {
  it('joins what lies within 2 h and splits at a longer gap', () => {
    expect(split([reportAt('a', 0), reportAt('b', 2), reportAt('c', 4.001)])).toEqual(['a b', 'c']);
  });

  it('sorts by time, then rank of the source, then event id', () => {
    const reports = [
      reportAt('a', 0, { source: 'manual' }),
      reportAt('c', 0, { source: 'cbs_log' }),
      reportAt('b', 0, { source: 'cbs_log' }),
      reportAt('z', 0, { source: 'servicing' }),
      reportAt('y', -1),
    ];
    expect(split(reports)).toEqual(['y z b c a']);
  });

  it('splits at a start only when the open attempt has a final outcome', () => {
    expect(split([startAt('a', 0), startAt('b', 0.5), reportAt('c', 1)])).toEqual(['a b c']);
    expect(split([startAt('a', 0), reportAt('b', 0.5), startAt('c', 0.6), reportAt('d', 1)])).toEqual([
      'a b',
      'c d',
    ]);
  });

  it('leaves a start with the failure of the same instant, whatever their ids', () => {
    expect(split([startAt('b', 0), reportAt('a', 0)])).toEqual(['a b']);
  });

  it('keeps an attempt open after pending_reboot until a final outcome', () => {
    const pending = reportAt('a', 0, { outcome: 'pending_reboot' });
    const done = reportAt('b', 29 * 24, { outcome: 'rolled_back', ...INSTALLERS });
    expect(split([pending, done])).toEqual(['a b']);
    expect(split([pending, done, reportAt('c', 29 * 24 + 3)])).toEqual(['a b', 'c']);
  });

  it('ends the wait for a restart after 30 days', () => {
    const pending = reportAt('a', 0, { outcome: 'pending_reboot' });
    expect(split([pending, reportAt('b', 30 * 24)])).toEqual(['a b']);
    expect(split([pending, reportAt('b', 30 * 24 + 0.001)])).toEqual(['a', 'b']);
  });

  it('ends the wait for a restart at a start more than 2 h later', () => {
    const pending = reportAt('a', 0, { outcome: 'pending_reboot' });
    expect(split([pending, startAt('b', 2)])).toEqual(['a b']);
    expect(split([pending, startAt('b', 2.001)])).toEqual(['a', 'b']);
  });

  it('takes another operation after a final outcome as another try', () => {
    const install = reportAt('a', 0, { operation: 'install' });
    const removal = reportAt('b', 0.1, { operation: 'uninstall', outcome: 'succeeded' });
    expect(split([install, removal])).toEqual(['a', 'b']);
  });

  it('makes a report without a time an attempt of its own, before every timed one', () => {
    expect(split([reportAt('b', 0), reportAt('z', null), reportAt('a', null), reportAt('c', 1)])).toEqual([
      'a',
      'z',
      'b c',
    ]);
  });

  it('tells start, end, arrival, outcome and progress of the rollback', () => {
    const [attempt] = tell([
      startAt('a', 0),
      reportAt('b', 1, { ...INSTALLERS, receivedAtMs: ms(30) }),
      reportAt('c', 1.2, { outcome: 'rolled_back', ...WMI, rollback: 'initiated', receivedAtMs: ms(31) }),
    ]).attempts;
    expect(attempt).toMatchObject({
      startedAtMs: ms(0),
      endedAtMs: ms(1.2),
      arrivedAtMs: ms(30),
      outcome: 'rolled_back',
      rollback: 'completed',
      stage: 'advanced_installers',
      hresult: '0x800f0922',
      eventIds: ['a', 'b', 'c'],
    });
    expect(attempt?.signature?.l3).toBe('1058 (win32) + installer:wmi cmi');
  });
});

describe('latest outcome', () => {
  const latest = (...reports: Report[]): unknown => tell(reports).latest;

  it('is null without reports', () => {
    expect(latest()).toBeNull();
  });

  it('is that of the latest report', () => {
    expect(latest(reportAt('a', 5, { outcome: 'succeeded' }), reportAt('b', 1))).toEqual({
      outcome: 'succeeded',
      atMs: ms(5),
    });
  });

  it('is that of the better witness at the same time, then of the larger event id', () => {
    const failed = reportAt('a', 0, { source: 'cbs_log', outcome: 'rolled_back' });
    expect(latest(reportAt('z', 0, { outcome: 'succeeded' }), failed)).toMatchObject({
      outcome: 'rolled_back',
    });
    expect(latest(reportAt('a', 0), reportAt('b', 0, { outcome: 'succeeded' }))).toMatchObject({
      outcome: 'succeeded',
    });
  });

  it.each(['cancelled', 'not_applicable', 'unknown'] as const)(
    '%s shows only while nothing competes',
    (outcome) => {
      expect(latest(reportAt('a', 5, { outcome }))).toMatchObject({ outcome });
      expect(latest(reportAt('a', 5, { outcome }), reportAt('b', 0))).toMatchObject({ outcome: 'failed' });
      expect(latest(reportAt('a', 5, { outcome }), reportAt('b', null))).toMatchObject({ outcome: 'failed' });
    },
  );

  it('never takes a report without a time, such as a WSUS summary, over a timed one', () => {
    const summary = reportAt('s', null, { source: 'wsus', outcome: 'succeeded' });
    expect(latest(reportAt('a', 0), summary)).toEqual({ outcome: 'failed', atMs: ms(0) });
    expect(latest(summary)).toEqual({ outcome: 'succeeded', atMs: null });
  });

  it('is not_installed after a succeeded uninstall', () => {
    const installed = reportAt('a', 0, { outcome: 'succeeded', operation: 'install' });
    const removed = reportAt('b', 5, { outcome: 'succeeded', operation: 'uninstall' });
    expect(latest(installed, removed)).toEqual({ outcome: 'not_installed', atMs: ms(5) });
    expect(latest(installed, removed, reportAt('c', 9, { outcome: 'succeeded' }))).toMatchObject({
      outcome: 'succeeded',
    });
  });
});

describe('episodes', () => {
  const row = (...reports: Report[]) => tell(reports).failures[0];

  it('is open until a success', () => {
    expect(row(reportAt('a', 0, ABORT))).toMatchObject({ open: true, regressed: false, attempts: 1 });
    expect(row(reportAt('a', 0, ABORT), reportAt('b', 5, { outcome: 'succeeded' }))).toMatchObject({
      open: false,
    });
  });

  it('is not closed by pending_reboot, nor by a succeeded uninstall or repair', () => {
    for (const told of [
      { outcome: 'pending_reboot' },
      { outcome: 'succeeded', operation: 'uninstall' },
      { outcome: 'succeeded', operation: 'repair' },
    ] as const) {
      expect(row(reportAt('a', 0, ABORT), reportAt('b', 5, told))).toMatchObject({ open: true });
    }
  });

  it('regresses when it fails again after a success', () => {
    const reports = [
      reportAt('a', 0, ABORT),
      reportAt('b', 5, { outcome: 'succeeded' }),
      reportAt('c', 10, ABORT),
    ];
    expect(row(...reports)).toMatchObject({ open: true, regressed: true, attempts: 2 });
    expect(row(...reports, reportAt('d', 20, { outcome: 'succeeded' }))).toMatchObject({
      open: false,
      regressed: false,
    });
  });

  it('regresses when it fails again after more than 14 days without', () => {
    const day = (n: number) => reportAt(`d${n}`, n * 24, ABORT);
    expect(row(day(0), day(14))).toMatchObject({ regressed: false });
    expect(row(day(0), day(14.01))).toMatchObject({ regressed: true });
    expect(row(day(0), day(10), day(20), day(30))).toMatchObject({ regressed: false, attempts: 4 });
  });

  it('keeps first and last time and the earliest arrival', () => {
    const early = reportAt('a', 0, { ...ABORT, receivedAtMs: ms(500) });
    const late = reportAt('b', 48, { ...ABORT, receivedAtMs: ms(60) });
    expect(row(early, late)).toMatchObject({ firstAtMs: ms(0), lastAtMs: ms(48), arrivedAtMs: ms(60) });
    expect(row(reportAt('a', null, ABORT))).toMatchObject({ firstAtMs: null, lastAtMs: null });
  });
});

describe('supersession', () => {
  it('moves a device from the code-only failure to the one that names the cause, days later', () => {
    const coarse = reportAt('a', 0, { ...INSTALLERS, receivedAtMs: ms(1) });
    expect(failing([coarse])).toEqual(['0x800f0922']);
    const fine = reportAt('b', 0.1, { ...WMI, receivedAtMs: ms(72) });
    expect(failing([coarse, fine])).toEqual([WMI_TEXT]);
    expect(tell([coarse, fine]).failures[0]).toMatchObject({ arrivedAtMs: ms(1), attempts: 1 });
  });

  it('works across the attempts of one episode, not across a success', () => {
    const coarse = reportAt('a', 0, INSTALLERS);
    const fine = reportAt('c', 24, WMI);
    expect(failing([coarse, fine])).toEqual([WMI_TEXT]);
    expect(failing([coarse, reportAt('b', 12, { outcome: 'succeeded' }), fine])).toEqual([
      '0x800f0922',
      WMI_TEXT,
    ]);
    expect(failing([coarse, reportAt('c', 15 * 24, WMI)])).toEqual(['0x800f0922', WMI_TEXT]);
  });

  it('takes the code the user was shown as the same failure', () => {
    const shown = reportAt('a', 0, { hresult: '0x80070643' });
    const cause = reportAt('b', 24, { hresult: '0x800f0828', reportedHresult: '0x80070643' });
    expect(failing([shown, cause])).toEqual(['0x800f0828']);
  });

  it('lets a wrapper give way inside its own attempt only', () => {
    const wrapper = reportAt('a', 0, { hresult: '0x80070643' });
    expect(failing([wrapper, reportAt('b', 0.1, ABORT)])).toEqual(['0x800f0821']);
    expect(failing([wrapper, reportAt('b', 24, ABORT)])).toEqual(['0x80070643', '0x800f0821']);
  });

  it('lets a failure without any code give way inside its own attempt only', () => {
    const mute = reportAt('a', 0, { outcome: 'rolled_back' });
    expect(failing([mute, reportAt('b', 0.1, ABORT)])).toEqual(['0x800f0821']);
    expect(failing([mute, reportAt('b', 24, ABORT)])).toEqual(['0x800f0821', 'unknown']);
  });

  it('keeps a coarse failure that knows a part differently', () => {
    const elsewhere = reportAt('a', 0, { ...INSTALLERS, stage: 'poqexec' });
    expect(failing([elsewhere, reportAt('b', 0.1, WMI)])).toEqual([WMI_TEXT, '0x800f0922 · poqexec/-']);
  });

  it('keeps two causes behind one code apart', () => {
    expect(failing([reportAt('a', 0, WMI), reportAt('b', 0.1, HTTP)])).toHaveLength(2);
    expect(
      failing([reportAt('c', 0, INSTALLERS), reportAt('a', 0, WMI), reportAt('b', 0.1, HTTP)]),
    ).toHaveLength(2);
  });

  it('keeps another code of the same attempt', () => {
    expect(failing([reportAt('a', 0, ABORT), reportAt('b', 0.1, WMI)])).toEqual(['0x800f0821', WMI_TEXT]);
  });

  it('tests against superseded failures too', () => {
    // The shown code gives way to the cause, and the bare cause to the finest; so the shown code must not come back.
    const shown = reportAt('a', 0, { hresult: '0x80240022', stage: 'unknown' });
    const mapped = reportAt('b', 24, { hresult: '0x800f0922', reportedHresult: '0x80240022' });
    expect(failing([shown, mapped, reportAt('c', 48, WMI)])).toEqual([WMI_TEXT]);
  });

  it('never lets two failures supersede each other', () => {
    const one = reportAt('a', 0, { hresult: '0x80070002', reportedHresult: '0x80070003' });
    const other = reportAt('b', 0, { hresult: '0x80070003', reportedHresult: '0x80070002' });
    expect(failing([one, other])).toEqual(['0x80070002', '0x80070003']);
  });
});

describe('build of an attempt', () => {
  const noBuild = { osBuild: '' };
  const seen = (hours: number, osBuild: string, osInstance = ''): BuildObservation => ({
    takenAtMs: ms(hours),
    osBuild,
    osInstance,
  });
  const build = (reports: Report[], builds: BuildObservation[]) => tell(reports, builds).attempts[0]?.build;

  it('is osBuild of its earliest report that has one', () => {
    const reports = [
      reportAt('c', 1, { osBuild: '17763.6189' }),
      reportAt('b', 0.5, { osBuild: '17763.2114' }),
      reportAt('a', 0, noBuild),
    ];
    expect(build(reports, [seen(-1, '17763.1')])).toBe('17763.2114');
  });

  it('else that of the newest inventory at or before its start', () => {
    const builds = [seen(-48, '17763.1'), seen(0, '17763.2'), seen(0.5, '17763.3')];
    expect(
      build(
        [startAt('a', 0), reportAt('b', 1, noBuild)].map((r) => ({ ...r, osBuild: '' })),
        builds,
      ),
    ).toBe('17763.2');
  });

  it('leaves out inventories of another OS instance', () => {
    const report = reportAt('a', 0, { ...noBuild, osInstance: 'os-2' });
    expect(build([report], [seen(-48, '19044.1', 'os-2'), seen(-24, '17763.2', 'os-1')])).toBe('19044.1');
  });

  it('else unknown, also when the start is not known', () => {
    expect(build([reportAt('a', 0, noBuild)], [seen(1, '17763.2')])).toBe('unknown');
    expect(build([reportAt('a', null, noBuild)], [seen(-1, '17763.2')])).toBe('unknown');
  });
});

describe('cohorts', () => {
  it('give one row per build and signature, with a stable id', () => {
    const { failures } = tell([
      reportAt('a', 0, ABORT),
      reportAt('b', 24, ABORT),
      reportAt('c', 48, { ...ABORT, osBuild: '17763.6189' }),
    ]);
    expect(failures.map(({ build, attempts }) => [build, attempts]).sort()).toEqual([
      ['17763.2114', 2],
      ['17763.6189', 1],
    ]);
    for (const { cohortId } of failures) expect(cohortId).toMatch(/^[a-z2-7]{16}$/);
    const other = tellHistory({
      bank: 'bank-b',
      kb: 'KB5041578',
      reports: [reportAt('a', 0, ABORT)],
      builds: [],
    });
    expect(failures.map(({ cohortId }) => cohortId)).not.toContain(other.failures[0]?.cohortId);
  });

  it('count only installs and what may be one', () => {
    for (const operation of ['uninstall', 'repair'] as const) {
      const { failures, attemptedBuilds, attempts } = tell([reportAt('a', 0, { ...ABORT, operation })]);
      expect({ failures, attemptedBuilds }).toEqual({ failures: [], attemptedBuilds: [] });
      expect(attempts[0]?.signature?.l1).toBe('0x800f0821');
    }
    expect(failing([reportAt('a', 0, { ...ABORT, operation: 'install' })])).toEqual(['0x800f0821']);
  });

  it('take a report that does not say its operation as the operation of its attempt', () => {
    const removal = reportAt('a', 0, { ...ABORT, operation: 'uninstall' });
    expect(failing([removal, reportAt('b', 0, ABORT)])).toEqual([]);
  });

  it('count as attempted every build with an install report other than not_applicable', () => {
    expect(tell([reportAt('a', 0, { outcome: 'not_applicable' })]).attemptedBuilds).toEqual([]);
    expect(
      tell([
        startAt('a', 0),
        reportAt('b', 72, { outcome: 'succeeded', osBuild: '17763.6189' }),
        reportAt('c', 200, { osBuild: '17763.6189' }),
      ]).attemptedBuilds,
    ).toEqual(['17763.2114', '17763.6189']);
  });

  it('show channel and branch of the latest attempt that knows them', () => {
    const [row] = tell([
      reportAt('a', 0, { ...ABORT, branch: 'north', channel: 'wsus' }),
      reportAt('b', 24, { ...ABORT, branch: 'south', channel: 'unknown' }),
      reportAt('c', 48, ABORT),
    ]).failures;
    expect(row).toMatchObject({ branch: 'south', channel: 'wsus', lastAtMs: TUESDAY_MS + 2 * DAY_MS });
  });
});
