import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { scrubDeviceName, scrubLine, scrubObjectText, scrubProfileOwner } from './scrub.js';

describe('scrubLine', () => {
  it.each([
    ['owner S-1-5-21-111-222-333-1001 denied 0x80070005', 'owner <sid> denied 0x80070005'],
    ['open "C:\\Users\\zhang.wei\\NTUSER.DAT"', 'open "C:\\Users\\<user>\\NTUSER.DAT"'],
    ['copy \\\\branch-pc-17\\share\\a.cab', 'copy \\\\<host>\\share\\a.cab'],
    ['from http://wsus-1.corp.example:8530/Content', 'from http://<host>:8530/Content'],
    ['on DESKTOP-A1B2C3D failed', 'on <host> failed'],
    ['Computer name: PC-7, user=zhang', 'Computer name: <name>, user=<name>'],
    ['asked zhang@corp.example', 'asked <mail>'],
  ])('%j', (line, scrubbed) => {
    expect(scrubLine(line)).toBe(scrubbed);
  });

  it('leaves codes, packages and system paths as they are', () => {
    const line =
      'CBS Failed Package_for_RollupFix~31bf3856ad364e35~amd64~~17763.2114.1.8 C:\\Windows\\WinSxS\\x.dll [HRESULT = 0x800f0922]';
    expect(scrubLine(line)).toBe(line);
  });

  it('changes nothing the second time: reports of our own readers come here scrubbed', () => {
    const piece = fc.constantFrom(
      'S-1-5-21-1-2-3-4',
      'C:\\Users\\q q\\x',
      '\\\\pc-1\\c$',
      'http://u@h.example/x',
      'DESKTOP-A1B2C3D',
      'user: q',
      'host name = ',
      'q@h.example',
      ' ',
      '\\',
      '/',
      "'",
      '0x80070005',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 4 })), { maxLength: 6 }), (pieces) => {
        const once = scrubLine(pieces.join(''));
        expect(scrubLine(once)).toBe(once);
      }),
    );
  });
});

describe('scrubObjectText', () => {
  it('leaves the names of components', () => {
    for (const name of ['Microsoft-Windows-Remote-Desktop-Services', 'user: none', 'HTTP Installer'])
      expect(scrubObjectText(name)).toBe(name);
    expect(scrubObjectText('C:\\Users\\zhang\\S-1-5-21-1-2-3-4\\WIN-AB12CD3')).toBe(
      'C:\\Users\\<user>\\<sid>\\<host>',
    );
  });
});

describe('scrubDeviceName', () => {
  it.each([
    ['PC-1', 'pc-1 and PC-12, \\\\PC-1\\c$, PC-1.corp.example.', '<host> and PC-12, \\\\<host>\\c$, <host>.'],
    ['PC-1.corp.example', 'at PC-1: log_pc-1_2024', 'at <host>: log_<host>_2024'],
    ['10.1.2.3', 'code 10 from 10.1.2.3', 'code 10 from <host>'],
    ['网点-PC(1)', '在 网点-pc(1) 上', '在 <host> 上'],
    ['  ', 'as it is', 'as it is'],
    [undefined, 'as it is', 'as it is'],
  ])('%j', (name, text, scrubbed) => {
    expect(scrubDeviceName(name)(text)).toBe(scrubbed);
  });

  it('never throws, whatever the name', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (name, text) => {
        expect(typeof scrubDeviceName(name)(`${text} ${name} ${text}`)).toBe('string');
      }),
    );
  });
});

describe('scrubProfileOwner', () => {
  it('takes the owner of a profile out of the rest of a path, but nobody’s profile', () => {
    expect(scrubProfileOwner('C:\\Users\\zhang\\x')('zhang-notes.txt')).toBe('<user>-notes.txt');
    expect(scrubProfileOwner('C:\\Users\\Public\\x')('public.dll')).toBe('public.dll');
  });
});
