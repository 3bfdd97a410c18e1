import { buildsOfKb, groupReleases, lineOf } from './kb-catalogue.js';
import type { KbRelease } from './kb-catalogue.js';

/** Week of the month → the letter the field uses: B = second Tuesday ("Patch Tuesday"), C and D = previews. */
const WEEK_LETTERS = ['A', 'B', 'C', 'D', 'E'] as const;

/**
 * `2024-08 B` for a KB, by the release date of the catalogue; out-of-band releases say `OOB`. null when the catalogue does
 * not know it. A KB that serves several build lines is dated by the one of `osBuild` when that is among them.
 */
export function releaseLabelOf(kb: string, osBuild: string): string | null {
  const line = lineOf(osBuild);
  const releases = [...buildsOfKb(kb)].sort((left, right) => (left.releasedOn < right.releasedOn ? -1 : 1));
  const release = releases.find((known) => lineOf(known.osBuild) === line) ?? releases[0];
  return release ? labelOf(release) : null;
}

/** The label of one release. */
export function labelOf({ releasedOn, kind }: KbRelease): string {
  const letter = WEEK_LETTERS[Math.ceil(Number(releasedOn.slice(8)) / 7) - 1] ?? '';
  return `${releasedOn.slice(0, 7)} ${kind === 'out_of_band' ? 'OOB' : letter}`;
}

const releasesByLabel = groupReleases(labelOf);

/**
 * What was released under a label, in the order of the catalogue: `2024-08 B`, also written `2024.08B`. Empty when nothing
 * was, null when the text is no label.
 * @param osBuild only releases for this build's line
 */
export function releasesOfLabel(text: string, osBuild?: string): readonly KbRelease[] | null {
  const [, year, month, letter] = /^\s*(\d{4})[-.](\d{2})\s*([a-e]|oob)\s*$/i.exec(text) ?? [];
  if (letter === undefined) return null;
  const labelled = releasesByLabel.get(`${year}-${month} ${letter.toUpperCase()}`) ?? [];
  return osBuild === undefined
    ? labelled
    : labelled.filter((release) => lineOf(release.osBuild) === lineOf(osBuild));
}
