import { describe, expect, it } from '@jest/globals';
import { stageOf } from '#domain/stage.js';
import { fixtureText, readAll } from '../evidence-fixtures.contract.js';
import { CbsLogReader } from './read-cbs-log.js';

const read = (log: string | Uint8Array, size?: number) =>
  readAll(typeof log === 'string' ? Buffer.from(log) : log, new CbsLogReader(), size);
const reportsOf = (text: string) => read(text).reports.map(({ report }) => report);

describe('CBS.log reader', () => {
  it('S4: names the NTSTATUS, the folder and the offset of a record that the log cut in two', () => {
    const [report, ...others] = reportsOf(fixtureText('cbs-corrupt-folder.log'));
    expect(others).toEqual([]);
    expect(report).toMatchObject({
      source: 'cbs_log',
      innerErrors: [{ code: '0xc0000102', kind: 'ntstatus' }],
      failingObject: {
        type: 'folder',
        name: 'Windows Defender',
        path: 'C:\\Program Files\\Windows Defender',
      },
      occurredAt: '2022-08-18T07:53:46.000Z',
      occurredAtText: '2022-08-18 15:53:46',
      utcOffset: '+08:00',
      timeSource: 'csi_anchor',
    });
  });

  it('S2: tells one attempt over two start-ups, rolled back by a disabled service', () => {
    const [staged, failed, ...others] = reportsOf(fixtureText('cbs-rollback-over-two-starts.log'));
    expect(others).toEqual([]);
    expect(staged).toMatchObject({ outcome: 'pending_reboot', targetKb: 'KB5034763', rollback: 'none' });
    expect(failed).toMatchObject({
      outcome: 'rolled_back',
      targetKb: 'KB5034763',
      rollback: 'completed',
      hresult: '0x800f0922',
      failureSource: 'AI',
      originalFailureStatus: '0x800f0922',
      lastForwardExecuteState: 'CbsExecuteStateResolvePending',
      innerErrors: [{ code: '0x00000422', kind: 'win32', origin: 'advanced installer WMI Installer' }],
      failingObject: { type: 'component', name: 'Microsoft-Windows-WMI-Core' },
      packageStartState: 'Staged',
      occurredAt: '2024-02-20T01:21:03.000Z',
      startedAt: '2024-02-20T01:20:01.000Z',
    });
    expect(failed && stageOf(failed)).toBe('advanced_installers');
  });

  it('tells each package once; repair, noise codes and placeholder KBs make no failure and no KB', () => {
    const { reports, account } = read(fixtureText('cbs-sessions.log'));
    expect(reports.map(({ line, report }) => [line, report.outcome, report.targetKb])).toEqual([
      [8, 'failed', undefined],
      [12, 'succeeded', 'KB5003791'],
    ]);
    expect(reports[0]?.report).toMatchObject({
      hresult: '0x8024402c',
      failureSource: 'CBS Other',
      operation: 'unknown',
      channel: 'dism',
      utcOffset: '+03:30',
    });
    expect(account).toMatchObject({
      records: 13,
      setAside: { repair_session: 2 },
      notUnderstood: 0,
      reports: 2,
    });
  });

  it('reads the same whatever the line ends, the encoding and the pieces', () => {
    const lf = fixtureText('cbs-rollback-over-two-starts.log');
    const expected = read(lf);
    const swapped = Buffer.from(`\ufeff${lf}`, 'utf16le').swap16();
    expect(read(lf.replaceAll('\n', '\r\n'))).toEqual(expected);
    expect(read(lf.replaceAll('\n', '\r'))).toEqual(expected);
    expect(read(Buffer.from(`\ufeff${lf}`, 'utf16le'))).toEqual(expected);
    expect(read(swapped)).toEqual(expected);
    expect(read(Buffer.from(lf, 'utf16le'))).toEqual(expected);
    expect(read(lf.replaceAll('\n2024', '\n\ufeff2024'))).toEqual(expected);
    expect(read(lf.replaceAll('\n', '\r\n'), 7)).toEqual(expected);
  });

  it('a WER line after the verdict is no second failure; a rollback whose end is cut off is told', () => {
    const text = fixtureText('cbs-rollback-over-two-starts.log');
    const wer = text.split('\n').find((line) => line.includes('WER: ')) ?? '';
    expect(reportsOf(`${text}${wer}\n`)).toEqual(reportsOf(text));
    const cut = text.slice(0, text.indexOf('2024-02-20 09:21:00'));
    const [, turnedBack, ...others] = reportsOf(cut);
    expect(others).toEqual([]);
    expect(turnedBack).toMatchObject({
      outcome: 'failed',
      rollback: 'initiated',
      hresult: '0x800f0922',
      targetKb: 'KB5034763',
    });
  });

  it('an attempt that goes over rolled files is the same attempt, wherever the log was rolled', () => {
    const lines = fixtureText('cbs-rollback-over-two-starts.log').trimEnd().split('\n');
    const starts = lines.flatMap((line, at) => (at > 0 && /^\d{4}-/.test(line) ? [at] : []));
    const whole = reportsOf(`${lines.join('\n')}\n`);
    expect(starts.length).toBeGreaterThan(15);
    for (const at of starts) {
      const reader = new CbsLogReader();
      const found = [...reader.push(Buffer.from(lines.slice(0, at).join('\n')))];
      const first = reader.nextFile();
      found.push(...first.reports, ...reader.push(Buffer.from(lines.slice(at).join('\n'))));
      const second = reader.finish();
      found.push(...second.reports);
      expect(found.map(({ report }) => report)).toEqual(whole);
      expect(first.account.records + second.account.records).toBe(read(lines.join('\n')).account.records);
      expect(first.account.reports + second.account.reports).toBe(found.length);
    }
  });

  it('dism.log: the package manager’s result of adding a KB, and no other command', () => {
    const command = (text: string, ...lines: string[]) =>
      [
        'DISM.EXE: <----- Starting Dism.exe session ----->',
        `DISM.EXE: Executing command line: Dism.exe ${text}`,
        ...lines,
        'DISM.EXE: <----- Ending Dism.exe session ----->',
      ].map((message) => `2024-03-01 10:00:00, Info                  DISM   ${message}`);
    const add = String.raw`/online /add-package /packagepath:C:\t\windows10.0-kb5034763-x64.cab`;
    const failed = 'processed the command line but failed. HRESULT=';
    const log = [
      ...command(
        add,
        'DISM Package Manager: PID=1 Failed finalizing changes. - CDISMPackageManager::Internal_Finalize(hr:0x800f0922)',
        `DISM.EXE: DISM Package Manager ${failed}800F0922`,
        'DISM.EXE: Image session has been closed. Reboot required=no.',
      ),
      ...command(add, 'DISM.EXE: Image session has been closed. Reboot required=yes.'),
      ...command(
        add.replace('add', 'remove'),
        'DISM.EXE: Image session has been closed. Reboot required=no.',
      ),
      ...command(add),
      ...command('/online /cleanup-image', `DISM.EXE: DISM Package Manager ${failed}800F081F`),
      ...command(add, `DISM.EXE: DISM Unattend Manager ${failed}80004005`),
    ];
    const { reports, account } = read(log.join('\r\n'));
    expect(
      reports.map(({ line, report }) => [line, report.operation, report.outcome, report.hresult]),
    ).toEqual([
      [4, 'install', 'failed', '0x800f0922'],
      [9, 'install', 'pending_reboot', undefined],
      [13, 'uninstall', 'succeeded', undefined],
    ]);
    expect(
      reports.every(({ report }) => report.source === 'dism_log' && report.targetKb === 'KB5034763'),
    ).toBe(true);
    expect(reports[0]?.report.excerpt?.join()).toContain('Failed finalizing changes');
    expect(account).toMatchObject({ records: log.length, notUnderstood: 0, reports: 3 });
  });

  it('sets the lines of a system file check aside as repair', () => {
    const line =
      '2024-03-01 10:00:00, Info                  CSI    0000000d [SR] Cannot repair member file [l:7]"a.dll"';
    expect(read(`${line}\n${line}\n`)).toMatchObject({
      reports: [],
      account: { setAside: { repair_session: 2 } },
    });
  });

  it('claims no UTC time where the zone changed between two far anchors', () => {
    const log = [
      '2024-10-26 10:00:00, Info                  CSI    00000001@2024/10/26:08:00:00.100 WcpInitialize',
      '2024-10-27 01:00:00, Info                  CBS    Exec: Processing complete.  Session: 1_1, Package: A~1~x~~1.0 [HRESULT = 0x800f0922]',
      '2024-10-28 10:00:00, Info                  CSI    00000001@2024/10/28:09:00:00.100 WcpInitialize',
    ].join('\n');
    const { reports, account } = read(log);
    expect(reports[0]?.report).toMatchObject({ occurredAt: null, utcOffset: null, timeSource: 'unknown' });
    expect(account.offsets.map(({ utcOffset }) => utcOffset)).toEqual(['+02:00', '+01:00']);
  });

  it('keeps no person and no host in excerpt and path', () => {
    const path = String.raw`\??\C:\Users\j.doe\AppData\x.dll`;
    const [report] = reportsOf(
      `2024-01-01 10:00:00, Error                 CSI    00000001 (F) STATUS_ACCESS_DENIED #1# from Sys(on:[9]'${path}') user S-1-5-21-1-2-3-1001 on \\\\branch-pc17\\share[gle=0xd0000022]\n`,
    );
    expect(report?.failingObject).toEqual({
      type: 'file',
      name: 'x.dll',
      path: String.raw`C:\Users\<user>\AppData\x.dll`,
    });
    expect(JSON.stringify(report)).not.toMatch(/doe|S-1-5-21|branch-pc17/);
  });
});
