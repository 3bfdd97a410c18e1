import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readAll } from '../evidence-fixtures.contract.js';
import { repairMojibake } from './mojibake.js';

const UPDATE = '{7D2C1A3B-0000-4000-8000-1234567890AB}.201';
const read = (...lines: string[]) => readAll(Buffer.from(lines.join('\r\n')));

describe('forms of the decoded WindowsUpdate.log', () => {
  it('tracefmt’s print: the handler’s exit code is the result of the update that was prepared', () => {
    const trace = (text: string, time = '06:24:12.28382 AM') => `${time} 1092 10968 source_cpp12 ${text}`;
    const { reports, account } = read(
      trace(`[DownloadManager] Preparing update for install, updateId = ${UPDATE}.`),
      trace('[Handler] * START * Windows Setup Install'),
      trace('[Handler] Installer completed. Process return code = 0x80070490, result = 0x80070490'),
      trace('[Handler] Exit code = 0x80070490', 'hh:mm:ss.fffff tt'),
      trace('[Handler] Exit code = 0x80070005'),
    );
    expect(reports.map(({ line, report }) => [line, report])).toEqual([
      [
        4,
        expect.objectContaining({
          updateId: '7d2c1a3b-0000-4000-8000-1234567890ab',
          updateRevision: 201,
          outcome: 'failed',
          hresult: '0x80070490',
          occurredAt: null,
          occurredAtText: 'hh:mm:ss.fffff tt',
        }),
      ],
    ]);
    expect(account).toMatchObject({
      format: 'windows_update_log',
      records: 5,
      understood: 3,
      notUnderstood: 0,
    });
  });

  it('reads both of exit and result code; a success is no failure', () => {
    const exit = (text: string) =>
      read(
        `6:24:12.283 PM 1092 10968 dl_cpp1 [DownloadManager] Preparing update for install, updateId = ${UPDATE}.`,
        `6:24:12.283 PM 1092 10968 uh_cpp2 [Handler] ${text}`,
      ).reports.map(({ report }) => [report.outcome, report.hresult, report.reportedHresult]);
    expect(exit('Exit code = 0x00000000, Result code = 0x80072EE2')).toEqual([
      ['failed', '0x80072ee2', undefined],
    ]);
    expect(exit('Exit code = 0x00000000')).toEqual([['succeeded', undefined, undefined]]);
    expect(exit('Exit code = 0x80242014')).toEqual([['pending_reboot', '0x80242014', undefined]]);
  });

  const history = (more = 'resultMapped=80070643, resultUnMapped=800F0922') =>
    `9740  Agent           LogHistory called. idUpdate=${UPDATE}, ${more}`;
  const line = (rest: string, stamp = '2024/05/02 16:40:48.6826417') => `${stamp} 6720  ${rest}`;

  it.each([
    ['2024-05-02 16:40:48.6826417', '2024-05-02T16:40:48'],
    ['2024.05.02 16:40:48.6826417', '2024-05-02T16:40:48'],
    ['2024. 05. 02. 16:40:48.6826417', '2024-05-02T16:40:48'],
    ['2024-05-02 16.40.48.6826417', '2024-05-02T16:40:48'],
    ['2024/05/02 16:40:48,6826417', '2024-05-02T16:40:48'],
  ])('a region’s own signs in the time: %s', (stamp, from) => {
    const { reports, account } = read(line(history(), stamp));
    expect(reports.map(({ report }) => [report.outcome, report.hresult, report.occurredAtText])).toEqual([
      ['failed', '0x800f0922', stamp],
    ]);
    expect(account).toMatchObject({ from, to: from, notUnderstood: 0 });
  });

  it('a title stands one line above its update, told by the same thread; others may speak between', () => {
    const listed = (title: string) =>
      read(
        line(`9740  UDP               Title = ${title}`),
        line('1111  UDP               Title = Something else (KB5000001)'),
        line(`9740  UDP               UpdateId = ${UPDATE}`),
        line('1111  UDP               UpdateId = 00000000-0000-4000-8000-000000000001.1'),
        line(history()),
      );
    expect(listed('2024-01 Security Update (KB5034441)').reports.map(({ report }) => report)).toEqual([
      expect.objectContaining({ targetKb: 'KB5034441', updateTitle: '2024-01 Security Update (KB5034441)' }),
    ]);
    expect(listed('9N4D0MSMP0PT-Microsoft.VP9VideoExtensions')).toMatchObject({
      reports: [],
      account: { setAside: { store_app: 1 } },
    });
    expect(listed('Definition - KB2267602 (Version 1.1)').account.setAside).toMatchObject({
      defender_definition: 1,
    });
  });

  it('the Store’s own callers install Store apps, also when the log names no title', () => {
    const by = (caller: string) =>
      read(
        line(
          `9740  Agent           LogHistory called for Caller=${caller}, idUpdate=${UPDATE.slice(1, 37)}.201, operation = Install, resultMapped=80073CF9, resultUnMapped=80073CF9`,
        ),
      );
    expect(by('Update;ScanForUpdatesForUser').account.setAside).toEqual({ store_app: 1 });
    expect(by('MoUpdateOrchestrator').reports.map(({ report }) => report)).toEqual([
      expect.objectContaining({ outcome: 'failed', hresult: '0x80073cf9', operation: 'install' }),
    ]);
  });

  it('results with 0x; what the decoder could not decode is not understood and covers no time', () => {
    const { reports, account } = read(
      '1601/01/01 08:00:00.0000000 992   980   Unknown( 10): GUID=9f4f0e00-0000-0000-0000-000000000000 (No Format Information found).',
      line(history('resultMapped=0x80240017, resultUnMapped=0x0')),
    );
    expect(reports.map(({ report }) => [report.outcome, report.hresult])).toEqual([['failed', '0x80240017']]);
    expect(account).toMatchObject({ records: 2, notUnderstood: 1, from: '2024-05-02T16:40:48' });
  });

  it('puts titles right that were UTF-8, read as GBK; what was lost is marked', () => {
    const spoil = (text: string) =>
      new TextDecoder('gbk').decode(Buffer.from(text)).replaceAll('\ufffd', '?');
    expect(repairMojibake(spoil('适用'))).toBe('适用');
    expect(repairMojibake(spoil('2024-11 适用于 Windows 11 的累积更新 (KB5048163)'))).toMatch(
      /^2024-11 适用.{1,2}Windows 11 .*累积更.*\(KB5048163\)$/,
    );
    for (const sound of [
      '2024-11 适用于 Windows 11 (KB5048163)',
      'Überblick für Ärzte?',
      'plain?',
      '€',
      '',
    ]) {
      expect(repairMojibake(sound)).toBe(sound);
    }
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(typeof repairMojibake(text)).toBe('string');
      }),
    );
  });

  it('what the Store and Defender do for themselves is known by the caller, whoever asked them', () => {
    const history = (caller: string) =>
      `2026/02/28 18:16:20.8238004 10480 15788 Agent           LogHistory called for Caller=${caller}, idUpdate=${UPDATE}, operation = Install, resultMapped=80070643, resultUnMapped=0`;
    const { reports, account } = read(
      history('Update;ScanForUpdatesForUser'),
      history('Update;MoUpdateOrchestratorUserScan-Worker'),
      history('Acquisition;shell'),
      history('Windows Defender (77BDAF73-0000-4000-8000-000000000001)'),
      history('<<PROCESS>>: MpCmdRun.exe'),
      history('MoUpdateOrchestrator'),
      history('<<PROCESS>>: svchost.exe'),
    );
    expect(reports.map(({ line }) => line)).toEqual([6, 7]);
    expect(account.setAside).toEqual({ store_app: 3, defender_definition: 2 });
  });

  it('the same columns as a table with commas', () => {
    const { reports, account } = read(
      '"2024/05/02 16:40:47.1000000",6720,4720,Agent,"Title=Update (KB5034441), UpdateId=7D2C1A3B-0000-4000-8000-1234567890AB.201"',
      `"2024/05/02 16:40:48.6826417",6720,4720,Agent,"LogHistory called. idUpdate=${UPDATE}, resultMapped=80070643, resultUnMapped=800F0828"`,
    );
    expect(reports.map(({ report }) => report)).toEqual([
      expect.objectContaining({
        outcome: 'failed',
        hresult: '0x800f0828',
        targetKb: 'KB5034441',
        occurredAtText: '2024/05/02 16:40:48.6826417',
      }),
    ]);
    expect(account).toMatchObject({
      format: 'windows_update_log',
      records: 2,
      notUnderstood: 0,
      from: '2024-05-02T16:40:47',
    });
  });

  it.each(['   ', '> ', '- '])('lines of a page, with %j before each', (marks) => {
    const line = `2024/05/02 16:40:48.6826417 6720  4720  Agent           LogHistory called. idUpdate=${UPDATE}, resultMapped=80070643, resultUnMapped=0`;
    const { reports, account } = read(
      `${marks}${line}`,
      `${marks}2024/05/02 16:40:49.1000000 6720  4720  Agent  x`,
    );
    expect(reports.map(({ report }) => report.occurredAtText)).toEqual(['2024/05/02 16:40:48.6826417']);
    expect(account).toMatchObject({ format: 'windows_update_log', records: 2, notUnderstood: 0 });
  });
});
