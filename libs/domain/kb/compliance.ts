import { CATALOGUE_DAY, isKnownBuild, lineOf, releasesOfLine, revisionOf } from './kb-catalogue.js';
import { labelOf } from './release-label.js';

/** How far a build is behind the monthly releases of its line at a day. */
export interface Compliance {
  readonly verdict: 'latest' | 'one_behind' | 'n_behind' | 'unknown';
  /** Monthly releases that the device lacks, as far as the catalogue tells; null when the build is not known. */
  readonly behind: number | null;
  /** The newest monthly release of the line at that day. */
  readonly latest: { readonly kb: string; readonly osBuild: string; readonly releaseLabel: string } | null;
  readonly reason: string;
}

const unknown = (reason: string): Compliance => ({ verdict: 'unknown', behind: null, latest: null, reason });

/**
 * Compliance of a build at a day (`YYYY-MM-DD`). Only monthly releases count as owed; a preview or an out-of-band release
 * on top of them is fine. After the catalogue ends newer releases may exist, so that only "two or more behind" is known.
 */
export function complianceOf(osBuild: string, day: string): Compliance {
  const revision = revisionOf(osBuild);
  if (revision === null) return unknown(`${osBuild} names no revision.`);
  const published = releasesOfLine(lineOf(osBuild)).filter(({ releasedOn }) => releasedOn <= day);
  const monthly = published.filter(({ kind }) => kind === 'security_or_monthly');
  const newest = monthly.reduce<(typeof monthly)[number] | null>(
    (best, release) => (best && revisionIn(best) >= revisionIn(release) ? best : release),
    null,
  );
  if (!newest) return unknown(`The catalogue has no monthly release for ${lineOf(osBuild)} up to ${day}.`);
  // Newer than all that is published: not a build of that day, or of a catalogue newer than ours.
  const highest = Math.max(...published.map(revisionIn));
  if (revision > highest && !isKnownBuild(osBuild)) {
    return unknown(`${osBuild} is above every release that the catalogue knows up to ${day}.`);
  }
  const behind = new Set(
    monthly.filter((release) => revisionIn(release) > revision).map(({ releasedOn }) => releasedOn),
  ).size;
  const latest = { kb: newest.kb, osBuild: newest.osBuild, releaseLabel: labelOf(newest) };
  const lacks = `${osBuild} lacks ${behind} monthly release${behind === 1 ? '' : 's'} up to ${latest.osBuild} (${latest.kb}, ${latest.releaseLabel})`;
  const covered = day < patchTuesdayAfter(CATALOGUE_DAY);
  if (!covered && behind < 2) {
    const reason = `${lacks}; the catalogue ends on ${CATALOGUE_DAY}, newer releases are not known.`;
    return { verdict: 'unknown', behind, latest, reason };
  }
  const verdict = behind === 0 ? 'latest' : behind === 1 ? 'one_behind' : 'n_behind';
  const atLeast = covered ? '' : ` and those after ${CATALOGUE_DAY}, where the catalogue ends`;
  return { verdict, behind, latest, reason: `${lacks}${atLeast}.` };
}

const revisionIn = ({ osBuild }: { readonly osBuild: string }): number => revisionOf(osBuild) ?? 0;

/** The first second Tuesday of a month after the day: when the next monthly releases come. */
function patchTuesdayAfter(day: string): string {
  const [year = 0, month = 0] = day.split('-').map(Number);
  for (let ahead = 0; ; ahead += 1) {
    const first = new Date(Date.UTC(year, month - 1 + ahead, 1));
    const secondTuesday = 8 + ((2 - first.getUTCDay() + 7) % 7);
    const found = new Date(Date.UTC(year, month - 1 + ahead, secondTuesday)).toISOString().slice(0, 10);
    if (found > day) return found;
  }
}
