/** Names of package states as dism.exe prints them in Chinese, to the names CBS itself uses. */
const STATES: Readonly<Record<string, string>> = {
  已安装: 'Installed',
  已取代: 'Superseded',
  已暂存: 'Staged',
  安装挂起: 'Install Pending',
  安装待定: 'Install Pending',
  卸载挂起: 'Uninstall Pending',
  不存在: 'Not Present',
  部分安装: 'Partially Installed',
};

export const stateWord = (text: string): string => (STATES[text] ?? text).slice(0, 64);

/** A name that somebody blanked out (`XXXXXX`) names no device. */
export const isBlankedOut = (name: string): boolean => /^[x*.\s]*$/i.test(name);
