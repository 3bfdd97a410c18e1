import { canonicalCode, hresultOf, unwrapCode } from '#domain/codes/canonical-code.js';
import type { InnerError } from '#domain/report.js';

export const SUCCESS = '0x00000000';

/** ERROR_SUCCESS_REBOOT_REQUIRED, ERROR_FAIL_REBOOT_REQUIRED, also plain: the work goes on after a restart, nothing failed. */
export const RESTART_CODES: ReadonlySet<string> = new Set([
  '0x80070bc2',
  '0x80070bc9',
  '0x00000bc2',
  '0x00000bc9',
]);

/**
 * The code a source gives as its result, as an HRESULT in one spelling (`240006` and `0x0` are hex, `2388526074`
 * decimal); undefined when the text is none. An NTSTATUS inside it stays inside: the code stays what the user can see.
 */
export function codeOf(text: string): string | undefined {
  const found = canonicalCode(text, 'hresult');
  if (found === null) return undefined;
  return found.unwrapped ? hresultOf(found) : found.code;
}

const WORDS =
  /(?:HRESULT|NTSTATUS)_FROM_(?:WIN32|NT)\(\w{1,64}\)|\bSTATUS_[A-Z0-9_]{1,64}|\b0x[0-9a-f]{8}\b/i;

/**
 * The first code a piece of CSI text names, as what it really is: `HRESULT_FROM_WIN32(1058)` is a win32 error, `STATUS_…`
 * an NTSTATUS. `gle` (the thread's last error) only helps to number a status whose name is not known: 0xdXXXXXXX is that
 * NTSTATUS as an HRESULT.
 */
export function innerErrorIn(text: string, origin?: string): InnerError | undefined {
  const word = WORDS.exec(text)?.[0];
  if (word === undefined) return undefined;
  const gle = word.startsWith('STATUS_') ? /\[gle=(0xd[0-9a-f]{7})\]/i.exec(text)?.[1] : undefined;
  const found = canonicalCode(word) ?? (gle === undefined ? null : canonicalCode(gle));
  return found === null
    ? undefined
    : { ...unwrapCode(found.code, found.kind), ...(origin !== undefined && { origin }) };
}

/** The same error has one key whether written as win32, NTSTATUS or HRESULT. */
export const errorKey = ({ code, kind }: InnerError): string => hresultOf(unwrapCode(code, kind));
