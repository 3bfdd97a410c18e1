import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { symbolOf } from '../codes/code-symbols.js';
import { objectFamily } from './object-family.js';
import type { FailingObject, InnerError } from '../report.js';
import { signatureOf } from './signature.js';
import type { FailureFacts } from './signature.js';
import { WRAPPER_CODES } from './wrapper-codes.js';

const facts = (told: Partial<FailureFacts> = {}): FailureFacts => ({
  stage: 'unknown',
  hresult: '',
  reportedHresult: '',
  innerErrors: [],
  failureSource: '',
  failingObject: null,
  ...told,
});
const inner = (code: string, kind: InnerError['kind']): InnerError => ({ code, kind });

describe('signatureOf', () => {
  it('has three levels', () => {
    expect(
      signatureOf(
        facts({
          hresult: '0x800f0922',
          stage: 'advanced_installers',
          failureSource: 'CSI Other',
          innerErrors: [inner('0x00000422', 'win32')],
          failingObject: { type: 'service', name: 'Winmgmt' },
        }),
      ),
    ).toMatchObject({
      l1: '0x800f0922',
      l2: 'advanced_installers/csi other',
      l3: '1058 (win32) + service:winmgmt',
      fineness: 3,
      reason:
        'Grouped by code 0x800f0922 (CBS_E_INSTALLERS_FAILED), failed at stage advanced_installers, ' +
        'failure source csi other, inner error 1058 (win32) ERROR_SERVICE_DISABLED, failing object service:winmgmt.',
    });
  });

  it('tells the three known faults behind 0x800f0922 apart', () => {
    const fault = (code: string, name: string): string =>
      signatureOf(
        facts({
          hresult: '0x800f0922',
          stage: 'advanced_installers',
          innerErrors: [inner(code, 'win32')],
          failingObject: { type: 'installer', name },
        }),
      ).id;
    const ids = [
      fault('0x00000422', 'WMI CMI'),
      fault('0x00000422', 'HTTP Installer'),
      fault('0x00000002', 'Task Scheduler'),
    ];
    expect(new Set(ids).size).toBe(3);
  });

  it('takes the code the user was shown when no other is known, else unknown', () => {
    expect(signatureOf(facts({ reportedHresult: '0x8024001e' }))).toMatchObject({
      l1: '0x8024001e',
      fineness: 1,
    });
    expect(signatureOf(facts())).toMatchObject({ l1: 'unknown', l2: '', l3: '', fineness: 0 });
    expect(signatureOf(facts()).reason).toBe('Grouped by no code given.');
  });

  it('is as fine as what it knows', () => {
    expect(signatureOf(facts({ hresult: '0x80070643' })).fineness).toBe(0);
    expect(signatureOf(facts({ hresult: '0x800f0821' })).fineness).toBe(1);
    expect(signatureOf(facts({ hresult: '0x80070643', stage: 'poqexec' }))).toMatchObject({
      fineness: 2,
      l2: 'poqexec/-',
    });
    expect(signatureOf(facts({ failureSource: 'DOQ' }))).toMatchObject({ fineness: 2, l2: '-/doq' });
  });

  it('has the same inner error however it was spelt, and not the outer code again', () => {
    const l3 = (...innerErrors: InnerError[]) =>
      signatureOf(facts({ hresult: '0x80070570', innerErrors })).l3;
    expect(l3(inner('0x80070422', 'hresult'))).toBe('1058 (win32)');
    expect(l3(inner('0x00000422', 'win32'))).toBe('1058 (win32)');
    expect(l3(inner('0xd0000102', 'hresult'))).toBe('0xc0000102 (ntstatus)');
    expect(l3(inner('0x80070570', 'hresult'), inner('0x00000570', 'win32'))).toBe('');
    expect(l3(inner('0x00000000', 'win32'))).toBe('');
  });

  it('takes the inner error nearest to the cause, whatever the order', () => {
    const errors = [
      inner('0x80004005', 'hresult'),
      inner('0x80070002', 'hresult'),
      inner('0xc0000102', 'ntstatus'),
    ];
    const property = fc.property(fc.shuffledSubarray(errors, { minLength: 3 }), (innerErrors) => {
      expect(signatureOf(facts({ hresult: '0x800f0922', innerErrors })).l3).toBe('0xc0000102 (ntstatus)');
    });
    fc.assert(property);
  });

  it('does not depend on the order of errors, and has an id of its own for every other text', () => {
    const codes = fc.constantFrom('0x80070002', '0x00000002', '0xc0000102', '0x80004005', '0x80070643');
    const kinds = fc.constantFrom('hresult', 'win32', 'ntstatus', 'unknown');
    const errors = fc.array(fc.record({ code: codes, kind: kinds }), { maxLength: 4 });
    const anyFacts = fc.record({
      hresult: codes,
      stage: fc.constantFrom('unknown', 'poqexec', 'primitives'),
      innerErrors: errors,
      failureSource: fc.constantFrom('', 'DOQ', 'doq ', 'CSI  Other'),
    });
    const property = fc.property(anyFacts, anyFacts, (one, other) => {
      const first = signatureOf(facts(one));
      const second = signatureOf(facts(other));
      expect(signatureOf(facts({ ...one, innerErrors: one.innerErrors.toReversed() }))).toEqual(first);
      expect(first.id).toMatch(/^[a-z2-7]{16}$/);
      const same = first.l1 === second.l1 && first.l2 === second.l2 && first.l3 === second.l3;
      expect(first.id === second.id).toBe(same);
    });
    fc.assert(property);
  });
});

