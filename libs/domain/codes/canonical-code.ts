import { codeOfSymbol } from './code-symbols.js';
import type { CodeKind } from '../words.js';

export type KnownCodeKind = Exclude<CodeKind, 'unknown'>;

export interface CanonicalCode {
  /** `0x` and eight lower-case hex digits; of a win32 error its plain number. */
  readonly code: string;
  readonly kind: KnownCodeKind;
  /** The code came inside another one (an NTSTATUS inside an HRESULT) and was taken out. */
  readonly unwrapped: boolean;
}

const SEVERITY_BIT = 0x80000000;
/** FACILITY_NT_BIT of winerror.h: the HRESULT is an NTSTATUS with this bit set. */
const NT_BIT = 0x10000000;
const WIN32_AS_HRESULT = 0x80070000;
/** FACILITY_NTWIN32 of ntstatus.h. */
const WIN32_AS_NTSTATUS = 0xc0070000;
/** Set-up's own codes (0xC19…) look like an NTSTATUS and are HRESULTs. */
const SETUP_HIGH_BYTES = 0xc19;

const MACRO =
  /^(HRESULT_FROM_WIN32|NTSTATUS_FROM_WIN32|HRESULT_FROM_NT|HRESULT_FROM_SETUPAPI)\s*\(\s*([^()]+?)\s*\)$/i;
const HEX_PREFIXED = /^0x([0-9a-f]{1,8})(?:u?l{0,2})$/i;
const EIGHT_HEX = /^[0-9a-f]{8}$/i;
const SHORT_HEX = /^[0-9a-f]{1,7}$/i;
const DECIMAL = /^-?\d{1,10}$/;
const SYMBOL = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)+$/i;

/**
 * Any spelling of an error code in its one canonical form, or null when it is none or could be read in two ways.
 * Reads `800f0821`, `0X800F0821`, `-2146498527`, `2388526074`, `HRESULT_FROM_WIN32(1753)`,
 * `HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND)`, `NTSTATUS_FROM_WIN32(ERROR_INVALID_DATA)`, `0xd0000102` (an NTSTATUS
 * inside an HRESULT), symbolic names, and what the logs put after the code (`0x800f0922 - CBS_E_INSTALLERS_FAILED`).
 * @param bare what a short number without `0x` is where it was found: `1058` is a win32 error in decimal in CSI
 *   lines, `240006` an HRESULT in hex in WindowsUpdate.log. Without it a short number is ambiguous: null.
 */
export function canonicalCode(spelling: string | number, bare?: KnownCodeKind): CanonicalCode | null {
  if (typeof spelling === 'number') return Number.isInteger(spelling) ? ofDecimal(spelling, bare) : null;
  const text = spelling.trim().replace(/^[[\s]+|[\]\s]+$/g, '');
  const macro = MACRO.exec(text);
  if (macro) return ofMacro((macro[1] ?? '').toUpperCase(), macro[2] ?? '');
  const token = text.split(/\s+[-–]\s+/)[0] ?? '';
  const hex = HEX_PREFIXED.exec(token)?.[1] ?? (EIGHT_HEX.test(token) ? token : undefined);
  if (hex !== undefined) return bare === 'win32' ? ofWin32OrMore(parseHex(hex)) : ofHex(parseHex(hex), bare);
  if (bare === 'hresult' && SHORT_HEX.test(token)) return ofHex(parseHex(token), bare);
  if (DECIMAL.test(token)) return ofDecimal(Number(token), bare);
  if (!SYMBOL.test(token)) return null;
  const named = codeOfSymbol(token.toUpperCase());
  return named && { code: spell(named.value), kind: named.kind, unwrapped: false };
}

/**
 * What a code in canonical spelling really is: an HRESULT that carries a win32 error or an NTSTATUS is reduced to
 * it. `unknown` is judged by the value's form. Unreadable codes come back as they are, as HRESULT.
 */
