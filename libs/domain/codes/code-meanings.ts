import documentation from './documentation-pages.json' with { type: 'json' };
import network from './meanings/network.json' with { type: 'json' };
import ntstatus from './meanings/ntstatus.json' with { type: 'json' };
import servicing from './meanings/servicing.json' with { type: 'json' };
import setup from './meanings/setup.json' with { type: 'json' };
import signaturesAndDrivers from './meanings/signatures-and-drivers.json' with { type: 'json' };
import storeApps from './meanings/store-apps.json' with { type: 'json' };
import windowsUpdate from './meanings/windows-update.json' with { type: 'json' };
import windows from './meanings/windows.json' with { type: 'json' };
import type { KnownCodeKind } from './canonical-code.js';

/** One code as the reviewed files hold it. */
export interface CodeMeaning {
  /** Who can most likely do something about it: `bank_it, branch_user, os_vendor, hardware, third_party`. */
  readonly owner: string;
  /** Key of `documentation-pages.json`. */
  readonly page: string;
  readonly en: string;
  readonly zh: string;
  /** `name` = only the symbolic name is published; the sentence is our plain reading of it. */
  readonly basis?: string;
}

type MeaningFile = Readonly<Partial<Record<KnownCodeKind, Readonly<Record<string, CodeMeaning>>>>>;

const FILES: readonly MeaningFile[] = [
  windowsUpdate,
  servicing,
  setup,
  network,
  signaturesAndDrivers,
  storeApps,
  windows,
  ntstatus,
];

/** Pages of the maker that say more, by key. */
export const DOCUMENTATION_PAGES: Readonly<Record<string, string>> = documentation;

const byKind: Readonly<Record<KnownCodeKind, ReadonlyMap<string, CodeMeaning>>> = {
  hresult: indexOf('hresult'),
  win32: indexOf('win32'),
  ntstatus: indexOf('ntstatus'),
};

function indexOf(kind: KnownCodeKind): ReadonlyMap<string, CodeMeaning> {
  return new Map(FILES.flatMap((file) => Object.entries(file[kind] ?? {})));
}

/** What we say about a code in canonical spelling; null when there is no sentence of ours. */
export const meaningOf = (code: string, kind: KnownCodeKind): CodeMeaning | null =>
  byKind[kind].get(kind === 'win32' ? String(Number(code)) : code) ?? null;
