import type { BuildObservation, Report } from './report.js';

/**
 * The build a try began on (contract.md §3): osBuild of its earliest report that has one; else of the newest
 * inventory at or before its start, unless that is known to be of another OS instance; else `unknown`.
 * Numerator and denominator both use it.
 * @param reports of one try, in order
 */
export function buildOfTry(
  reports: readonly Report[],
  startedAtMs: number | null,
  builds: readonly BuildObservation[],
): string {
  for (const { osBuild } of reports) if (osBuild !== '') return osBuild;
  if (startedAtMs === null || builds.length === 0) return 'unknown';
  const osInstance = reports.find((report) => report.osInstance !== '')?.osInstance ?? '';
  let newest: BuildObservation | null = null;
  for (const build of builds) {
    if (build.osBuild === '' || build.takenAtMs > startedAtMs) continue;
    if (osInstance !== '' && build.osInstance !== '' && build.osInstance !== osInstance) continue;
    if (newest === null || isNewer(build, newest)) newest = build;
  }
  return newest?.osBuild ?? 'unknown';
}

function isNewer(build: BuildObservation, rival: BuildObservation): boolean {
  if (build.takenAtMs !== rival.takenAtMs) return build.takenAtMs > rival.takenAtMs;
  return build.osBuild > rival.osBuild;
}
