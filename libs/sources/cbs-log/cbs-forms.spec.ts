import { describe, expect, it } from '@jest/globals';
import { readAll } from '../evidence-fixtures.contract.js';
import { CbsLogReader } from './read-cbs-log.js';

const LCU = 'Package_for_RollupFix~31bf3856ad364e35~amd64~~17763.4499.1.5';
const KB = 'Package_for_KB5034763~31bf3856ad364e35~amd64~~10.0.1.4';
const record = (message: string, stamp = '2024-02-20 09:20:00') =>
  `${stamp}, Info                  CBS    ${message}`;
const complete = (code: string, name = KB, session = '31069299_113500286') =>
  record(`Exec: Processing complete.  Session: ${session}, Package: ${name} [HRESULT = ${code}]`);
const FAILED = complete('0x800f0922 - CBS_E_INSTALLERS_FAILED');

const told = (...lines: string[]) =>
  readAll(Buffer.from(lines.join('\r\n'))).reports.map(({ report }) => [report.outcome, report.hresult]);
const changed = (prefix: string, name: string, status: string) =>
  record(
    `${prefix}Reporting package change completion for package: ${name}, current: ${status === '0x0' ? 'Installed' : 'Staged'}, original: Staged, target: Installed, status: ${status}, failure source: ${status === '0x0' ? 'Not Applicable' : 'CBS Other'}, failure details: "(null)", client id: WindowsUpdateAgent`,
  );

