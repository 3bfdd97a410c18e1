import { describe, expect, it } from '@jest/globals';
import { attemptReportSchema } from '#domain/attempt-event.js';
import { readAll } from '../evidence-fixtures.contract.js';

const row = (event: string, code: string, message: string, instance = '1') =>
  `{ABFDD395-0000-4000-8000-00000000000${instance}}\t2024-01-12 08:42:17:718+0800\t1\t${event}\t101\t{7D2C1A3B-0000-4000-8000-1234567890AB}\t200\t${code}\tUpdateOrchestrator\tFailure\tContent Install\t${message}`;
const TITLE = '2024-01 Security "Update" for Windows 10 (KB5034441)';
const FAILED = row(
  '182 [AGENT_INSTALLING_FAILED]',
  '80070643',
  `Installation Failure: Windows failed to install the following update with error 0x80070643: ${TITLE}.`,
);

describe('ReportingEvents.log', () => {
  it('in UTF-16 or not: installs are told with their own zone, scans and Store apps set aside', () => {
    const text = [
      FAILED,
      row(
        '147 [AGENT_DETECTION_FINISHED]',
        '0',
        'Windows Update Client successfully detected 2 updates.',
        '2',
      ),
      row(
        '183 [AGENT_INSTALLING_SUCCEEDED]',
        '0',
        'Installation erfolgreich: Die Installation des folgenden Updates ist abgeschlossen: Sicherheitsupdate (KB5034763)',
        '3',
      ),
      row(
        '182 [AGENT_INSTALLING_FAILED]',
        '80073d02',
        'Installationsfehler: Die Installation des folgenden Updates ist mit Fehler 0x80073D02 fehlgeschlagen: 9NBLGGH4NNS1-Microsoft.DesktopAppInstaller.',
        '4',
      ),
      '',
      'something else',
    ].join('\r\n');
    for (const bytes of [Buffer.from(text), Buffer.from(`\ufeff${text}`, 'utf16le')]) {
      const { reports, account } = readAll(bytes);
      expect(reports.map(({ line, report }) => [line, report])).toEqual([
        [
          1,
          expect.objectContaining({
            source: 'windows_update_log',
            naturalKey: { kind: 'report_event', eventInstanceId: 'abfdd395-0000-4000-8000-000000000001' },
            targetKb: 'KB5034441',
            updateTitle: TITLE,
            outcome: 'failed',
            hresult: '0x80070643',
            occurredAt: '2024-01-12T00:42:17.718Z',
            utcOffset: '+08:00',
            timeSource: 'offset_in_log',
          }),
        ],
        [3, expect.objectContaining({ outcome: 'succeeded', updateTitle: 'Sicherheitsupdate (KB5034763)' })],
      ]);
      expect(account).toMatchObject({
        format: 'reporting_events',
        records: 6,
        understood: 2,
        setAside: { scan: 1, store_app: 1, blank: 1 },
        notUnderstood: 1,
        from: '2024-01-12T00:42:17.718Z',
      });
      for (const { report } of reports)
        expect(attemptReportSchema.safeParse({ deviceKey: 'pc-1', ...report }).error?.issues).toBeUndefined();
    }
  });

  it('is the same report as the line of the legacy log: the two count once', () => {
    const legacy = `2024-01-12\t08:43:00:000\t 532\t9e4\tReport\tREPORT EVENT: ${FAILED.replace(' [AGENT_INSTALLING_FAILED]', '')}`;
    const [one, other] = [FAILED, legacy].map((text) => {
      const [found] = readAll(Buffer.from(text)).reports;
      return { ...found?.report, excerpt: [] };
    });
    expect(one).toEqual(other);
    expect(one).toMatchObject({ outcome: 'failed' });
  });

  it.each([
    [
      'Installationsfehler: Die Installation des folgenden Updates ist mit Fehler 0x80070643 fehlgeschlagen: ',
      '.',
    ],
    [
      'Échec de l’installation : Windows n’a pas pu installer la mise à jour suivante avec l’erreur 0x80070643 : ',
      '.',
    ],
    ['安装失败: Windows 安装下列更新失败，错误为 0x80070643: ', '。'],
    ['インストールの失敗: エラー 0x80070643 で次の更新プログラムのインストールに失敗しました: ', '。'],
    ['Ошибка установки: не удается установить следующее обновление из-за ошибки 0x80070643: ', '.'],
    [
      'Error de instalación: Windows no pudo instalar la siguiente actualización con el error 0x80070643: ',
      '.',
    ],
  ])('the title behind %j; what follows in a further column is no part of it', (sentence, end) => {
    const text = row('182', '80070643', `${sentence}${TITLE}${end}\taS8pKHUwl0i6mrKJ.1.2.3.0`);
    const [found] = readAll(Buffer.from(text)).reports;
    expect(found?.report).toMatchObject({ outcome: 'failed', updateTitle: TITLE, targetKb: 'KB5034441' });
  });
});
