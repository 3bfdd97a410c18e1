import { detach, LineSplitter } from '../line-splitter.js';
import { AccountKeeper } from '../reading-account.js';
import type { FoundReport, ReadingEnd, SourceReader, UndatedInventory } from '../source-reader.js';
import { kbIn } from '../update-names.js';
import { stateWord } from './inventory-words.js';

type Package = NonNullable<UndatedInventory['packages']>[number];

const MOST_PACKAGES = 2_000;
const IDENTITY =
  /^\s*(?:Package Identity|程序包标识)\s*[:：]\s*([^\s~|]{1,200}~[^\s~|]{0,64}~[^\s~|]{0,32}~[^\s~|]{0,32}~[^\s~|]{1,64})/;
const STATE = /^\s*(?:State|状态)\s*[:：]\s*(.+?)\s*$/;
const RELEASE_TYPE = /^\s*(?:Release Type|发布类型)\s*[:：]\s*(.+?)\s*$/;
const VERSION = /^\s*(?:Image Version|映像版本)\s*[:：]\s*(\d+(?:\.\d+){1,3})/;
/** `/Format:Table`: identity | state | release type | install time. */
const ROW =
  /^\s*([^\s~|]{1,200}~[^\s~|]{0,64}~[^\s~|]{0,32}~[^\s~|]{0,32}~[^\s~|]{1,64})\s*\|\s*([^|]+?)\s*\|\s*([^|]*?)\s*\|/;
const ROUTINE =
  /^\s*(?:Deployment Image Servicing|部署映像服务|Version|版本|Packages listing|程序包列表|Install Time|安装时间|The operation completed|操作成功|Package Identity|程序包标识|-{3})/;

/** Whether a line is of `dism /Get-Packages`. */
export const isPackageLine = (line: string): boolean => IDENTITY.test(line) || ROW.test(line);

/**
 * What `dism /online /Get-Packages` prints, English or Chinese, as list or table: one inventory of packages. Install times
 * have no zone and are left out. The build is that of the cumulative update that is installed.
 */
export class PackageListReader implements SourceReader {
  private readonly lines = new LineSplitter((line) => {
    this.line(line);
  });
  private readonly account = new AccountKeeper();
  private readonly packages: { identity: string; kb?: string; state: string; releaseType?: string }[] = [];
  private osVersion = '';

  push(bytes: Uint8Array): readonly FoundReport[] {
    this.lines.push(bytes);
    return [];
  }

  finish(): ReadingEnd {
    this.lines.finish();
    const account = this.account.close('package_list');
    if (this.packages.length === 0) return { reports: [], account };
    const osBuild = buildOf(this.packages);
    const inventory: UndatedInventory = {
      eventType: 'patch.device_inventory',
      ...(osBuild !== undefined && { osBuild }),
      ...(this.osVersion !== '' && { osVersion: this.osVersion }),
      packages: this.packages,
    };
    return { reports: [], inventories: [{ line: 1, inventory }], account };
  }

  private line(line: string): void {
    const row = ROW.exec(line);
    const identity = row?.[1] ?? IDENTITY.exec(line)?.[1];
    const last = this.packages.at(-1);
    if (identity !== undefined) this.add(identity, row?.[2] ?? '', row?.[3] ?? '');
    else if (last !== undefined && STATE.test(line))
      last.state = stateWord(detach(STATE.exec(line)?.[1] ?? ''));
    else if (last !== undefined && RELEASE_TYPE.test(line))
      last.releaseType = detach((RELEASE_TYPE.exec(line)?.[1] ?? '').slice(0, 64));
    else if (VERSION.test(line)) this.osVersion = detach((VERSION.exec(line)?.[1] ?? '').slice(0, 32));
    else {
      if (line.trim() === '') this.account.setAside('blank');
      else if (ROUTINE.test(line)) this.account.setAside('routine');
      else this.account.notUnderstood();
      return;
    }
    this.account.understood();
  }

  private add(identity: string, state: string, releaseType: string): void {
    if (this.packages.length >= MOST_PACKAGES) return;
    const kb = kbIn(identity);
    this.packages.push({
      identity: detach(identity.slice(0, 512)),
      ...(kb !== undefined && { kb }),
      state: state === '' ? 'unknown' : stateWord(detach(state)),
      ...(releaseType !== '' && { releaseType: detach(releaseType.slice(0, 64)) }),
    });
  }
}

/** `17763.3165` of the cumulative update that is installed; undefined when none or several claim to be. */
function buildOf(packages: readonly Package[]): string | undefined {
  const builds = packages
    .filter(({ state }) => state === 'Installed')
    .map(({ identity }) => /^Package_for_RollupFix~.*~(\d{4,6}\.\d{1,6})\./.exec(identity)?.[1])
    .filter((build) => build !== undefined);
  return new Set(builds).size === 1 ? builds[0] : undefined;
}
