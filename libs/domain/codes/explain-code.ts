import { hresultOf, unwrapCode } from './canonical-code.js';
import type { CanonicalCode, KnownCodeKind } from './canonical-code.js';
import { facilityOf, severityOf } from './code-facility.js';
import type { CodeFacility, Severity } from './code-facility.js';
import { DOCUMENTATION_PAGES, meaningOf } from './code-meanings.js';
import { symbolOf, symbolSourceOf } from './code-symbols.js';
import { readingsOf } from './read-code.js';

/** Everything that is known about one code. What is not known is `unknown`. */
export interface CodeEntry {
  readonly code: string;
  readonly kind: KnownCodeKind;
  /** `explained` = a sentence of ours; `named` = only a published name; `unknown` = neither. */
  readonly status: 'explained' | 'named' | 'unknown';
  readonly symbol: string;
  readonly symbolSource: string;
  readonly severity: Severity;
  readonly facility: CodeFacility;
  /** The HRESULT it was taken out of (an NTSTATUS with FACILITY_NT_BIT); null when it came bare. */
  readonly unwrappedFrom: string | null;
  /** The error that this code only passes on: win32 1058 inside 0x80070422. */
  readonly carries: { readonly code: string; readonly kind: KnownCodeKind; readonly symbol: string } | null;
  readonly meaning: { readonly zh: string; readonly en: string } | null;
  /** `documented` = held against the maker's own words; `symbol_name` = only the name is published. */
  readonly basis: 'documented' | 'symbol_name' | 'unknown';
  readonly likelyOwner: string;
  readonly documentation: string | null;
}

/** The answer to a question about a code: its entry, or several readings when the spelling leaves them open. */
export type CodeAnswer =
  | ({ readonly input: string; readonly ambiguous: false } & CodeEntry)
  | { readonly input: string; readonly ambiguous: true; readonly readings: readonly CodeEntry[] };

/** What any spelling of a code means; null when it is no code. */
export function explainSpelling(input: string, context?: KnownCodeKind): CodeAnswer | null {
  const readings = readingsOf(input, context).map(explainCode);
  const [first] = readings;
  if (first === undefined) return null;
  return readings.length === 1 ? { input, ambiguous: false, ...first } : { input, ambiguous: true, readings };
}

/** Everything that is known about a code in canonical form. An HRESULT that carries another error is explained by it. */
function explainCode(reading: CanonicalCode): CodeEntry {
  const { code, kind } = reading;
  const value = Number(code);
  const inside = unwrapCode(code, kind);
  const carries = inside.code === code && inside.kind === kind ? null : inside;
  const meaning = meaningOf(code, kind) ?? (carries && meaningOf(carries.code, carries.kind));
  const symbol = symbolOf(code, kind) ?? (carries && symbolOf(carries.code, carries.kind));
  const source =
    symbolSourceOf(code, kind) ?? (carries && symbolSourceOf(carries.code, carries.kind)) ?? 'unknown';
  return {
    code,
    kind,
    status: meaning ? 'explained' : symbol === null ? 'unknown' : 'named',
    symbol: symbol ?? 'unknown',
    symbolSource: source,
    severity: severityOf(value, kind),
    facility: facilityOf(value, kind),
    unwrappedFrom: reading.unwrapped ? hresultOf(reading) : null,
    carries: carries && { ...carries, symbol: symbolOf(carries.code, carries.kind) ?? 'unknown' },
    meaning: meaning && { zh: meaning.zh, en: meaning.en },
    basis: meaning ? (meaning.basis === 'name' ? 'symbol_name' : 'documented') : 'unknown',
    likelyOwner: meaning?.owner ?? 'unknown',
    documentation: meaning ? (DOCUMENTATION_PAGES[meaning.page] ?? null) : null,
  };
}
