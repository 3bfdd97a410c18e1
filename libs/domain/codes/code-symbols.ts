import type { CodeKind } from '../words.js';
import table from './code-symbols.json' with { type: 'json' };

type NamedKind = Exclude<CodeKind, 'unknown'>;

/** A known name and what it stands for; win32 values are plain error numbers. */
export interface NamedCode {
  readonly value: number;
  readonly kind: NamedKind;
}

interface Named {
  readonly name: string;
  readonly source: string;
}

const byCode: Readonly<Record<NamedKind, ReadonlyMap<string, Named>>> = {
  hresult: indexOf(table.hresult),
  win32: indexOf(table.win32),
  ntstatus: indexOf(table.ntstatus),
};

function indexOf(
  bySource: Readonly<Record<string, Readonly<Record<string, string>>>>,
): ReadonlyMap<string, Named> {
  const index = new Map<string, Named>();
  for (const [source, codes] of Object.entries(bySource))
    for (const [code, name] of Object.entries(codes)) index.set(code, { name, source });
  return index;
}

/** Made when the first name is looked up: most processes only ask for the names of codes. */
let bySymbol: ReadonlyMap<string, NamedCode> | undefined;

function namedCodes(): ReadonlyMap<string, NamedCode> {
  const index = new Map<string, NamedCode>();
  // Where winerror.h gives one name to two values (E_FAIL of 16-bit times), the later, larger one is meant.
  for (const kind of ['ntstatus', 'win32', 'hresult'] as const)
    for (const [code, { name }] of byCode[kind]) index.set(name, { value: Number(code), kind });
  for (const [alias, code] of Object.entries(table.aliases))
    index.set(alias, { value: Number(code), kind: code.startsWith('0x') ? 'hresult' : 'win32' });
  return index;
}

/** An entry of the tables for a code in canonical spelling (`0x` + 8 digits). 0x8007xxxx is named as its win32 error. */
function namedOf(code: string, kind: CodeKind): Named | null {
  if (kind === 'win32') return byCode.win32.get(String(Number(code))) ?? null;
  // winerror.h has HRESULTs in the range of NTSTATUS values (graphics, set-up); nobody else uses those values.
  if (kind === 'ntstatus') return byCode.ntstatus.get(code) ?? byCode.hresult.get(code) ?? null;
  const own = byCode.hresult.get(code);
  if (own !== undefined) return own;
  return code.startsWith('0x8007')
    ? (byCode.win32.get(String(Number.parseInt(code.slice(6), 16))) ?? null)
    : null;
}

/** The symbolic name of a code in canonical spelling, or null. */
export const symbolOf = (code: string, kind: CodeKind = 'hresult'): string | null =>
  namedOf(code, kind)?.name ?? null;

/** Where the symbolic name of a code was published, or null when it has none. */
export function symbolSourceOf(code: string, kind: CodeKind): string | null {
  const source = namedOf(code, kind)?.source as keyof typeof table.sources | undefined;
  return source === undefined ? null : table.sources[source];
}

/** What a symbolic name (`ERROR_FILE_NOT_FOUND`, `CBS_E_ABORT`) stands for, or null when the table lacks it. */
export function codeOfSymbol(name: string): NamedCode | null {
  bySymbol ??= namedCodes();
  return bySymbol.get(name) ?? null;
}
