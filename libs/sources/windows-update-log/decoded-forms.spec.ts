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
});
