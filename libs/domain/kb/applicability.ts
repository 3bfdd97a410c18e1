import { checkEdition } from './edition.js';
import type { EditionCheck } from './edition.js';
import {
  buildsOfKb,
  isPlaceholderKb,
  lineName,
  lineOf,
  releasesOfLine,
  revisionOf,
  sourceOfCatalogue,
} from './kb-catalogue.js';
import type { KbRelease } from './kb-catalogue.js';
import { nearestKbs } from './nearest-kbs.js';
import { labelOf, releaseLabelOf, releasesOfLabel } from './release-label.js';

/** Contract.md §9. `unknown`: the device's build, or its revision, is not known. */
export type Applicability =
  'applicable' | 'already_installed' | 'superseded' | 'wrong_build' | 'unknown_kb' | 'unknown';

/** A release as answers name it. */
export interface NamedRelease {
  readonly kb: string;
  readonly osBuild: string;
  readonly releaseLabel: string;
  readonly releasedOn: string;
}

/** Whether a KB fits a device, and why. */
export interface KbCheck {
  readonly kb: string;
  readonly osBuild: string | null;
  readonly verdict: Applicability;
  readonly reason: string;
  /** `2024-08 B`; null when the KB is not known. */
  readonly releaseLabel: string | null;
  /** Everything the KB was published for. */
  readonly publishedFor: readonly (NamedRelease & { readonly product: string | null })[];
  /** Withdrawn by its publisher; null when the KB is not known. */
  readonly expired: boolean | null;
  /** The newest release for the device's line that is no preview and not expired, when it is above this one. */
  readonly newerAvailable: NamedRelease | null;
  /** The catalogue holds no prerequisites. */
  readonly prerequisite: 'unknown';
  /** For a KB of another build: the release of the same month for the device's line. */
  readonly instead: NamedRelease | null;
  /** For a KB that is not known: what may have been meant, likeliest first. */
  readonly nearest: readonly {
    readonly kb: string;
    readonly verdict: Applicability;
    readonly releaseLabel: string;
  }[];
  /** Present when somebody claimed an edition. */
  readonly edition: EditionCheck | null;
}

export interface DeviceFacts {
  /** `17763.2114`; null when not known. */
  readonly osBuild: string | null;
  readonly installedKbs?: readonly string[];
  readonly claimedEdition?: string | undefined;
}

/** Judges one KB (`KB5041578`) for one device, from the catalogue alone. */
export function checkKb(kb: string, device: DeviceFacts): KbCheck {
  const { osBuild } = device;
  const releases = buildsOfKb(kb);
  const { verdict, reason } = judge(kb, releases, device);
  const target = osBuild === null ? undefined : targetFor(releases, osBuild);
  const shown = target ?? releases[0];
  return {
    kb,
    osBuild,
    verdict,
    reason,
    releaseLabel: shown ? labelOf(shown) : null,
    publishedFor: releases.map((release) => ({
      ...named(release),
      product: lineName(lineOf(release.osBuild)),
    })),
    expired: shown?.expired ?? null,
    newerAvailable: osBuild !== null && target ? newerThan(target) : null,
    prerequisite: 'unknown',
    instead: verdict === 'wrong_build' && shown && osBuild !== null ? sameMonthFor(shown, osBuild) : null,
    nearest: verdict === 'unknown_kb' ? nearestFor(kb, device) : [],
    edition: device.claimedEdition === undefined ? null : checkEdition(device.claimedEdition, osBuild),
  };
}

interface Judgement {
  readonly verdict: Applicability;
  readonly reason: string;
}

function judge(
  kb: string,
  releases: readonly KbRelease[],
  { osBuild, installedKbs = [] }: DeviceFacts,
): Judgement {
  if (isPlaceholderKb(kb)) {
    return { verdict: 'unknown_kb', reason: `${kb} is a number that CBS gives to packages without one.` };
  }
  if (releases.length === 0) {
    return { verdict: 'unknown_kb', reason: `The catalogue does not hold ${kb} (${sourceOfCatalogue}).` };
  }
  if (installedKbs.includes(kb))
    return { verdict: 'already_installed', reason: `The device lists ${kb} as installed.` };
  const publishedFor = releases.map(({ osBuild: build }) => describe(build)).join(', ');
  if (osBuild === null) {
    return { verdict: 'unknown', reason: `The device's build is not known; ${kb} is for ${publishedFor}.` };
  }
  const target = targetFor(releases, osBuild);
  if (!target) {
    return {
      verdict: 'wrong_build',
      reason: `${kb} is for ${publishedFor}; the device has ${describe(osBuild)}.`,
    };
  }
  const [has, brings] = [revisionOf(osBuild), revisionOf(target.osBuild)];
  if (brings === null) {
    return {
      verdict: 'applicable',
      reason: `${kb} is for ${describe(target.osBuild)} and moves no revision.`,
    };
  }
  if (has === null) {
    return {
      verdict: 'unknown',
      reason: `${kb} brings ${target.osBuild}; the revision of ${osBuild} is not known.`,
    };
  }
  if (releases.some((release) => release.osBuild === osBuild)) {
    return { verdict: 'already_installed', reason: `${kb} brings ${osBuild}, which the device has.` };
  }
  return has > brings
    ? {
        verdict: 'superseded',
        reason: `${kb} brings ${target.osBuild}; the device is above it with ${osBuild}.`,
      }
    : { verdict: 'applicable', reason: `${kb} brings ${osBuild} to ${target.osBuild}.` };
}

/** The highest revision of the KB on the device's build line. */
function targetFor(releases: readonly KbRelease[], osBuild: string): KbRelease | undefined {
  return highest(releases.filter((release) => lineOf(release.osBuild) === lineOf(osBuild)));
}

function newerThan(target: KbRelease): NamedRelease | null {
  const brings = revisionOf(target.osBuild);
  if (brings === null) return null;
  const kept = releasesOfLine(lineOf(target.osBuild)).filter(
    ({ expired, kind }) => !expired && (kind === 'security_or_monthly' || kind === 'out_of_band'),
  );
  const newest = highest(kept);
  const isAbove = newest && (revisionOf(newest.osBuild) ?? 0) > brings;
  return isAbove && newest.kb !== target.kb ? named(newest) : null;
}

function sameMonthFor(release: KbRelease, osBuild: string): NamedRelease | null {
  const found = highest(releasesOfLabel(labelOf(release), osBuild) ?? []);
  return found ? named(found) : null;
}

function nearestFor(kb: string, device: DeviceFacts): KbCheck['nearest'] {
  const verdictOf = (known: string): Applicability => judge(known, buildsOfKb(known), device).verdict;
  return nearestKbs(kb, (known) => verdictOf(known) === 'applicable').map((known) => ({
    kb: known,
    verdict: verdictOf(known),
    releaseLabel: releaseLabelOf(known, device.osBuild ?? '') ?? '',
  }));
}

function highest(releases: readonly KbRelease[]): KbRelease | undefined {
  return releases.reduce<KbRelease | undefined>(
    (best, release) =>
      best && (revisionOf(best.osBuild) ?? 0) >= (revisionOf(release.osBuild) ?? 0) ? best : release,
    undefined,
  );
}

const named = (release: KbRelease): NamedRelease => ({
  kb: release.kb,
  osBuild: release.osBuild,
  releaseLabel: labelOf(release),
  releasedOn: release.releasedOn,
});

function describe(osBuild: string): string {
  const name = lineName(lineOf(osBuild));
  return name === null ? osBuild : `${osBuild} (${name})`;
}
