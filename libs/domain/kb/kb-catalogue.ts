import catalogue from './kb-builds.json' with { type: 'json' };
import { boundedMemo } from '../bounded-memo.js';
import { shortId } from '../short-id.js';

/** One published revision: the KB, the OS build a device has after it, and when it came out. */
export interface KbRelease {
  readonly kb: string;
  /** `17763.4499`; for a servicing stack update, which moves no revision, the build alone. */
  readonly osBuild: string;
  /** `YYYY-MM-DD`. */
  readonly releasedOn: string;
  readonly kind: 'security_or_monthly' | 'preview' | 'out_of_band' | 'hotpatch' | 'servicing_stack';
  readonly expired: boolean;
  readonly ltscOnly: boolean;
}

/** Changes whenever a row does: histories told with another catalogue must be told anew. */
export const KB_CATALOGUE_VERSION: string = shortId(catalogue.rows);

/** Numbers CBS gives to packages that have none: they are no KBs (seen in real CBS logs). */
const PLACEHOLDERS: ReadonlySet<string> = new Set(['KB777777', 'KB777778']);

/**
 * Builds that share one servicing branch with an older one: their cumulative packages carry the older build's
 * number (`Package_for_RollupFix~…~~19041.3803.1.6` serves 19044 and 19045), the catalogue lists the newer ones.
 */
const NEWER_BUILDS_OF_BRANCH: ReadonlyMap<string, readonly string[]> = new Map([
  ['18362', ['18363']],
  ['19041', ['19042', '19043', '19044', '19045']],
  ['22621', ['22631']],
  ['26100', ['26200']],
]);

/** Everything published, in the order of the source. */
export const RELEASES: readonly KbRelease[] = catalogue.rows.map(readRow);
const releasesByBuild = groupReleases((release) => release.osBuild);
const releasesByKb = groupReleases((release) => release.kb);
const releasesByLine = groupReleases((release) => lineOf(release.osBuild));
/** Every KB the catalogue holds, once. */
export const KNOWN_KBS: readonly string[] = [...releasesByKb.keys()];
/** The day of the data (`YYYY-MM-DD`): what came later is not known. */
export const CATALOGUE_DAY: string = catalogue.day;
/** Where the rows come from, for reasons shown to people. */
export const sourceOfCatalogue: string = catalogue.source;
/** Build line → the Windows versions it is sold as. */
export const lineNames: ReadonlyMap<string, string> = new Map(Object.entries(catalogue.lines));
const kbByPackage = boundedMemo<{ readonly kb: string | null }>(20_000);

/**
 * The KB that brings a device to this build, or null when the catalogue has none (RTM builds, unknown ones).
 * Five old builds were published under two KBs: the earlier release is meant, the later one repeats it.
 */
export function kbOfBuild(osBuild: string): string | null {
  const known = osBuild.includes('.') ? releasesByBuild.get(osBuild) : undefined;
  if (!known) return null;
  return known.reduce((first, release) => (isEarlier(release, first) ? release : first)).kb;
}

/** All published revisions of a KB (one KB may serve several builds); empty when it is not known. */
export function buildsOfKb(kb: string): readonly KbRelease[] {
  return releasesByKb.get(kb) ?? [];
}

/** The build line of a build: `17763` of `17763.2114`. */
export function lineOf(osBuild: string): string {
  return osBuild.split('.', 1)[0] ?? '';
}

/** The revision of a build: 2114 of `17763.2114`; null when it names none. */
export function revisionOf(osBuild: string): number | null {
  const dot = osBuild.indexOf('.');
  return dot < 0 ? null : Number(osBuild.slice(dot + 1));
}

/** `Windows 10 1809 / LTSC 2019 / Server 2019` of line 17763, or null when the catalogue has no such line. */
export const lineName = (line: string): string | null => lineNames.get(line) ?? null;

/** All releases for a build line; empty when the catalogue has no such line. */
export const releasesOfLine = (line: string): readonly KbRelease[] => releasesByLine.get(line) ?? [];

export const isKnownBuild = (osBuild: string): boolean => releasesByBuild.has(osBuild);

export const isPlaceholderKb = (kb: string): boolean => PLACEHOLDERS.has(kb);

/**
 * The KB a CBS package identity (`name~token~arch~culture~version`) belongs to, or null: by the number in its
 * name, or for cumulative updates (`Package_for_RollupFix`) by build and revision in its version.
 * Servicing stack packages carry a build too, but it is the stack's own: they stay null.
 */
export function kbOfPackage(identity: string): string | null {
  return kbByPackage(identity, () => ({ kb: readPackageKb(identity) })).kb;
}

function readPackageKb(identity: string): string | null {
  const [name = '', , , , version = ''] = identity.trim().split('~');
  const named = /(?:^|[^a-z0-9])(KB\d{6,8})(?!\d)/i.exec(name)?.[1]?.toUpperCase();
  if (named) return isPlaceholderKb(named) ? null : named;
  if (!/^Package_for_(?:\w+_)?RollupFix/i.test(name)) return null;
  const [, build = '', revision = ''] = /^(\d{4,6})\.(\d{1,6})(?:\.|$)/.exec(version) ?? [];
  for (const candidate of [build, ...(NEWER_BUILDS_OF_BRANCH.get(build) ?? [])]) {
    const kb = kbOfBuild(`${candidate}.${revision}`);
    if (kb !== null) return kb;
  }
  return null;
}

/** Releases by anything that is read from one, in the order of the catalogue. */
export function groupReleases(
  keyOf: (release: KbRelease) => string,
): ReadonlyMap<string, readonly KbRelease[]> {
  const groups = new Map<string, KbRelease[]>();
  for (const release of RELEASES) {
    const group = groups.get(keyOf(release));
    if (group) group.push(release);
    else groups.set(keyOf(release), [release]);
  }
  return groups;
}

function readRow(row: string): KbRelease {
  const [kb = '', osBuild = '', releasedOn = '', ...flags] = row.split(' ');
  return {
    kb,
    osBuild,
    releasedOn,
    kind: kindOf(flags),
    expired: flags.includes('expired'),
    ltscOnly: flags.includes('ltsc-only'),
  };
}

function kindOf(flags: readonly string[]): KbRelease['kind'] {
  if (flags.includes('preview')) return 'preview';
  if (flags.includes('out-of-band')) return 'out_of_band';
  if (flags.includes('hotpatch')) return 'hotpatch';
  return flags.includes('servicing-stack') ? 'servicing_stack' : 'security_or_monthly';
}

function isEarlier(left: KbRelease, right: KbRelease): boolean {
  return left.releasedOn === right.releasedOn ? left.kb < right.kb : left.releasedOn < right.releasedOn;
}
