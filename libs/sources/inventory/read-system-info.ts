import { detach, LineSplitter } from '../line-splitter.js';
import { AccountKeeper } from '../reading-account.js';
import type { FoundReport, ReadingEnd, SourceReader, UndatedInventory } from '../source-reader.js';
import { isBlankedOut } from './inventory-words.js';

type Field = 'deviceName' | 'osName' | 'osVersion' | 'manufacturer' | 'model' | 'osArchitecture' | 'timeZone';

const LABELS: Readonly<Record<string, Field | 'hotfixes'>> = {
  'host name': 'deviceName',
  主机名: 'deviceName',
  'os name': 'osName',
  'os 名称': 'osName',
  'os version': 'osVersion',
  'os 版本': 'osVersion',
  'system manufacturer': 'manufacturer',
  系统制造商: 'manufacturer',
  'system model': 'model',
  系统型号: 'model',
  'system type': 'osArchitecture',
  系统类型: 'osArchitecture',
  'time zone': 'timeZone',
  时区: 'timeZone',
  'hotfix(s)': 'hotfixes',
  修补程序: 'hotfixes',
};
const LONGEST: Readonly<Record<Field, number>> = {
  deviceName: 255,
  osName: 128,
  osVersion: 32,
  manufacturer: 128,
  model: 128,
  osArchitecture: 32,
  timeZone: 64,
};
const LABEL = /^([^\s[:：][^:：]{0,40}?)\s*[:：]\s*(.*)$/;
const HOTFIX = /^\s+\[\d+\][:：]\s*(KB\d{6,8})\b/i;
/** A line that only this command prints. */
const SIGN = /^(?:Hotfix\(s\)|修补程序)\s*[:：]\s|^(?:Original Install Date|初始安装日期)\s*[:：]\s/;

/** Whether a line is of `systeminfo`. */
export const isSystemInfoLine = (line: string): boolean => SIGN.test(line);

/** What `systeminfo` prints, English or Chinese: one inventory. Only `[nn]: KB…` below the hotfixes' own label count. */
export class SystemInfoReader implements SourceReader {
  private readonly lines = new LineSplitter((line) => {
    this.line(line);
  });
  private readonly account = new AccountKeeper();
  private readonly kbs = new Set<string>();
  private readonly values: Partial<Record<Field, string>> = {};
  private osBuild: string | undefined;
  private label: Field | 'hotfixes' | undefined;
  private sawHotfixes = false;

  push(bytes: Uint8Array): readonly FoundReport[] {
    this.lines.push(bytes);
    return [];
  }

  finish(): ReadingEnd {
    this.lines.finish();
    const { osBuild, values } = this;
    const inventory: UndatedInventory = {
      eventType: 'patch.device_inventory',
      ...values,
      ...(osBuild !== undefined && { osBuild }),
      ...(this.sawHotfixes && {
        packages: [...this.kbs].map((kb) => ({ identity: kb, kb, state: 'Installed' })),
      }),
    };
    const found = this.sawHotfixes || Object.keys(values).length > 0;
    return {
      reports: [],
      ...(found && { inventories: [{ line: 1, inventory }] }),
      account: this.account.close('system_info'),
    };
  }

  private line(line: string): void {
    const hotfix = HOTFIX.exec(line)?.[1];
    const labelled = LABEL.exec(line);
    if (labelled) this.begin((labelled[1] ?? '').toLowerCase(), detach((labelled[2] ?? '').trim()));
    else if (hotfix !== undefined && this.label === 'hotfixes') {
      if (this.kbs.size < 2_000) this.kbs.add(detach(hotfix.toUpperCase()));
      this.account.understood();
    } else if (line.trim() === '') this.account.setAside('blank');
    else if (/^\s/.test(line)) this.account.setAside('routine');
    else this.account.notUnderstood();
  }

  private begin(label: string, value: string): void {
    this.label = LABELS[label];
    if (this.label === undefined) {
      this.account.setAside('routine');
      return;
    }
    this.account.understood();
    if (this.label === 'hotfixes') this.sawHotfixes = true;
    else if (value !== '' && !(this.label === 'deviceName' && isBlankedOut(value)))
      this.values[this.label] = (this.label === 'osVersion' ? (value.split(' ')[0] ?? value) : value).slice(
        0,
        LONGEST[this.label],
      );
    if (this.label === 'osVersion')
      this.osBuild =
        /(?:Build|版本|内部版本)\s+(\d{4,6})\b/i.exec(value)?.[1] ??
        /^\d+\.\d+\.(\d{4,6})\b/.exec(value)?.[1];
  }
}