describe('what no signature holds', () => {
  it('is a user name, SID, host name, drive, session or version, in any fact of any shape', () => {
    const secret = fc.stringMatching(/^[qjxz]{5,9}$/);
    const fact = fc
      .tuple(secret, fc.constantFrom('c:', 'D:', '\\\\?\\E:'), fc.nat(99))
      .chain(([name, drive, n]) =>
        fc
          .constantFrom(
            `${drive}\\Users\\${name}\\AppData\\Local\\${name}.log`,
            `${drive}\\Profiles\\${name}\\NTUSER.DAT`,
            `${drive}/Users/${name}/update.cab`,
            `\\\\${name}\\share\\setup.exe`,
            `\\\\srv\\home$\\${name}`,
            `\\\\srv\\users\\${name}\\${name}.pst`,
            `DESKTOP-${name.toUpperCase()}A1`,
            `S-1-5-21-111-222-333-10${n}`,
            `Session 31069${n}_113500286`,
            `package 10.0.17763.${n} {9edf1a2b-0000-4000-8000-0000000000${String(n).padStart(2, '0')}}`,
          )
          .map((text) => ({ name, text })),
      );
    const type = fc.constantFrom(
      'file',
      'folder',
      'component',
      'service',
      'unknown',
      'task',
      'inf',
      'installer',
    );
    const property = fc.property(fact, type, fc.boolean(), ({ name, text }, objectType, inPath) => {
      const failingObject = inPath
        ? { type: objectType, name: 'x', path: text }
        : { type: objectType, name: text };
      const signature = signatureOf(facts({ failureSource: text, failingObject }));
      const all = JSON.stringify(signature).toLowerCase();
      expect(all).not.toContain(name);
      expect(all).not.toMatch(/[a-z]:\\|[a-z]:\/|s-1-5|31069|17763|9edf1a2b|desktop-/);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('is kept where it tells the component', () => {
    const object = (type: string, name: string): string => objectFamily({ type, name });
    expect(object('service', 'CDPUserSvc_3a4f2')).toBe('service:cdpusersvc');
    expect(object('service', 'clr_optimization_v4.0.30319_64')).toBe(
      'service:clr_optimization_v4.0.30319_64',
    );
    expect(object('folder', '\\\\srv\\home$\\li.na')).toBe('folder:network share');
    expect(object('file', '\\\\srv\\patches\\kb5041578.msu')).toBe('file:kb5041578.msu');
  });
});

describe('wrapper codes', () => {
  it('carry the names of the table of symbols', () => {
    for (const [code, name] of WRAPPER_CODES) expect(symbolOf(code)).toBe(name);
  });
});

describe('objectFamily', () => {
  it.each<[string, FailingObject]>([
    [
      'folder:windows defender',
      { type: 'folder', name: 'Windows Defender', path: '\\??\\C:\\Program Files\\Windows Defender' },
    ],
    ['folder:windows defender', { type: 'folder', name: 'D:\\Program Files\\Windows Defender\\' }],
    [
      'file:microsoft-windows-directshow-other\\amstream.dll',
      {
        type: 'file',
        name: 'wow64_microsoft-windows-directshow-other_31bf3856ad364e35_10.0.19041.3636_none_8c3dc90fca6fc644\\amstream.dll',
      },
    ],
    [
      'file:microsoft-windows-directshow-other\\amstream.dll',
      {
        type: 'file',
        name: 'amstream.dll',
        path: 'C:\\Windows\\WinSxS\\amd64_microsoft-windows-directshow-other_31bf3856ad364e35_10.0.17763.1_none_0c3dc90fca6fc640\\amstream.dll',
      },
    ],
    [
      'component:microsoft-windows-dlna-mdeserver',
      {
        type: 'component',
        name: 'amd64_Microsoft-Windows-DLNA-MDEServer_31bf3856ad364e35_10.0.17763.1_none_f0000000000000aa',
      },
    ],
    [
      'component:microsoft-windows-hello-face-migration-package',
      {
        type: 'component',
        name: 'Microsoft-Windows-Hello-Face-Migration-Package~31bf3856ad364e35~amd64~~10.0.19041.1',
      },
    ],
    ['inf:cpu.inf', { type: 'inf', name: 'CPU.inf' }],
    ['inf:oem12.inf', { type: 'inf', name: 'C:\\Windows\\INF\\oem12.inf' }],
    [
      'installer:http installer',
      { type: 'installer', name: 'HTTP Installer ({9EDF1A2B-0000-4000-8000-00000000000A})' },
    ],
    ['service:winmgmt', { type: 'service', name: 'Winmgmt' }],
    ['task:securebootencodeuefi', { type: 'task', name: '\\Microsoft\\Windows\\PI\\SecureBootEncodeUEFI' }],
    ['folder:user profile', { type: 'folder', name: 'C:\\Users\\zhang.wei' }],
    ['file:ntuser.dat', { type: 'file', name: 'C:\\Users\\zhang.wei\\NTUSER.DAT' }],
    ['file:-notes.txt', { type: 'file', name: 'C:\\Users\\zhang.wei\\zhang.wei-notes.txt' }].map(
      (value, index) => (index === 0 ? 'file:notes.txt' : value),
    ) as [string, FailingObject],
    ['folder:network share', { type: 'folder', name: '\\\\branch-pc-17\\c$' }],
    ['file:setup.exe', { type: 'file', name: '\\\\branch-pc-17\\share\\setup.exe' }],
    ['', { type: 'component', name: '{9EDF1A2B-0000-4000-8000-00000000000A}' }],
    ['', { type: 'folder', name: 'C:\\' }],
  ])('is %s', (family, object) => {
    expect(objectFamily(object)).toBe(family);
  });

  it('never holds a user name, SID, machine name, session, drive or version', () => {
    const secret = fc.stringMatching(/^[qjxz]{5,9}$/);
    const drive = fc.constantFrom('C:', 'D:', 'e:', '\\??\\C:', '\\\\?\\C:');
    const tail = fc.constantFrom('', '\\NTUSER.DAT', '\\AppData\\Local\\Temp\\a.cab', '\\Desktop');
    const type = fc.constantFrom('file', 'folder', 'component', 'service', 'unknown', 'task', 'inf');
    const property = fc.property(
      secret,
      drive,
      tail,
      type,
      fc.nat(9),
      (name, root, end, objectType, digit) => {
        const texts = [
          `${root}\\Users\\${name}${end}`,
          `${root}\\Documents and Settings\\${name}${end}`,
          `\\\\${name}\\share${end}`,
          `${root}\\Users\\${name}\\${name}.log`,
          `Session 3106929${digit}_113500286 S-1-5-21-111-222-333-100${digit}`,
          `DESKTOP-${name.toUpperCase()}A${digit}`,
          `thing 10.0.17763.${digit}`,
        ];
        for (const text of texts) {
          const family = objectFamily({ type: objectType, name: text });
          expect(family).not.toContain(name);
          expect(family).not.toMatch(/[a-z]:\\|s-1-5|3106929|17763|desktop-/);
        }
      },
    );
    fc.assert(property);
  });

  it('is total', () => {
    const property = fc.property(
      fc.string(),
      fc.string(),
      fc.constantFrom('file', 'task'),
      (name, path, type) => {
        const family = objectFamily({ type, name, path });
        expect(family === '' || family.startsWith(`${type}:`)).toBe(true);
      },
    );
    fc.assert(property);
  });
});
