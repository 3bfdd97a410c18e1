import { describe, expect, it } from '@jest/globals';
import type { WindowsEvent } from './windows-event.js';
import { instantOf, readWindowsEvent } from './windows-event.js';

const event = (provider: string, eventId: number, data: Record<string, string>): WindowsEvent => ({
  provider: `Microsoft-Windows-${provider}`,
  eventId,
  channel: provider === 'WindowsUpdateClient' ? 'System' : 'Setup',
  recordId: 7,
  timeCreated: '2024-09-10T08:00:00.123Z',
  computer: 'PC-0042',
  data: new Map(Object.entries(data)),
});
const update = {
  updateTitle: '2024-09 Cumulative Update for Windows 10 Version 1809 for x64-based Systems (KB5043050)',
  updateGuid: '{25ACAE93-40D4-4E62-814C-EFB2F29F1BCA}',
  updateRevisionNumber: '201',
  serviceGuid: '{3DA21691-E39D-4DA6-8A4B-B43877BCB1B7}',
};
const reportOf = (given: WindowsEvent) => {
  const reading = readWindowsEvent(given);
  return reading.kind === 'report' ? reading.report : reading.reason;
};

describe('one Windows event', () => {
  it('failure of the update client: code in hex or decimal, WSUS by its service, key of the event', () => {
    const expected = {
      source: 'windows_update_client',
      deviceName: 'PC-0042',
      targetKb: 'KB5043050',
      updateId: '25acae93-40d4-4e62-814c-efb2f29f1bca',
      updateRevision: 201,
      channel: 'wsus',
      outcome: 'failed',
      hresult: '0x80248007',
      naturalKey: {
        kind: 'event_log',
        channel: 'system',
        recordId: 7,
        timeCreated: '2024-09-10T08:00:00.123Z',
      },
    };
    for (const errorCode of ['0x80248007', '2149875719', '-2145091577']) {
      expect(reportOf(event('WindowsUpdateClient', 20, { ...update, errorCode }))).toMatchObject(expected);
    }
  });

  it('a start is a start, never an outcome', () => {
    const report = reportOf(event('WindowsUpdateClient', 43, update));
    expect(report).toMatchObject({
      outcome: 'unknown',
      startedAt: '2024-09-10T08:00:00.123Z',
      occurredAt: '2024-09-10T08:00:00.123Z',
    });
  });

  it.each([
    ['store_app', { ...update, serviceGuid: '{855E8A7C-ECB4-4CA3-B045-1DFA50104289}' }],
    ['store_app', { ...update, updateTitle: '9WZDNCRFJBH4-Microsoft.Windows.Photos' }],
    ['defender_definition', { ...update, updateTitle: 'Security Intelligence Update (KB2267602)' }],
  ])('sets aside %s', (reason, data) => {
    expect(reportOf(event('WindowsUpdateClient', 20, { ...data, errorCode: '0x80073d02' }))).toBe(reason);
  });

  it('servicing: start, restart needed, reached, failed; removal of a superseded package is no install', () => {
    const states = {
      InitialPackageState: '5000',
      IntendedPackageState: '5112',
      IntendedPackageStateTextized: 'Installed',
      Client: 'WindowsUpdateAgent',
    };
    const servicing = (id: number, more: Record<string, string> = {}) =>
      reportOf(event('Servicing', id, { PackageIdentifier: 'KB5046613', ...states, ...more }));
    expect(servicing(1)).toMatchObject({
      outcome: 'unknown',
      packageStartState: 'Absent',
      packageTargetState: 'Installed',
      targetKb: 'KB5046613',
    });
    expect(servicing(4, { ErrorCode: '0x0' })).toMatchObject({ outcome: 'pending_reboot' });
    expect(servicing(2, { ErrorCode: '0x0' })).toMatchObject({ outcome: 'succeeded', operation: 'install' });
    expect(servicing(3, { ErrorCode: '0x800f0984' })).toMatchObject({
      outcome: 'failed',
      hresult: '0x800f0984',
    });
    expect(servicing(3, { ErrorCode: '0x80070bc2' })).toMatchObject({ outcome: 'pending_reboot' });
    const removed = { outcome: 'succeeded', operation: 'uninstall', packageTargetState: 'Absent' };
    expect(servicing(2, { IntendedPackageState: '5000' })).toMatchObject(removed);
    // The text beside the number is in the language of the machine.
    expect(
      servicing(2, { IntendedPackageState: '5000', IntendedPackageStateTextized: '不存在' }),
    ).toMatchObject(removed);
    expect(servicing(1, { Client: 'AutoCorruptionRepair' })).toBe('repair_session');
    expect(servicing(8)).toBe('feature_change');
    expect(servicing(3, { PackageIdentifier: 'KB777778', ErrorCode: '0x8024402c' })).toMatchObject({
      outcome: 'failed',
      packageIdentity: 'KB777778',
    });
    expect(servicing(3, { PackageIdentifier: 'KB777778', ErrorCode: '0x8024402c' })).not.toHaveProperty(
      'targetKb',
    );
  });

  it('the update client tells of removals by numbers of their own', () => {
    expect(reportOf(event('WindowsUpdateClient', 23, update))).toMatchObject({
      outcome: 'succeeded',
      operation: 'uninstall',
    });
    const failed = reportOf(event('WindowsUpdateClient', 24, { ...update, errorCode: '0x800f0825' }));
    expect(failed).toMatchObject({ outcome: 'failed', operation: 'uninstall', hresult: '0x800f0825' });
  });

  it('a failure that names no update is told, a success that names none is not', () => {
    expect(reportOf(event('Servicing', 3, {}))).toMatchObject({ outcome: 'failed', source: 'servicing' });
    expect(reportOf(event('WindowsUpdateClient', 20, {}))).toMatchObject({ outcome: 'failed' });
    expect(reportOf(event('Servicing', 2, {}))).toBe('no_update_named');
    expect(reportOf(event('WindowsUpdateClient', 19, {}))).toBe('no_update_named');
  });

  it('stand-alone installer: code in decimal, KB from the title', () => {
    const data = {
      UpdateTitle: 'Security Update for Windows (KB5014692)',
      ErrorCode: '2147943792',
      ErrorString: 'The file is corrupted.',
    };
    expect(reportOf(event('WUSA', 3, data))).toMatchObject({
      source: 'wusa',
      targetKb: 'KB5014692',
      outcome: 'failed',
      hresult: '0x80070570',
      channel: 'msu_wusa',
    });
  });

  it('cuts times to milliseconds and takes no time without a zone', () => {
    expect(instantOf('2024-11-14T16:17:33.847995100Z')).toBe('2024-11-14T16:17:33.847Z');
    expect(instantOf('2024-11-14T16:17:33Z')).toBe('2024-11-14T16:17:33.000Z');
    expect(instantOf('2024-11-14 16:17:33')).toBeNull();
  });
});
