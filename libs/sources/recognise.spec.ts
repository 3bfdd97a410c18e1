import { describe, expect, it } from '@jest/globals';
import { EVIDENCE_FIXTURES, fixtureBytes, readAll } from './evidence-fixtures.contract.js';
import { createReader, recogniseFormat } from './recognise.js';

describe('kind of evidence', () => {
  it('is recognised by content', () => {
    expect(EVIDENCE_FIXTURES.map((name) => recogniseFormat(fixtureBytes(name)))).toEqual([
      'cbs_log',
      'cbs_log',
      'cbs_log',
      'windows_update_log',
      'windows_update_log_legacy',
      'event_xml',
      'event_documents',
      'event_viewer_text',
      'package_list',
      'system_info',
      'hotfix_list',
      'report_events',
      'event_table',
      'event_list',
      'wsus_listing',
    ]);
    expect(recogniseFormat(Buffer.from('ElfFile\0rest'))).toBe('evtx');
    expect(
      recogniseFormat(Buffer.from('2019-04-17 10:07:38, Info                  DISM   PID=1 hello\n')),
    ).toBe('dism_log');
    for (const other of ['', 'hello', '{"a":1}', '\u0000\u0000', '<html></html>']) {
      expect(recogniseFormat(Buffer.from(other))).toBe('unknown');
    }
    expect(createReader('unknown')).toBeNull();
  });
});

describe('WindowsUpdate.log and event XML', () => {
  it('decoded: results only, KB joined by update and revision, definitions and Store apps aside', () => {
    const { reports, account } = readAll(fixtureBytes('windows-update-decoded.log'));
    expect(
      reports.map(({ line, report }) => [
        line,
        report.outcome,
        report.targetKb,
        report.hresult,
        report.reportedHresult,
      ]),
    ).toEqual([
      [4, 'failed', 'KB5034441', '0x800f0828', '0x80070643'],
      [5, 'pending_reboot', 'KB5036979', '0x80242014', undefined],
      [9, 'failed', undefined, '0x80070643', undefined],
    ]);
    expect(reports[0]?.report).toMatchObject({
      occurredAt: null,
      occurredAtText: '2024/05/02 14:44:13.1000000',
      timeSource: 'unknown',
      updateRevision: 200,
    });
    expect(reports[2]?.report).not.toHaveProperty('innerErrors');
    expect(account.setAside).toEqual({ routine: 4, store_app: 1, defender_definition: 1 });
  });

  it('legacy: rows with their own zone, scans aside', () => {
    const { reports, account } = readAll(fixtureBytes('windows-update-legacy.log'));
    expect(
      reports.map(({ report }) => [report.outcome, report.targetKb, report.occurredAt, report.utcOffset]),
    ).toEqual([
      ['failed', 'KB4462923', '2018-11-12T06:42:17.718Z', '+02:00'],
      ['succeeded', 'KB4459934', '2018-11-12T06:44:17.718Z', '+02:00'],
    ]);
    expect(reports[0]?.report.naturalKey).toEqual({
      kind: 'report_event',
      eventInstanceId: 'abfdd395-0000-4000-8000-000000000001',
    });
    expect(account).toMatchObject({ records: 6, understood: 2, setAside: { scan: 1, routine: 2, blank: 1 } });
    expect(account.offsets[0]?.utcOffset).toBe('+03:00');
  });

  it('event XML without a root, on one line, in any pieces and encodings', () => {
    const bytes = fixtureBytes('wevtutil-events.xml');
    const expected = readAll(bytes);
    expect(
      expected.reports.map(({ recordId, report }) => [recordId, report.outcome, report.occurredAt]),
    ).toEqual([
      [101, 'unknown', '2024-09-10T08:00:00.123Z'],
      [102, 'failed', '2024-09-10T08:10:00.999Z'],
      [103, 'succeeded', '2024-09-11T08:10:00.000Z'],
      [11, 'failed', '2024-09-10T08:09:59.500Z'],
    ]);
    expect(expected.reports[1]?.report.updateTitle).toBe('2024-09 & later: Cumulative Update (KB5043050)');
    expect(readAll(bytes, createReader('event_xml'), 3)).toEqual(expected);
    const wide = Buffer.from(`\ufeff<Events>${bytes.toString('utf8')}</Events>`, 'utf16le');
    expect(readAll(wide)).toEqual(expected);
  });

  it('event XML: an event that is cut costs only itself', () => {
    const text = fixtureBytes('wevtutil-events.xml').toString('utf8');
    const cut = text.indexOf('updateRevisionNumber');
    const end = text.indexOf('</Event>');
    const { reports, account } = readAll(Buffer.from(text.slice(0, cut) + text.slice(end + 8)));
    expect(reports.map(({ recordId }) => recordId)).toEqual([102, 103, 11]);
    expect(account).toMatchObject({ records: 4, notUnderstood: 1 });
  });
});
