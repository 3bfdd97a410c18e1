import { describe, expect, it } from '@jest/globals';
import { attemptReportSchema } from '#domain/attempt-event.js';
import { readAll } from '../evidence-fixtures.contract.js';
import { readReportEventBatch } from './report-event-batch.js';
import { cursorBehind, gapBefore, heldTo, roundStart } from './susdb-cursor.js';
import { SUSDB_QUERIES } from './susdb-queries.js';
import { reportOfSusdbEvent, reportOfSusdbState, susdbEventOf } from './susdb-rows.js';
import type { SusdbEvent } from './susdb-rows.js';

const INSTANCE = '{ABFDD395-0000-4000-8000-000000000001}';
const UPDATE = '7d0b35dc-1111-4111-8111-111111111111';
const CLIENT_ID = '11112222-3333-4444-5555-666677778888';
const failed = {
  naturalKey: { kind: 'report_event', eventInstanceId: INSTANCE.slice(1, -1).toLowerCase() },
  targetKb: 'KB4462923',
  updateId: UPDATE,
  updateRevision: 200,
  outcome: 'failed',
  hresult: '0x80242016',
  occurredAt: '2018-11-12T06:42:17.718Z',
};
const message =
  'Installation Failure: Windows failed to install the following update with error 0x80242016: Rollup (KB4462923).';

describe('tables of REPORT EVENT rows', () => {
  it('rows of a client’s log, with tabs and a zone of their own', () => {
    const head =
      'loggedAt\teventInstanceId\ttimeAtTarget\tnamespaceId\teventId\tsourceId\tupdateId\trevisionNumber\twin32HResultHex\tappName\tstatus\tcategory\tmessage';
    const row = `x\t${INSTANCE}\t2018-11-12 08:42:17:718+0200\t1\t195\t101\t{${UPDATE}}\t200\t80242016\tAutomaticUpdates\tFailure\tContent Install\t${message}`;
    const scan = row.replace('\t195\t', '\t148\t');
    const { reports, account } = readAll(Buffer.from([head, row, scan, 'broken'].join('\n')));
    expect(reports.map(({ line, report }) => [line, report])).toEqual([
      [2, expect.objectContaining({ ...failed, source: 'windows_update_log', timeSource: 'offset_in_log' })],
    ]);
    expect(account).toMatchObject({
      format: 'report_events',
      records: 4,
      understood: 1,
      setAside: { routine: 1, scan: 1 },
      notUnderstood: 1,
    });
  });

  it('an export of the server’s event table names the computer; signed codes; a time without a zone stays text', () => {
    const head =
      '"EventInstanceID","ComputerID","ComputerName","TimeAtTarget","EventNamespaceID","EventID","UpdateID","RevisionNumber","Win32HResult","ReplacementStrings"';
    const row = (time: string, event = '182') =>
      `"${INSTANCE}","${CLIENT_ID}","PC-1.bank.example","${time}","1","${event}","${UPDATE}","200","-2145116138","Rollup (KB4462923)"`;
    const { reports, account } = readAll(
      Buffer.from(
        [
          head,
          row('2018-11-12T06:42:17.718Z'),
          row('11/12/2018 8:42'),
          row('x').replace(',"1",', ',"2",'),
        ].join('\r\n'),
      ),
    );
    expect(reports[0]?.report).toMatchObject({
      ...failed,
      source: 'wsus',
      deviceName: 'PC-1.bank.example',
      deviceAliases: [{ kind: 'wsus_computer', value: CLIENT_ID }],
    });
    expect(reports[1]?.report).toMatchObject({
      outcome: 'failed',
      occurredAt: null,
      occurredAtText: '11/12/2018 8:42',
      timeSource: 'unknown',
    });
    expect(account).toMatchObject({ records: 4, notUnderstood: 1 });
    for (const { report } of reports)
      expect(attemptReportSchema.safeParse(report).error?.issues).toBeUndefined();
  });
});

