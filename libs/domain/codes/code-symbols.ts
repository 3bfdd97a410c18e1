import symbols from './code-symbols.json' with { type: 'json' };
import type { CodeKind } from '../words.js';

const byCode: Readonly<Record<'hresult' | 'win32' | 'ntstatus', ReadonlyMap<string, string>>> = {
  hresult: new Map(Object.entries(symbols.hresult)),
  win32: new Map(Object.entries(symbols.win32)),
  ntstatus: new Map(Object.entries(symbols.ntstatus)),
};

/** A known name and what it stands for; win32 values are plain error numbers. */
export interface NamedCode {
  readonly value: number;
  readonly kind: Exclude<CodeKind, 'unknown'>;
}

const bySymbol: ReadonlyMap<string, NamedCode> = new Map(
  (['ntstatus', 'win32', 'hresult'] as const).flatMap((kind) =>
    Object.entries(symbols[kind]).map(([code, name]): [string, NamedCode] => [
      name,
      { value: Number(code), kind },
    ]),
  ),
);

/** The symbolic name of a code in canonical spelling (`0x` + 8 digits), or null. 0x8007xxxx is named as its win32 error. */
export function symbolOf(code: string, kind: CodeKind = 'hresult'): string | null {
  if (kind === 'win32') return byCode.win32.get(String(Number(code))) ?? null;
  if (kind === 'ntstatus') return byCode.ntstatus.get(code) ?? null;
  const own = byCode.hresult.get(code);
  if (own !== undefined) return own;
  return code.startsWith('0x8007')
    ? (byCode.win32.get(String(Number.parseInt(code.slice(6), 16))) ?? null)
    : null;
}

/** What a symbolic name (`ERROR_FILE_NOT_FOUND`, `CBS_E_ABORT`) stands for, or null when the table lacks it. */
export const codeOfSymbol = (name: string): NamedCode | null => bySymbol.get(name) ?? null;
