import { describe, expect, it } from '@jest/globals';
import { inventoryReportSchema } from '#domain/attempt-event.js';
import { readAll } from '../evidence-fixtures.contract.js';

function read(text: string) {
  const { inventories = [], account, reports } = readAll(Buffer.from(text));
  expect(reports).toEqual([]);
  expect(account.notUnderstood).toBe(0);
  for (const { inventory } of inventories) {
    const whole = { deviceName: 'PC-1', ...inventory, takenAt: '2024-01-01T00:00:00.000Z' };
    expect(inventoryReportSchema.safeParse(whole).error?.issues).toBeUndefined();
  }
  return { account, told: inventories.map(({ inventory }) => inventory) };
}

const ROLLUP = 'Package_for_RollupFix~31bf3856ad364e35~amd64~~17763.3165.1.5';
const OLDER = 'Package_for_RollupFix~31bf3856ad364e35~amd64~~17763.3046.1.3';
const FIX = 'Package_for_KB4486153~31bf3856ad364e35~amd64~~10.0.3.0';

describe('dism /Get-Packages', () => {
  const packages = [
    { identity: ROLLUP, state: 'Installed', releaseType: 'Security Update' },
    { identity: OLDER, state: 'Superseded', releaseType: 'Security Update' },
    { identity: FIX, kb: 'KB4486153', state: 'Install Pending', releaseType: 'Update' },
  ];

  it('in English', () => {
    const blocks = packages.map(
      ({ identity, state, releaseType }) =>
        `Package Identity : ${identity}\r\nState : ${state}\r\nRelease Type : ${releaseType}\r\nInstall Time : 7/14/2022 9:31 AM\r\n`,
    );
    const text = [
      '',
      'Deployment Image Servicing and Management tool',
      'Version: 10.0.17763.1',
      '',
      'Image Version: 10.0.17763.1',
      '',
      'Packages listing:',
      '',
      ...blocks,
      'The operation completed successfully.',
      '',
    ].join('\r\n');
    expect(read(text).told).toEqual([
      { eventType: 'patch.device_inventory', osBuild: '17763.3165', osVersion: '10.0.17763.1', packages },
    ]);
  });

  it('in Chinese', () => {
    const zh = ['已安装', '已取代', '安装挂起'];
    const blocks = packages.map(
      ({ identity, releaseType }, at) =>
        `程序包标识 : ${identity}\r\n状态 : ${zh[at] ?? ''}\r\n发布类型 : ${releaseType}\r\n安装时间 : 2022/7/14 9:31\r\n`,
    );
    const text = [
      '部署映像服务和管理工具',
      '版本: 10.0.17763.1',
      '',
      '映像版本: 10.0.17763.1',
      '',
      '程序包列表:',
      '',
      ...blocks,
      '操作成功完成。',
    ].join('\r\n');
    expect(read(text).told[0]?.packages).toEqual(packages);
  });

  it('as a table', () => {
    const rows = packages.map(
      ({ identity, state, releaseType }) => `${identity} | ${state} | ${releaseType} | 7/14/2022 9:31 AM`,
    );
    const head = 'Package Identity | State | Release Type | Install Time';
    expect(read([head, '------- | --- | --- | ---', ...rows].join('\r\n')).told[0]?.packages).toEqual(
      packages,
    );
  });
});

describe('systeminfo', () => {
  it('in English and Chinese; addresses and network cards are no hotfixes', () => {
    const english = `
Host Name:                 PC-0042
OS Name:                   Microsoft Windows 10 Enterprise LTSC
OS Version:                10.0.17763 N/A Build 17763
Original Install Date:     3/4/2020, 9:00:00 AM
System Manufacturer:       Contoso
System Model:              CX-1
System Type:               x64-based PC
Processor(s):              1 Processor(s) Installed.
                           [01]: Intel64 Family 6
Time Zone:                 (UTC+08:00) Beijing
Hotfix(s):                 2 Hotfix(s) Installed.
                           [01]: KB5015731
                           [02]: KB4470788
Network Card(s):           1 NIC(s) Installed.
                           [01]: KB9999999 Adapter
                                 Connection Name: Ethernet
`;
    const chinese = `
主机名:           PC-0042
OS 名称:          Microsoft Windows 10 Enterprise LTSC
OS 版本:          10.0.17763 暂缺 Build 17763
系统制造商:       Contoso
系统型号:         CX-1
系统类型:         x64-based PC
时区:             (UTC+08:00) Beijing
修补程序:         安装了 2 个修补程序。
                  [01]: KB5015731
                  [02]: KB4470788
网卡:             安装了 1 个 NIC。
                  [01]: KB9999999 Adapter
`;
    const expected = {
      eventType: 'patch.device_inventory',
      deviceName: 'PC-0042',
      osName: 'Microsoft Windows 10 Enterprise LTSC',
      osVersion: '10.0.17763',
      osBuild: '17763',
      manufacturer: 'Contoso',
      model: 'CX-1',
      osArchitecture: 'x64-based PC',
      timeZone: '(UTC+08:00) Beijing',
      packages: ['KB5015731', 'KB4470788'].map((kb) => ({ identity: kb, kb, state: 'Installed' })),
    };
    expect(read(english).told).toEqual([expected]);
    expect(read(chinese.replaceAll('\n', '\r\n')).told).toEqual([expected]);
  });
});

describe('export of Win32_QuickFixEngineering', () => {
  it('one inventory a computer; quotes, blank lines, PowerShell’s type line, other separators', () => {
    const text = [
      '#TYPE Selected.System.Management.ManagementObject',
      '"PSComputerName","__PATH","Description","InstalledOn","HotFixID"',
      '',
      String.raw`"PC-1","\\x:HotFixID=""KB5013641"",a","Update","8/6/2022","KB5013641"`,
      '"PC-2","x","Security Update","8/6/2022","KB5016623"',
      '"PC-1","x","Update","8/6/2022","KB5016623"',
      '"PC-1","x","Update","8/6/2022","File 1"',
      '"XXXXXX","x","Update","8/6/2022","KB5015896"',
    ].join('\r\n');
    const { told, account } = read(text);
    const packages = (...kbs: string[]) => kbs.map((kb) => ({ identity: kb, kb, state: 'Installed' }));
    expect(told).toEqual([
      {
        eventType: 'patch.device_inventory',
        deviceName: 'PC-1',
        packages: packages('KB5013641', 'KB5016623'),
      },
      { eventType: 'patch.device_inventory', deviceName: 'PC-2', packages: packages('KB5016623') },
      { eventType: 'patch.device_inventory', packages: packages('KB5015896') },
    ]);
    expect(account).toMatchObject({
      records: 8,
      understood: 4,
      setAside: { blank: 2, routine: 1, no_update_named: 1 },
    });
    const wmic = 'Node;Caption;CSName;HotFixID\r\nPC-3;http://x;PC-3;KB5013641\r\n';
    expect(read(wmic).told).toEqual([
      { eventType: 'patch.device_inventory', deviceName: 'PC-3', packages: packages('KB5013641') },
    ]);
  });
});