describe('forms of CBS records', () => {
  it.each([
    ['0x00000000 - S_OK', 'succeeded', undefined],
    ['0x00000001 - S_FALSE', 'succeeded', undefined],
    ['0x800f0922 - CBS_E_INSTALLERS_FAILED', 'failed', '0x800f0922'],
    ['0x8024402c - Unknown Error', 'failed', '0x8024402c'],
    ['0x80073712', 'failed', '0x80073712'],
    ['0X800F0831', 'failed', '0x800f0831'],
    ['0x80070bc2 - ERROR_SUCCESS_REBOOT_REQUIRED', 'pending_reboot', '0x80070bc2'],
    ['0x80070bc9 - ERROR_FAIL_REBOOT_REQUIRED', 'pending_reboot', '0x80070bc9'],
    ['0x00000bc2', 'pending_reboot', '0x00000bc2'],
  ])('result %s is %s', (code, outcome, hresult) => {
    expect(told(complete(code))).toEqual([[outcome, hresult]]);
    expect(told(complete(code).replace(' [HRESULT = ', ', [HRESULT='))).toEqual([[outcome, hresult]]);
  });

  it.each([
    ['findstr in several files', (line: string) => `C:\\Windows\\Logs\\CBS\\CBS.log:${line}`],
    ['grep -n', (line: string) => `1234:${line}`],
    ['a quotation', (line: string) => `> ${line}`],
    ['a list', (line: string) => `  - ${line}`],
    ['an indented block', (line: string) => `        ${line}`],
    ['one blank between the columns', (line: string) => line.replace(/ {2,}/g, ' ')],
    ['a tab between the columns', (line: string) => line.replace(/, Info +/, ',\tInfo\t')],
    ['an en dash in the date', (line: string) => line.replace('2024-02-20', '2024–02–20')],
    ['a level in capitals', (line: string) => line.replace('Info ', 'ERROR')],
    ['the field of newer builds', (line: string) => line.replace('  CBS', '[0x01806a] CBS')],
    ['cut at 80 columns', (line: string) => line.replace(/(.{80})/g, '$1\r\n')],
    ['cut at 120 columns', (line: string) => line.replace(/(.{120})/g, '$1\r\n')],
  ])('a copy with %s', (_, change) => {
    const routine = record(
      'Session: 31069299_1 initialized by client WindowsUpdateAgent, external staging directory: (null)',
    );
    const { reports, account } = readAll(Buffer.from(`${change(routine)}\r\n${change(FAILED)}\r\n`));
    expect(reports.map(({ report }) => [report.outcome, report.hresult, report.targetKb])).toEqual([
      ['failed', '0x800f0922', 'KB5034763'],
    ]);
    expect(account).toMatchObject({ format: 'cbs_log', records: 2, notUnderstood: 0 });
  });

  it('a code that the end of the log cuts in two is no code', () => {
    for (let cut = 1; cut < 40; cut++) {
      const codes = told(FAILED.slice(0, -cut)).map(([, code]) => code);
      expect([[], ['0x800f0922']]).toContainEqual(codes);
    }
  });

  it('each package of a session gets its own result; noise between makes none', () => {
    expect(
      told(
        record(`Exec: Processing started.  Client: WindowsUpdateAgent, Session: 1_1, Package: ${LCU}`),
        record('Failed to internally open package. [HRESULT = 0x800f0805 - CBS_E_INVALID_PACKAGE]'),
        record('Expecting attribute name [HRESULT = 0x800f080d - CBS_E_MANIFEST_INVALID_ITEM]'),
        record('SQM: Failed to start upload with file pattern: C:\\x [HRESULT = 0x80004005 - E_FAIL]'),
        complete('0x00000000 - S_OK', LCU, '1_1'),
        record(
          'Setting original failure status: 0x80070057, last forward execute state: CbsExecuteStateResolvePending',
        ),
        complete('0x800f081f - CBS_E_SOURCE_MISSING', KB, '1_1'),
        record('Session: 1_1 finalized. Reboot required: no [HRESULT = 0x800f081f - CBS_E_SOURCE_MISSING]'),
        record('WER: Failed to generate report [HRESULT = 0x80070002 - ERROR_FILE_NOT_FOUND]'),
      ),
    ).toEqual([
      ['succeeded', undefined],
      ['failed', '0x800f081f'],
    ]);
  });

  it('a repair session is no update, whatever it ends with', () => {
    expect(
      told(
        record(
          'Exec: Session processing started.  Client: DISM Package Manager Provider, Session(Corruption Repairing): 3_3',
        ),
        record(
          'Exec: Processing complete, session(Corruption Repairing): 3_3 [HRESULT = 0x800f081f - CBS_E_SOURCE_MISSING]',
        ),
        record('Session: 3_3 finalized. Reboot required: no [HRESULT = 0x800f081f - CBS_E_SOURCE_MISSING]'),
      ),
    ).toEqual([]);
  });

  it.each(['', 'SQM: '])(
    'a start-up tells each package by its own report of change (prefix %j)',
    (prefix) => {
      const log = [
        record('Startup: Processing advanced operation queue, startupPhase: 0'),
        changed(prefix, LCU, '0x800f0922'),
        changed(prefix, KB, '0x0'),
        changed(prefix, KB.replace('for_KB', '1_for_KB').replace('Package_for_1', 'Package_1'), '0x0'),
        record('Startup: Processing complete. [HRESULT = 0x800f0922 - CBS_E_INSTALLERS_FAILED]'),
      ];
      const { reports } = readAll(Buffer.from(log.join('\n')), new CbsLogReader());
      expect(
        reports.map(({ report }) => [report.packageIdentity, report.outcome, report.failureSource]),
      ).toEqual([
        [LCU, 'failed', 'CBS Other'],
        [KB, 'succeeded', undefined],
      ]);
    },
  );

  it('bare messages, as articles print them, are read when no record has a head', () => {
    const marked = KB.replaceAll('~~', '`~~`');
    const bare = [
      `> SQM: Reporting package change completion for package: ${marked}, current: Staged, original: Staged, target: Installed, status: 0x800f0922, failure source: Execute, failure details: "(null)"  `,
      'SQM: execute time performance datapoint is invalid. [HRESULT = 0x80070490 - ERROR_NOT_FOUND]  ',
      `Exec: Processing complete.  Session: 30651968_3203616141, Package: ${marked} [HRESULT = 0x800f0922 - CBS_E_INSTALLERS_FAILED]  `,
      'Failed to perform operation.  [HRESULT = 0x800f0922 - CBS_E_INSTALLERS_FAILED]  ',
    ];
    const { reports, account } = readAll(Buffer.from(bare.join('\n')));
    expect(reports.map(({ report }) => report)).toEqual([
      expect.objectContaining({
        outcome: 'failed',
        hresult: '0x800f0922',
        targetKb: 'KB5034763',
        packageIdentity: KB,
        failureSource: 'Execute',
        occurredAt: null,
        occurredAtText: '(undated)',
      }),
    ]);
    expect(account).toMatchObject({ format: 'cbs_log', records: 3, notUnderstood: 0 });
    // Below a record with a head the same line goes on with that record.
    expect(told(record('Session: 1_1 initialized by client x'), FAILED.slice(43))).toEqual([]);
  });

  it('a report of WER names no package when an article left it out', () => {
    const line =
      '> WER: Generating failure report for package:\\<Failed_Package> status: 0x800f0831, failure source: Execute, start state: Staged, target state: Installed, client id: DISM Package Manager Provider';
    const [found] = readAll(Buffer.from(line)).reports;
    expect(found?.report).toMatchObject({ outcome: 'failed', hresult: '0x800f0831', channel: 'dism' });
    expect(found?.report).not.toHaveProperty('packageIdentity');
  });

  it('a session that downloads says its error before it says whether a restart is needed', () => {
    expect(
      told(
        complete('0x00000000 - S_OK', KB, '1_1'),
        record(
          'Session: 1_1 finalized. Download error: 0x80240438 [Unknown Error], Reboot required: yes [HRESULT = 0x00000000 - S_OK]',
        ),
      ),
    ).toEqual([['pending_reboot', undefined]]);
  });

  it('a rollback that was only prepared for and withdrawn is none', () => {
    const wer = record(
      `WER: Generating failure report for package: ${KB}, status: 0x800736b3, failure source: Execute, start state: Staged, target state: Installed, client id: WindowsUpdateAgent`,
    );
    const prepared = record(
      'Setting ExecuteState key to: CbsExecuteStateInitiateRollback | CbsExecuteStateFlagAdvancedInstallersFailed',
    );
    const withdrawn = record('Setting ExecuteState key to: ExecuteStateNone');
    const ordered = record(
      'Startup: Failed to process advanced operation queue, startupPhase: 0.  A rollback transaction will be created. [HRESULT = 0x800f0922 - CBS_E_INSTALLERS_FAILED]',
    );
    const factsOf = (...lines: string[]) => {
      const [found] = readAll(Buffer.from(lines.join('\n'))).reports;
      return [found?.report.rollback, found?.report.executeStateFlags?.length];
    };
    expect(factsOf(prepared, withdrawn, wer)).toEqual(['unknown', undefined]);
    expect(factsOf(prepared, wer)).toEqual(['initiated', 2]);
    expect(factsOf(ordered, prepared, withdrawn, wer)).toEqual(['initiated', 2]);
  });

  it('a status without a name is its number; the last error of the thread is none', () => {
    const csi = (sequence: string, text: string) =>
      `2024-02-20 09:20:00, Error                 CSI    ${sequence} (F) ${text}`;
    const [found] = readAll(
      Buffer.from(
        [
          csi(
            '00000237',
            ': Error 80092004 [Warning,Facility=FACILITY_NTSSPI,Code=8196 (0x2004)] originated in function X expression: (null)\n[gle=0x80004005]',
          ),
          csi(
            '00000238',
            '80092004 [Warning,Facility=FACILITY_NTSSPI,Code=8196 (0x2004)] #14# from Y[gle=0x90092004]',
          ),
          csi('00000239', 'Something else happened[gle=0x80004005]'),
          complete('0x80092004 - CRYPT_E_NOT_FOUND'),
        ].join('\n'),
      ),
    ).reports;
    expect(found?.report.innerErrors).toEqual([{ code: '0x80092004', kind: 'hresult' }]);
  });
});
