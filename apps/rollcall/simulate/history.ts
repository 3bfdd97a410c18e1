import { isoTime, reportsOfAttempt, buildBefore, arrivalDelayMs } from './attempt-reports.js';
import type { TimedReport } from './attempt-reports.js';
import { ORDINARY_FAILURES } from './failures.js';
import type { SimulatedDevice } from './fleet.js';
import { createRandom } from './random.js';
import type { Random } from './random.js';
import { releasesBefore } from './releases.js';
import type { Release } from './releases.js';

export interface HistorySettings {
  readonly seed: string;
  readonly weeks: number;
  /** Nothing arrives after this. */
  readonly endMs: number;
  /** A branch whose ring has not begun the latest release (where an incident is to happen). */
  readonly heldBack: { readonly bank: string; readonly branch: string } | null;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Share of attempts that fail in a healthy fleet. */
const FAILURE_RATE = 0.03;
/** Share of retries that fail again. */
const RETRY_FAILURE_RATE = 0.25;
const MOST_TRIES = 4;
/** Share of devices that take part in a release at all; the rest is switched off or frozen. */
const TAKES_PART = 0.92;
/** Mean days from publication to the first try: banks test first, then go ring by ring. */
const MEAN_ROLLOUT_DAYS = 5;

/** Everything a fleet reported until `endMs`, in the order of arrival. Pure: the same settings give the same history. */
export function historyOf(fleet: readonly SimulatedDevice[], settings: HistorySettings): TimedReport[] {
  const releases = releasesBefore(settings.endMs);
  const beginMs = Math.min(settings.endMs - settings.weeks * 7 * DAY_MS, releases[0].publishedAtMs - DAY_MS);
  const reports = fleet.flatMap((device) => deviceHistory(device, releases, beginMs, settings));
  return reports
    .filter(({ receivedAtMs }) => receivedAtMs >= beginMs && receivedAtMs <= settings.endMs)
    .sort((left, right) => left.receivedAtMs - right.receivedAtMs);
}

function deviceHistory(
  device: SimulatedDevice,
  releases: readonly [Release, Release],
  beginMs: number,
  settings: HistorySettings,
): TimedReport[] {
  const random = createRandom(`${settings.seed}/history/${device.deviceKey}`);
  const reports: TimedReport[] = [];
  const builds = [{ sinceMs: beginMs, build: buildBefore(device, null) }];
  for (const release of releases) {
    const heldBack = device.bank === settings.heldBack?.bank && device.branch === settings.heldBack.branch;
    if (!random.chance(TAKES_PART) || (heldBack && release === releases[1])) continue;
    const tries = triesOfRelease(device, release, builds.at(-1)?.build ?? '', random);
    reports.push(...tries.reports);
    if (tries.installedAtMs !== null) {
      builds.push({ sinceMs: tries.installedAtMs, build: release.updates[device.line].build });
    }
  }
  for (let atMs = beginMs + random.between(0, 7 * DAY_MS); atMs < settings.endMs; atMs += 7 * DAY_MS) {
    const build = builds.findLast(({ sinceMs }) => sinceMs <= atMs)?.build ?? buildBefore(device, null);
    reports.push(inventory(device, atMs, build, random));
  }
  return reports;
}

function triesOfRelease(device: SimulatedDevice, release: Release, build: string, random: Random) {
  const reports: TimedReport[] = [];
  const days = Math.min(24, -Math.log(1 - random.next()) * MEAN_ROLLOUT_DAYS);
  let startedAtMs = release.publishedAtMs + HOUR_MS * random.between(2, 10) + days * DAY_MS;
  for (let tryNo = 1; tryNo <= MOST_TRIES; tryNo += 1) {
    const fails = random.chance(tryNo === 1 ? FAILURE_RATE : RETRY_FAILURE_RATE);
    const failure = fails ? random.pickWeighted(ORDINARY_FAILURES) : null;
    const endedAtMs = startedAtMs + random.between(6 * MINUTE_MS, 50 * MINUTE_MS);
    reports.push(
      ...reportsOfAttempt({ device, release, buildBefore: build, startedAtMs, endedAtMs, failure }, random),
    );
    if (failure === null) return { reports, installedAtMs: endedAtMs };
    startedAtMs = endedAtMs + random.between(4 * HOUR_MS, 30 * HOUR_MS);
  }
  return { reports, installedAtMs: null };
}

const OS_OF_LINE = {
  17763: { osName: 'Windows 10 Enterprise LTSC', osVersion: '1809', editionClaimed: 'V2020-L' },
  19044: { osName: 'Windows 10 Enterprise LTSC', osVersion: '21H2', editionClaimed: 'V2022-L' },
  19045: { osName: 'Windows 10 Enterprise', osVersion: '22H2', editionClaimed: 'V2022' },
} as const;

/** A snapshot of a device's facts at a time. */
function inventory(device: SimulatedDevice, atMs: number, osBuild: string, random: Random): TimedReport {
  const receivedAtMs = atMs + arrivalDelayMs(device, random);
  return {
    bank: device.bank,
    receivedAtMs,
    report: {
      eventType: 'patch.device_inventory',
      deviceKey: device.deviceKey,
      osInstance: device.osInstance,
      source: 'agent',
      takenAt: isoTime(atMs),
      receivedAt: isoTime(receivedAtMs),
      osBuild,
      ...OS_OF_LINE[device.line],
      osArchitecture: 'x64',
      manufacturer: device.manufacturer,
      model: device.model,
      branch: device.branch,
      pendingReboot: random.chance(0.03),
      systemVolumeFreeMb: Math.floor(random.between(8_000, 120_000)),
      lastScanAt: isoTime(atMs - random.between(0, 20 * HOUR_MS)),
      timeZone: 'China Standard Time',
    },
  };
}
