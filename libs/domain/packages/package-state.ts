/** CBS package states by their value in the registry (`CurrentState`); the order is the way of an installation. */
const STATE_OF_VALUE = {
  0x00: 'absent',
  0x05: 'uninstall_pending',
  0x10: 'resolving',
  0x20: 'resolved',
  0x30: 'staging',
  0x40: 'staged',
  0x50: 'superseded',
  0x60: 'install_pending',
  0x65: 'partially_installed',
  0x70: 'installed',
  0x80: 'permanent',
} as const;
export type PackageState = (typeof STATE_OF_VALUE)[keyof typeof STATE_OF_VALUE] | 'unknown';

export interface ReadState {
  readonly state: PackageState;
  /** CBS marks broken variants of a state by a negative value. */
  readonly broken: boolean;
}

/** Event 1 and 2 of channel Setup count from here: 5000 Absent … 5112 Installed. */
const SETUP_EVENT_BASE = 5000;

const states: ReadonlyMap<number, PackageState> = new Map(
  Object.entries(STATE_OF_VALUE).map(([value, state]) => [Number(value), state]),
);
const byName: ReadonlyMap<string, PackageState> = new Map([
  ...[...states.values()].map((state): [string, PackageState] => [state.replaceAll('_', ''), state]),
  // dism.exe's word.
  ['notpresent', 'absent'],
]);

/** A state as any source writes it: `Install Pending`, `InstallPending`, `0x70`, `112`, `-96`, `5112`; total. */
export function readPackageState(written: string): ReadState {
  const text = written.trim();
  const named = byName.get(text.toLowerCase().replace(/^cbsinstallstate|[\s_-]/g, ''));
  if (named !== undefined) return { state: named, broken: false };
  const value = /^(?:0x[0-9a-f]{1,8}|-?\d{1,10})$/i.test(text) ? Number(text) : Number.NaN;
  // The registry holds a DWORD: negative values come as large positive ones too.
  const signed = value > 0x7fffffff ? value - 0x100000000 : value;
  const plain = Math.abs(signed);
  const state = states.get(plain) ?? states.get(plain - SETUP_EVENT_BASE) ?? 'unknown';
  return { state, broken: signed < 0 && state !== 'unknown' };
}