describe('exports of the WSUS cmdlets', () => {
  it('the event history names its events and no update id: the message names the update', () => {
    const head =
      '"UpdateServer","ComputerId","CreationDate","ErrorCode","Id","IsError","Message","Status","UpdateId","WsusEventId","WsusEventSource"';
    const row = (event: string, code: string, text: string) =>
      `"x","${CLIENT_ID}","2/1/2026 4:12:07 AM","${code}","${INSTANCE}","True","${text}","Failed","Microsoft.UpdateServices.Administration.UpdateRevisionId","${event}","Client"`;
    const { reports, account } = readAll(
      Buffer.from(
        [
          '#TYPE Microsoft.UpdateServices.Internal.BaseApi.UpdateEvent',
          head,
          row('ClientInstallationFailed', '-2147023293', message.replace('80242016', '80070643')),
          row(
            'ClientInstallationSucceeded',
            '0',
            'Installation Successful: … following update: Rollup (KB4462923).',
          ),
          row('ClientDetectionFailed', '-2147012894', 'Error: Agent failed detecting'),
          row('ClientSelfUpdateFailed', '-2147012894', 'x'),
          row('ClientInstallationFailed', '-2147012894', 'names nothing'),
        ].join('\r\n'),
      ),
    );
    expect(reports.map(({ report }) => report)).toEqual([
      expect.objectContaining({
        source: 'wsus',
        outcome: 'failed',
        hresult: '0x80070643',
        targetKb: 'KB4462923',
        deviceAliases: [{ kind: 'wsus_computer', value: CLIENT_ID }],
        occurredAtText: '2/1/2026 4:12:07 AM',
      }),
      expect.objectContaining({ outcome: 'succeeded', targetKb: 'KB4462923' }),
    ]);
    expect(account).toMatchObject({
      format: 'report_events',
      records: 7,
      understood: 2,
      setAside: { blank: 1, routine: 1, scan: 1, notice: 1, no_update_named: 1 },
      notUnderstood: 0,
    });
    for (const { report } of reports)
      expect(attemptReportSchema.safeParse(report).error?.issues).toBeUndefined();
  });

  it.each([
    [
      'Get-WsusUpdate',
      '"Update","Classification","InstalledOrNotApplicablePercentage","Approved","ComputersWithErrors","ComputersNeedingThisUpdate","UpdateId"',
      `"Microsoft.UpdateServices.Internal.BaseApi.Update","Security Updates","97","Install","3","12","${UPDATE}"`,
    ],
    [
      'Get-WsusComputer',
      'FullDomainName;RequestedTargetGroupName;IPAddress;LastSyncTime;LastReportedStatusTime',
      'pc-1.bank.example;Branches;10.0.0.1;01.02.2026 04:12;01.02.2026 04:13',
    ],
    [
      'the state of updates on computers',
      '"UpdateServer","ComputerTargetId","UpdateId","UpdateInstallationState","UpdateApprovalAction"',
      `"x","${CLIENT_ID}","${UPDATE}","Failed","Install"`,
    ],
  ])('%s says what is, not what was tried: every row is counted and set aside', (_, head, row) => {
    const { reports, account } = readAll(Buffer.from(['#TYPE x', head, row, row, '"cut'].join('\r\n')));
    expect(reports).toEqual([]);
    expect(account).toMatchObject({
      format: 'wsus_listing',
      records: 5,
      understood: 0,
      setAside: { blank: 1, routine: 1, state_without_attempt: 2 },
      notUnderstood: 1,
      reports: 0,
    });
  });
});

