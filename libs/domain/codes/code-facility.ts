import table from './facilities.json' with { type: 'json' };
import type { KnownCodeKind } from './canonical-code.js';

/** The part of Windows a code comes from, as its own bits say. `unknown` = no published name for the number. */
export interface CodeFacility {
  readonly number: number;
  readonly name: string;
  readonly zh: string;
  readonly en: string;
}

export type Severity = 'success' | 'informational' | 'warning' | 'error';

const names: Readonly<Record<'hresult' | 'ntstatus', Readonly<Record<string, readonly string[]>>>> = table;
const WIN32 = 7;
const NTSTATUS_SEVERITIES = ['success', 'informational', 'warning', 'error'] as const;

/** A win32 error has no facility of its own: it is told as the one it has inside an HRESULT. */
export function facilityOf(value: number, kind: KnownCodeKind): CodeFacility {
  const bits = value >>> 16;
  const number = kind === 'win32' ? WIN32 : bits & (kind === 'ntstatus' ? 0xfff : 0x7ff);
  const [name, en, zh] = names[kind === 'ntstatus' ? 'ntstatus' : 'hresult'][String(number)] ?? [];
  if (name === undefined || en === undefined || zh === undefined)
    return {
      number,
      name: 'unknown',
      zh: `未知设施编号 ${number}，无法判断来源。`,
      en: `Facility number ${number} is not a published one; where it comes from is not known.`,
    };
  if (kind === 'win32') return { number, name, zh: 'Win32 错误号。', en: 'It is a Win32 error number.' };
  return { number, name, zh, en };
}

/** Severity bits; a win32 error number has none: 0 is success, all others count as error. */
export function severityOf(value: number, kind: KnownCodeKind): Severity {
  if (kind === 'ntstatus') return NTSTATUS_SEVERITIES[value >>> 30] ?? 'error';
  if (kind === 'win32') return value === 0 ? 'success' : 'error';
  return value >>> 31 === 0 ? 'success' : 'error';
}
