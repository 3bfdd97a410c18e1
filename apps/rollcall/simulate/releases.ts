/** The build lines of the simulated banks (the field's LTSC 2019, LTSC 2021 and 22H2). */
export const BUILD_LINES = [17763, 19044, 19045] as const;
export type BuildLine = (typeof BUILD_LINES)[number];

export interface Release {
  /** Windows' own label: year, month, B = the second Tuesday. */
  readonly label: string;
  readonly publishedAtMs: number;
  readonly updates: Readonly<
    Record<BuildLine, { readonly kb: string; readonly build: string; readonly updateId: string }>
  >;
}

/** Builds before the first release of the history (2024-07 B). */
export const FIRST_BUILD: Readonly<Record<BuildLine, string>> = {
  17763: '17763.6054',
  19044: '19044.4651',
  19045: '19045.4651',
};

const AUGUST = {
  17763: { kb: 'KB5041578', build: '17763.6189', updateId: '0b6ea1a1-54f1-4d0c-9a6a-3f1c2d6f1a01' },
  19044: { kb: 'KB5041580', build: '19044.4780', updateId: '3c1f88b2-7a52-4a1e-8f0d-52d0c9a44b02' },
  19045: { kb: 'KB5041580', build: '19045.4780', updateId: '91d7a4c3-21be-4f7b-b1c8-7e6a0d5f9c03' },
};
const SEPTEMBER = {
  17763: { kb: 'KB5043050', build: '17763.6293', updateId: 'a47c02d4-6e09-4c55-bb4f-08e3f6b2ad04' },
  19044: { kb: 'KB5043064', build: '19044.4894', updateId: 'c2805be5-93fd-4b68-a5d7-1b94e7c80e05' },
  19045: { kb: 'KB5043064', build: '19045.4894', updateId: 'e96ad7f6-0c84-4d21-9c3e-6df2185b7f06' },
};

const DAY_MS = 86_400_000;
const TUESDAY = 2;

/**
 * Two Patch Tuesdays four weeks apart, the later one at least a day before `endMs`, at 17:00 UTC as Microsoft
 * publishes. The numbers are those of August and September 2024; only the calendar moves.
 */
export function releasesBefore(endMs: number): readonly [Release, Release] {
  const day = new Date(endMs - DAY_MS);
  day.setUTCHours(17, 0, 0, 0);
  if (day.getTime() > endMs - DAY_MS) day.setUTCDate(day.getUTCDate() - 1);
  while (day.getUTCDay() !== TUESDAY) day.setUTCDate(day.getUTCDate() - 1);
  const later = day.getTime();
  return [
    { label: '2024.08 B', publishedAtMs: later - 28 * DAY_MS, updates: AUGUST },
    { label: '2024.09 B', publishedAtMs: later, updates: SEPTEMBER },
  ];
}