export function unwrapCode(
  code: string,
  kind: CodeKind,
): { readonly code: string; readonly kind: KnownCodeKind } {
  const value = Number(code);
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) return { code, kind: 'hresult' };
  if (kind === 'win32' && value <= 0xffff) return { code: spell(value), kind };
  if (isWrappedStatus(value)) return { code: spell(value - NT_BIT), kind: 'ntstatus' };
  if (highWord(value) === WIN32_AS_HRESULT || highWord(value) === WIN32_AS_NTSTATUS) {
    return { code: spell(value & 0xffff), kind: 'win32' };
  }
  if (kind === 'unknown' && value <= 0xffff) return { code: spell(value), kind: 'win32' };
  return { code: spell(value), kind: kind === 'ntstatus' || looksLikeStatus(value) ? 'ntstatus' : 'hresult' };
}

/** The HRESULT under which an error shows outside: win32 1058 → 0x80070422, NTSTATUS 0xc0000102 → 0xd0000102. */
export function hresultOf({ code, kind }: { readonly code: string; readonly kind: KnownCodeKind }): string {
  const value = Number(code);
  if (kind === 'win32') return value === 0 || value > 0xffff ? code : spell(WIN32_AS_HRESULT + value);
  return kind === 'ntstatus' && value >= SEVERITY_BIT ? spell((value | NT_BIT) >>> 0) : code;
}

function ofMacro(macro: string, argument: string): CanonicalCode | null {
  if (macro === 'HRESULT_FROM_WIN32' || macro === 'NTSTATUS_FROM_WIN32') {
    const win32 = canonicalCode(argument, 'win32');
    if (!win32) return null;
    const value = Number(win32.code);
    const asHresult = macro === 'HRESULT_FROM_WIN32';
    const kind = asHresult ? 'hresult' : 'ntstatus';
    // Both macros pass on what is not a plain win32 error (0, or an HRESULT already).
    if (win32.kind !== 'win32' || value === 0) return { ...win32, kind };
    return {
      code: spell((asHresult ? WIN32_AS_HRESULT : WIN32_AS_NTSTATUS) + value),
      kind,
      unwrapped: false,
    };
  }
  if (macro === 'HRESULT_FROM_NT') {
    const status = canonicalCode(argument, 'ntstatus');
    return status && { ...status, kind: 'ntstatus', unwrapped: true };
  }
  return canonicalCode(argument, 'hresult');
}

function ofHex(value: number, bare: KnownCodeKind | undefined): CanonicalCode {
  if (isWrappedStatus(value)) return { code: spell(value - NT_BIT), kind: 'ntstatus', unwrapped: true };
  const isStatus = bare === 'ntstatus' || looksLikeStatus(value);
  return { code: spell(value), kind: isStatus ? 'ntstatus' : 'hresult', unwrapped: false };
}

function ofDecimal(value: number, bare: KnownCodeKind | undefined): CanonicalCode | null {
  if (value < -SEVERITY_BIT || value > 0xffffffff) return null;
  if (value < 0 || value >= SEVERITY_BIT) return ofHex(value >>> 0, bare);
  if (bare === 'win32') return ofWin32OrMore(value);
  if (value === 0) return { code: spell(0), kind: bare ?? 'hresult', unwrapped: false };
  return bare === undefined ? null : ofHex(value, bare);
}

function ofWin32OrMore(value: number): CanonicalCode {
  return value <= 0xffff ? { code: spell(value), kind: 'win32', unwrapped: false } : ofHex(value, undefined);
}

/** 0x9… (warning) and 0xD… (error); with the customer bit on top (0xB…, 0xF…, such as −1) it is no NTSTATUS of Windows. */
function isWrappedStatus(value: number): boolean {
  const top = Math.floor(value / NT_BIT);
  return top === 0x9 || top === 0xd;
}

function looksLikeStatus(value: number): boolean {
  return value >= 0xc0000000 && value < 0xd0000000 && Math.floor(value / 0x100000) !== SETUP_HIGH_BYTES;
}

const highWord = (value: number): number => Math.floor(value / 0x10000) * 0x10000;
const parseHex = (digits: string): number => Number.parseInt(digits, 16);
const spell = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