describe('rows of SUSDB', () => {
  const row: SusdbEvent = {
    eventInstanceId: INSTANCE.slice(1, -1),
    namespaceId: 1,
    eventId: 182,
    computerId: CLIENT_ID,
    computerName: 'PC-1.bank.example',
    updateId: UPDATE.toUpperCase(),
    revision: 200,
    timeAtTarget: new Date('2018-11-12T06:42:17.718Z'),
    timeAtServer: new Date('2018-11-12T07:00:00.000Z'),
    win32HResult: -2145116138,
    title: 'Rollup',
    knowledgeBaseArticle: '4462923',
  };
  const at = (time: string): SusdbEvent => ({ ...row, timeAtServer: new Date(time) });

  it('tell the same event as the client’s own log does', () => {
    const report = reportOfSusdbEvent(row);
    expect(report).toMatchObject({
      ...failed,
      source: 'wsus',
      channel: 'wsus',
      updateTitle: 'Rollup',
      deviceName: 'PC-1.bank.example',
    });
    expect(attemptReportSchema.safeParse(report).error?.issues).toBeUndefined();
    expect(reportOfSusdbEvent({ ...row, eventId: 148 })).toBe('scan');
    expect(reportOfSusdbEvent({ ...row, namespaceId: 2, eventId: 381 })).toBeNull();
    expect(reportOfSusdbEvent({ ...row, knowledgeBaseArticle: '2267602' })).toBe('defender_definition');
    expect(reportOfSusdbEvent({ ...row, eventId: 183, win32HResult: 0 })).not.toHaveProperty('hresult');
  });

  it('summary states have no time and no code; states before an attempt tell nothing', () => {
    const state = {
      computerId: CLIENT_ID,
      computerName: null,
      updateId: UPDATE,
      title: 'Rollup',
      knowledgeBaseArticle: 'KB4462923',
    };
    const outcomes = [0, 1, 2, 3, 4, 5, 6, 99].map(
      (value) => reportOfSusdbState({ ...state, state: value })?.outcome,
    );
    expect(outcomes).toEqual([
      undefined,
      'not_applicable',
      undefined,
      undefined,
      'succeeded',
      'failed',
      'pending_reboot',
      undefined,
    ]);
    const report = reportOfSusdbState({ ...state, state: 5 });
    expect(report).toMatchObject({ occurredAt: null, timeSource: 'unknown', targetKb: 'KB4462923' });
    expect(attemptReportSchema.safeParse(report).error?.issues).toBeUndefined();
  });

  it('the cursor never goes back within a round; a round begins a little before it', () => {
    const start = { timeAtServer: null };
    expect(roundStart(start)).toEqual(new Date(0));
    expect(cursorBehind(start, [])).toEqual(start);
    const first = cursorBehind(start, [at('2018-11-12T07:00:00Z'), at('2018-11-12T06:59:00Z')]);
    expect(first).toEqual({ timeAtServer: '2018-11-12T07:00:00.000Z' });
    expect(roundStart(first)).toEqual(new Date('2018-11-12T06:55:00Z'));
    expect(cursorBehind(first, [at('2018-11-12T06:58:00Z')])).toEqual(first);
  });

  it('names what the server deleted unread, and follows a table that was put back', () => {
    const cursor = { timeAtServer: '2018-11-12T07:00:00.000Z' };
    const extent = (oldest: string | null, newest: string | null) => ({
      oldest: oldest === null ? null : new Date(oldest),
      newest: newest === null ? null : new Date(newest),
    });
    expect(gapBefore(cursor, extent('2018-11-20T00:00:00Z', '2018-12-01T00:00:00Z'))).toEqual({
      from: '2018-11-12T07:00:00.000Z',
      to: '2018-11-20T00:00:00.000Z',
    });
    expect(gapBefore(cursor, extent('2018-11-12T07:30:00Z', '2018-12-01T00:00:00Z'))).toBeNull();
    expect(gapBefore(cursor, extent(null, null))).toBeNull();
    expect(gapBefore({ timeAtServer: null }, extent('2018-11-20T00:00:00Z', null))).toBeNull();
    expect(heldTo(cursor, extent('2018-11-01T00:00:00Z', '2018-11-10T00:00:00Z'))).toEqual({
      timeAtServer: '2018-11-10T00:00:00.000Z',
    });
    expect(heldTo(cursor, extent('2018-11-01T00:00:00Z', '2018-11-13T00:00:00Z'))).toBe(cursor);
    expect(heldTo(cursor, extent(null, null))).toBe(cursor);
  });

  it('a row with a column missing or of another type is none', () => {
    expect(susdbEventOf(row)).toEqual(row);
    expect(susdbEventOf({ ...row, timeAtTarget: null })).toBeNull();
    expect(susdbEventOf({ ...row, win32HResult: '0' })).toBeNull();
    expect(susdbEventOf({ ...row, timeAtServer: new Date(Number.NaN) })).toBeNull();
  });

  it('the query selects each column that the mapping reads', () => {
    for (const column of Object.keys(row)) expect(SUSDB_QUERIES.events).toContain(` AS ${column}`);
    expect(SUSDB_QUERIES.states).toContain(' AS state');
    expect(SUSDB_QUERIES.extent).toContain(' AS oldest');
    expect(SUSDB_QUERIES.extent).toContain(' AS newest');
  });
});

