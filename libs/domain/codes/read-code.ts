import { canonicalCode } from './canonical-code.js';
import type { CanonicalCode, KnownCodeKind } from './canonical-code.js';
import { symbolOf } from './code-symbols.js';

const HEX = /^(?:0x([0-9a-f]{1,8})u?l{0,2}|([0-9a-f]{1,8}))$/i;
/** `0x800f0922 - CBS_E_INSTALLERS_FAILED`: what the logs put after a code. */
const AFTER_CODE = /\s+[-–]\s+.*$/s;
const DECIMAL = /^\d{1,10}$/;
const EIGHT_DIGITS = 8;
const LARGEST_WIN32 = 0xffff;
const MACRO_CALL = /\w\s*\(/;
/** Brackets, quotation marks and full stops that come along when a code is copied out of a sentence. */
const WRAPPING = /^[\s"'“”‘’([{<（【]+|[\s"'“”‘’)\]}>）】.,;:，。；：]+$/g;

/**
 * Every code that a spelling can mean, the likeliest first: one for what is clear (`0x80070422`, `-2146498527`,
 * `HRESULT_FROM_WIN32(1753)`, a symbolic name), several for a short number (`1058` is a win32 error in decimal, and
 * another one in hex), none for what is no code. Total: any text has an answer.
 * @param context what the place it was found in prints (`win32` for a CSI line, `hresult` for WindowsUpdate.log)
 */
export function readingsOf(spelling: string, context?: KnownCodeKind): readonly CanonicalCode[] {
  // Mails from Chinese keyboards have full-width digits and brackets.
  const plain = spelling.normalize('NFKC');
  const text = MACRO_CALL.test(plain) ? plain.trim() : plain.replace(AFTER_CODE, '').replace(WRAPPING, '');
  const clear = canonicalCode(text, context);
  const [, prefixed, bare] = HEX.exec(text) ?? [];
  const digits = prefixed ?? bare ?? '';
  const hexValue = Number.parseInt(digits, 16);
  const isShort = hexValue > 0 && hexValue <= LARGEST_WIN32;
  if (context !== undefined || (clear && !isShort)) return clear ? [clear] : [];

  const candidates: (CanonicalCode | null)[] = [];
  // Decimal first: that is how CBS.log and people print win32 errors; WindowsUpdate.log prints hex without `0x`.
  if (DECIMAL.test(text) && text.length !== EIGHT_DIGITS) {
    const decimal = Number(text);
    candidates.push(canonicalCode(decimal, decimal <= LARGEST_WIN32 ? 'win32' : 'hresult'));
  }
  if (isShort) candidates.push(canonicalCode(`0x${digits}`, 'win32'));
  if (!Number.isNaN(hexValue)) candidates.push(hresultReading(`0x${digits}`, isShort));
  const found = candidates.filter((reading) => reading !== null);
  const isNamed = ({ code, kind }: CanonicalCode): boolean => symbolOf(code, kind) !== null;
  return [...found.filter(isNamed), ...found.filter((reading) => !isNamed(reading))];
}

/** A small number is an HRESULT only if one of that value has a name (`S_FALSE`): it would be a success code. */
function hresultReading(hex: string, isShort: boolean): CanonicalCode | null {
  const reading = canonicalCode(hex, 'hresult');
  return reading && isShort && symbolOf(reading.code) === null ? null : reading;
}
