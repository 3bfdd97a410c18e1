/**
 * The code of an attempt in the counting of a look: its delay bin (`DELAY_BINS`: the start was not told), a bit for each
 * place it is counted in, a bit for each mark it is the first of, and after how many of the asked moments it arrived.
 * ClickHouse counts attempts of one code; what follows from a code is worked out here, once for all of them.
 */
const BINS = 16;

const WINDOW_NAMES = ['h6', 'h24', 'h72'] as const;

/** Where an attempt is counted, in terms of its flags in the query. */
export const PLACES = {
  h6: 'in_h6 > late',
  h24: 'in_h24 > late',
  h72: 'in_h72 > late',
  day: 'in_day',
  late: 'least(late, in_h24)',
  past: 'greatest(in_h72, told) = 0',
  done: 'done',
  failed: 'failed',
} as const;

export type PlaceName = keyof typeof PLACES;
type WindowName = (typeof WINDOW_NAMES)[number];
type Past = 'bank' | 'family';
export type MarkName =
  | `${'devices' | 'started'}_${WindowName}`
  | `devices_${'day' | 'late'}`
  | `${Past}_${'started' | 'tried' | 0 | 1 | 2 | 3}`;

/** What is counted once of a history: the first of the attempts that are in all these places and have the same keys. */
interface Mark {
  readonly name: MarkName;
  readonly places: readonly PlaceName[];
  /** Arrays in the query. */
  readonly keys: readonly string[];
  /** Levels of the signature, at least. */
  readonly depth: number;
}

const pastMarks = (past: Past, keys: readonly string[]): Mark[] => [
  { name: `${past}_started`, places: ['past'], keys, depth: 0 },
  { name: `${past}_tried`, places: ['past', 'done'], keys, depth: 0 },
  { name: `${past}_0`, places: ['past', 'failed'], keys, depth: 1 },
  ...([1, 2, 3] as const).map((depth): Mark => ({
    name: `${past}_${depth}`,
    places: ['past', 'failed'],
    keys: [...keys, `level_${depth}`],
    depth,
  })),
];

export const MARKS: readonly Mark[] = [
  ...WINDOW_NAMES.flatMap((name): Mark[] => [
    { name: `devices_${name}`, places: [name, 'done'], keys: ['build_key'], depth: 0 },
    { name: `started_${name}`, places: [name], keys: ['build_key'], depth: 0 },
  ]),
  { name: 'devices_day', places: ['day', 'done'], keys: ['build_key'], depth: 0 },
  { name: 'devices_late', places: ['late', 'done'], keys: ['build_key'], depth: 0 },
  ...pastMarks('bank', []),
  ...pastMarks('family', ['family_key']),
];

export const PLACE_NAMES = Object.keys(PLACES) as PlaceName[];
export const bitOf = (place: PlaceName): number => BINS * 2 ** PLACE_NAMES.indexOf(place);
export const FIRSTS_AT = BINS * 2 ** PLACE_NAMES.length;
export const NEWER_AT = FIRSTS_AT * 2 ** MARKS.length;

/** Attempts that are in all these places have all these bits. */
export const bitsOf = (places: readonly PlaceName[]): number =>
  places.reduce((bits, place) => bits + bitOf(place), 0);

/** The delay bin and the places of a code. */
export const kindOfCode = (code: number): number => code & (FIRSTS_AT - 1);
export const binOfKind = (kind: number): number => kind & (BINS - 1);

/** Whether attempts of a kind have an outcome and are counted there. */
export const isCountedIn = (place: PlaceName): ((kind: number) => boolean) => {
  const bits = bitsOf([place, 'done']);
  return (kind) => (kind & bits) === bits;
};

/** After how many of the asked moments, in their order, attempts of a code with an outcome arrived. */
export const newerOfCode = (code: number): number =>
  (code & bitOf('done')) === 0 ? 0 : Math.floor(code / NEWER_AT);

/** Marks (a bit each) of attempts that are counted in these places and have so many levels. */
const marksIn = (places: number, depth: number): number =>
  MARKS.reduce((marks, mark, at) => {
    const bits = bitsOf(mark.places);
    return (places & bits) === bits && depth >= mark.depth ? marks | (1 << at) : marks;
  }, 0);

/** By depth and places: a look has hundreds of thousands of codes, and few of these. */
const knownMarks = [0, 1, 2, 3].map((): number[] => []);

/** @returns counts by mark (`MARKS`) of one leaf and series, whose signature has so many levels */
export function marksOf(codes: readonly number[], counts: readonly number[], depth: number): number[] {
  const sums = new Array<number>(MARKS.length).fill(0);
  const known = knownMarks[depth] ?? [];
  codes.forEach((code, index) => {
    const places = code & (FIRSTS_AT - BINS);
    const marks = (known[places] ??= marksIn(places, depth));
    let hits = marks & Math.floor(code / FIRSTS_AT);
    while (hits !== 0) {
      const at = 31 - Math.clz32(hits);
      sums[at] = (sums[at] ?? 0) + (counts[index] ?? 0);
      hits ^= 1 << at;
    }
  });
  return sums;
}
