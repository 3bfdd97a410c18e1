import { describe, expect, it } from '@jest/globals';
import { readAll } from '../evidence-fixtures.contract.js';

const UPDATE = '{7D2C1A3B-0000-4000-8000-1234567890AB}';
const columns = (
  hresult: string,
  event = '195',
  message = 'Installation Failure: … following update with error 0x80242016: Rollup (KB4462923).',
) =>
  [
    '2018-11-12',
    '08:42:19:866',
    ' 532',
    ' 9e4',
    'Report',
    'REPORT EVENT: {ABFDD395-0000-4000-8000-000000000001}',
    '2018-11-12 08:42:17:718+0200',
    '1',
    event,
    '101',
    UPDATE,
    '200',
    hresult,
    'AutomaticUpdates',
    'Failure',
    'Content Install',
    message,
  ] as const;
const reportsOf = (text: string | Buffer) =>
  readAll(Buffer.from(text as string)).reports.map(({ report }) => report);

describe('forms of the legacy WindowsUpdate.log', () => {
  const expected = {
    source: 'windows_update_log',
    targetKb: 'KB4462923',
    updateRevision: 200,
    outcome: 'failed',
    hresult: '0x80242016',
    occurredAt: '2018-11-12T06:42:17.718Z',
    utcOffset: '+02:00',
  };

  it.each(['80242016', '0x80242016', '80242016 '])('codes with and without 0x: %j', (code) => {
    expect(reportsOf(columns(code).join('\t'))).toEqual([expect.objectContaining(expected)]);
  });

  it('a pasted copy has blanks for tabs', () => {
    for (const gap of [' ', '    ']) {
      const text = `2018-11-12${gap}08:42:18:000${gap}532${gap}9e4${gap}Agent${gap}*************\n${columns('80242016').join(gap)}`;
      expect(reportsOf(text)).toEqual([expect.objectContaining(expected)]);
      expect(readAll(Buffer.from(text)).account).toMatchObject({
        format: 'windows_update_log_legacy',
        records: 2,
        notUnderstood: 0,
        from: '2018-11-12T08:42:18',
        to: '2018-11-12T08:42:19',
      });
    }
  });

  it('the same in UTF-16 and with any line ends', () => {
    const text = `${columns('80242016').join('\t')}\r\n`;
    expect(reportsOf(Buffer.from(`\ufeff${text}`, 'utf16le'))).toEqual(reportsOf(text));
    expect(reportsOf(text.replace('\r\n', '\n'))).toEqual(reportsOf(text));
  });

  it.each([
    ['161', 'failed'],
    ['182', 'failed'],
    ['195', 'failed'],
    ['198', 'failed'],
    ['200', 'failed'],
    ['183', 'succeeded'],
    ['190', 'succeeded'],
    ['197', 'succeeded'],
    ['184', 'pending_reboot'],
    ['191', 'pending_reboot'],
    ['199', 'pending_reboot'],
    ['163', 'cancelled'],
    ['186', 'cancelled'],
    ['167', 'unknown'],
    ['181', 'unknown'],
  ])('event %s is %s, whatever its status column says', (event, outcome) => {
    expect(reportsOf(columns('0', event).join('\t')).map((report) => report.outcome)).toEqual([outcome]);
  });

  it.each(['147', '148', '149', '156', '162', '188', '194', '202', '999'])(
    'event %s is no result',
    (event) => {
      expect(reportsOf(columns('80072ee2', event).join('\t'))).toEqual([]);
    },
  );

  it('a failed definition update is set aside', () => {
    const message =
      'Installation Failure: … following update with error 0x80070643: Definition Update - KB2267602 (1.1).';
    expect(reportsOf(columns('80070643', '195', message).join('\t'))).toEqual([]);
  });

  it('a row that a console cut at its edge, inside of ids and with columns run together, is one row', () => {
    const wide = columns('80242016').join('    ').replace('195    101    {', '195101{');
    const cut = wide.replace(/(.{80})/g, '$1\r\n');
    const { reports, account } = readAll(Buffer.from(`${cut}\r\n\r\nnothing of it\r\n`));
    expect(reports.map(({ line, report }) => [line, report])).toEqual([
      [1, expect.objectContaining({ ...expected, updateId: UPDATE.slice(1, -1).toLowerCase() })],
    ]);
    expect(account).toMatchObject({ reports: 1, setAside: { blank: 1 }, notUnderstood: 1 });
    expect(account.records).toBe(cut.split('\r\n').length + 2);
  });

  describe('what the handler of CBS packages says', () => {
    const line = (clock: string, text: string) => `2016-10-19\t14:24:${clock}\t8904\t1834\tHandler\t${text}`;
    const package_ = line(
      '01:000',
      'CBS package identity: Package_for_KB4462923~31bf3856ad364e35~amd64~~6.1.1.1',
    );
    const completed = (restart: number, code: string) =>
      line(
        '02:653',
        `FATAL: Completed install of CBS update with type=0, requiresReboot=${restart}, installerError=1, hr=${code}`,
      );

    it.each([
      [0, '0x800736b3', 'failed', '0x800736b3'],
      [0, '0x0', 'succeeded', undefined],
      [1, '0x0', 'pending_reboot', undefined],
    ])('restart %i, %s is %s where no row tells it', (restart, code, outcome, hresult) => {
      const { reports, account } = readAll(Buffer.from(`${package_}\n${completed(restart, code)}\n`));
      expect(reports.map(({ report }) => [report.outcome, report.hresult, report.targetKb])).toEqual([
        [outcome, hresult, 'KB4462923'],
      ]);
      expect(reports[0]?.report).toMatchObject({
        occurredAt: null,
        occurredAtText: '2016-10-19 14:24:02:653',
        packageIdentity: 'Package_for_KB4462923~31bf3856ad364e35~amd64~~6.1.1.1',
      });
      expect(account).toMatchObject({ records: 2, understood: 1, setAside: { routine: 1 } });
    });

    it('a row that tells the result is better', () => {
      const text = [package_, completed(0, '0x80242016'), columns('80242016').join('\t')].join('\n');
      expect(reportsOf(text)).toEqual([expect.objectContaining(expected)]);
    });
  });

  it.each(['   ', '> ', '- '])('lines of a page, with %j before each', (marks) => {
    const { reports, account } = readAll(
      Buffer.from(
        `${marks}2018-11-12 08:42:18:000 532 9e4 Agent x\n${marks}${columns('80242016').join(' ')}`,
      ),
    );
    expect(reports.map(({ report }) => report)).toEqual([expect.objectContaining(expected)]);
    expect(account).toMatchObject({ format: 'windows_update_log_legacy', records: 2, notUnderstood: 0 });
  });
});
