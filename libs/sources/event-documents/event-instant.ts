const FORM = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:[.,](\d{1,9}))?\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/;
/** OpenTelemetry's older time format put a `+` where the point belongs: `15:22:02+0000816Z`. */
const PLUS_FOR_POINT = /^(\S{19})\+(\d{7})Z$/;

/** Milliseconds since 1970, as PowerShell 5 writes dates; a zone behind them is only for display. */
const SCRIPT_DATE = /^\/Date\((\d{1,15})(?:[+-]\d{4})?\)\/$/;

/** A shipper's time with its zone as a UTC instant, cut to milliseconds; null when it has no zone or is no time. */
export function eventInstant(text: string): string | null {
  const ms = Number(SCRIPT_DATE.exec(text)?.[1] ?? 'NaN');
  if (ms < 253_402_300_800_000) return new Date(ms).toISOString();
  const found = FORM.exec(text.trim().replace(PLUS_FOR_POINT, '$1.$2Z'));
  if (!found) return null;
  const [, date = '', clock = '', fraction = '', zone] = found;
  if (zone === undefined) return null;
  const local = Date.parse(`${date}T${clock}.${fraction.slice(0, 3).padEnd(3, '0')}Z`);
  if (Number.isNaN(local)) return null;
  const offset = /([+-])(\d{2}):?(\d{2})/.exec(zone);
  const minutes = offset ? Number(offset[2]) * 60 + Number(offset[3]) : 0;
  if (minutes > 14 * 60) return null;
  return new Date(local - (offset?.[1] === '-' ? -minutes : minutes) * 60_000).toISOString();
}

/** Nanoseconds since 1970 as OTLP gives them (text, because a number would not hold them). */
export function nanosInstant(nanos: unknown): string | null {
  if (typeof nanos !== 'string' && typeof nanos !== 'number' && typeof nanos !== 'bigint') return null;
  const text = String(nanos);
  if (!/^\d{7,20}$/.test(text)) return null;
  const ms = Number(BigInt(text) / 1_000_000n);
  return ms > 0 && ms < 253_402_300_800_000 ? new Date(ms).toISOString() : null;
}
