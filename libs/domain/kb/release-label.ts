import { buildsOfKb } from './kb-catalogue.js';

/** Week of the month → the letter the field uses: B = second Tuesday ("Patch Tuesday"), C and D = previews. */
const WEEK_LETTERS = ['A', 'B', 'C', 'D', 'E'] as const;

/**
 * `2024.08 B` for a KB, by the release date of the catalogue; out-of-band releases say `OOB`. null when the catalogue does
 * not know it. A KB that serves several build lines is dated by the one of `osBuild` when that is among them.
 */
export function releaseLabelOf(kb: string, osBuild: string): string | null {
  const line = osBuild.split('.')[0] ?? '';
  const releases = [...buildsOfKb(kb)].sort((left, right) => (left.releasedOn < right.releasedOn ? -1 : 1));
  const release = releases.find((known) => known.osBuild.split('.')[0] === line) ?? releases[0];
  if (!release) return null;
  const [year = '', month = '', day = ''] = release.releasedOn.split('-');
  const letter = WEEK_LETTERS[Math.ceil(Number(day) / 7) - 1] ?? '';
  return `${year}.${month} ${release.kind === 'out_of_band' ? 'OOB' : letter}`;
}