describe('ReportEventBatch', () => {
  const event = (
    fields: string,
  ) => `<ReportingEvent><BasicData><TargetID><Sid>${CLIENT_ID}</Sid></TargetID><SequenceNumber>1</SequenceNumber>
    <TimeAtTarget>2018-11-12T06:42:17.718</TimeAtTarget><EventInstanceID>${INSTANCE}</EventInstanceID><NamespaceID>1</NamespaceID>
    <SourceID>101</SourceID><UpdateID><UpdateID>${UPDATE}</UpdateID><RevisionNumber>200</RevisionNumber></UpdateID>${fields}</BasicData>
    <ExtendedData><ReplacementStrings><string>0x80242016</string><string>Rollup (KB4462923)</string></ReplacementStrings>
    <OSVersion><Major>10</Major><Build>17763</Build></OSVersion><ComputerModel>CX-1</ComputerModel></ExtendedData>
    <PrivateData><ComputerDnsName>pc-1.bank.example</ComputerDnsName><UserAccountName /></PrivateData></ReportingEvent>`;
  const envelope = (...events: string[]) =>
    `<?xml version="1.0"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><ReportEventBatch xmlns="http://www.microsoft.com/SoftwareDistribution"><cookie/><clientTime>2018-11-12T06:43:00Z</clientTime><eventBatch>${events.join('')}</eventBatch></ReportEventBatch></soap:Body></soap:Envelope>`;

  it('gives the reports of a client’s batch', () => {
    const batch = readReportEventBatch(
      envelope(
        event('<EventID>182</EventID><Win32HResult>-2145116138</Win32HResult>'),
        event('<EventID>147</EventID><Win32HResult>0</Win32HResult>'),
        '<ReportingEvent><BasicData/></ReportingEvent>',
      ),
    );
    expect(batch).toMatchObject({ setAside: { scan: 1 }, notUnderstood: 1 });
    expect(batch?.reports).toEqual([
      expect.objectContaining({
        ...failed,
        source: 'wsus',
        deviceName: 'pc-1.bank.example',
        osBuild: '17763',
        model: 'CX-1',
      }),
    ]);
    expect(attemptReportSchema.safeParse(batch?.reports[0]).error?.issues).toBeUndefined();
  });

  it('refuses what is no such request, also XML that would expand entities', () => {
    expect(readReportEventBatch('<a/>')).toBeNull();
    expect(readReportEventBatch('no xml')).toBeNull();
    expect(readReportEventBatch(`<!DOCTYPE x [<!ENTITY a "b">]>${envelope()}`)).toBeNull();
    expect(readReportEventBatch(envelope().slice(0, -5))).toBeNull();
    expect(readReportEventBatch(`${'<a>'.repeat(100)}${'</a>'.repeat(100)}`)).toBeNull();
  });
});
