import { ANY, holds } from '#domain/spikes/scan/scope.js';
import type { Scope } from '#domain/spikes/scan/scope.js';
import { HOUR_MS } from './scenario.js';
import type { Incident, LabelledReport, Scenario } from './scenario.js';

/** One notification: what it told of, and when. */
export interface ScoredAlert extends Scope {
  readonly signature: string;
  readonly openedMs: number;
}

const WINDOWS_HOURS = [6, 24, 72];
const LABELLED_SHARE = 0.3;
const AFTER_MS = 24 * HOUR_MS;
const SMALL_DEVICES = 10;

/** What is counted of a scenario; sums over scenarios are pooled figures. */
export interface Score {
  readonly alerts: number;
  readonly matched: number;
  /** Per scored or unscored incident that an alert matches. */
  readonly detected: readonly {
    readonly incident: Incident;
    readonly delayHours: number;
    readonly devices: number;
    readonly equalValues: number;
  }[];
  readonly incidents: readonly Incident[];
  readonly weeks: number;
  readonly seriesWeeks: number;
}

/** Holds alerts against the truth by the rules of the spike corpus. */
export function scoreAlerts(scenario: Scenario, alerts: readonly ScoredAlert[]): Score {
  const counted = alerts.filter(({ openedMs }) => openedMs >= scenario.scoreFromMs);
  const firstMatch = new Map<Incident, { alert: ScoredAlert; equalValues: number }>();
  let matched = 0;
  for (const alert of counted) {
    const own = scenario.reports.filter(
      (report) => report.signature === alert.signature && holds(alert, report),
    );
    const incident = scenario.incidents.find((candidate) => isMatch(alert, candidate, own));
    if (!incident) continue;
    matched += 1;
    const equalValues = equalValuesOf(alert, incident);
    const known = firstMatch.get(incident);
    if (known) known.equalValues = Math.max(known.equalValues, equalValues);
    else firstMatch.set(incident, { alert, equalValues });
  }
  return {
    alerts: counted.length,
    matched,
    detected: [...firstMatch].map(([incident, { alert, equalValues }]) => ({
      incident,
      equalValues,
      delayHours: (alert.openedMs - incident.firstArrivalMs) / HOUR_MS,
      devices: new Set(
        scenario.reports
          .filter((report) => report.incident === incident.id && report.arrivedMs <= alert.openedMs)
          .map(({ device }) => device),
      ).size,
    })),
    incidents: scenario.incidents.filter(({ isScored }) => isScored),
    weeks: (scenario.hours - scenario.scoreFromMs / HOUR_MS) / 168,
    seriesWeeks: scenario.seriesWeeks,
  };
}

export function pool(scores: readonly Score[]): Score {
  const sum = (pick: (score: Score) => number) => scores.reduce((total, score) => total + pick(score), 0);
  return {
    alerts: sum(({ alerts }) => alerts),
    matched: sum(({ matched }) => matched),
    detected: scores.flatMap(({ detected }) => detected),
    incidents: scores.flatMap(({ incidents }) => incidents),
    weeks: sum(({ weeks }) => weeks),
    seriesWeeks: sum(({ seriesWeeks }) => seriesWeeks),
  };
}

/** The metrics of the spike corpus. Shares are null where nothing can be divided. */
export function metricsOf({ alerts, matched, detected, incidents, weeks, seriesWeeks }: Score) {
  const found = new Set(detected.filter(({ incident }) => incident.isScored).map(({ incident }) => incident));
  const recallOf = (which: (incident: Incident) => boolean) => {
    const all = incidents.filter(which);
    return { detected: all.filter((incident) => found.has(incident)).length, of: all.length };
  };
  const shareOf = (which: (incident: Incident) => boolean): number | null => {
    const recalled = recallOf(which);
    return share(recalled.detected, recalled.of);
  };
  const isSmall = (incident: Incident): boolean => incident.devices <= SMALL_DEVICES;
  const delays = detected.map(({ delayHours }) => delayHours).sort((left, right) => left - right);
  const devices = detected.map((each) => each.devices).sort((left, right) => left - right);
  const withScope = (least: number) => detected.filter(({ equalValues }) => equalValues >= least).length;
  const falseAlerts = alerts - matched;
  return {
    precision: share(matched, alerts),
    recall: share(found.size, incidents.length),
    alerts,
    matched,
    falseAlerts,
    falseAWeek: share(falseAlerts, weeks),
    falsePer1000SeriesWeeks: share(falseAlerts * 1_000, seriesWeeks),
    delayHoursMedian: quantile(delays, 0.5),
    delayHours90: quantile(delays, 0.9),
    devicesAtDetectionMedian: quantile(devices, 0.5),
    notificationsPerIncident: share(matched, detected.length),
    scopeExact: share(withScope(3), detected.length),
    scopeWithinOne: share(withScope(2), detected.length),
    recallByLift: {
      over50: recallOf(({ lift }) => lift > 50),
      from20To50: recallOf(({ lift }) => lift >= 20 && lift <= 50),
      from10To20: recallOf(({ lift }) => lift >= 10 && lift < 20),
      from6To10: recallOf(({ lift }) => lift >= 6 && lift < 10),
      below6: recallOf(({ lift }) => lift < 6),
    },
    recallUpTo10Devices: recallOf(isSmall),
    recallLiftFrom20: shareOf(({ lift }) => lift >= 20),
    recallLift10To20: shareOf(({ lift }) => lift >= 10 && lift < 20),
    recallSmall: shareOf(isSmall),
  };
}

function isMatch(alert: ScoredAlert, incident: Incident, own: readonly LabelledReport[]): boolean {
  if (alert.signature !== incident.signature) return false;
  if (alert.openedMs < incident.firstArrivalMs || alert.openedMs > incident.lastArrivalMs + AFTER_MS)
    return false;
  if (!agree(alert, incident)) return false;
  return WINDOWS_HOURS.some((hours) => {
    const seen = own.filter(
      ({ arrivedMs }) => arrivedMs > alert.openedMs - hours * HOUR_MS && arrivedMs <= alert.openedMs,
    );
    const labelled = seen.filter((report) => report.incident === incident.id).length;
    return seen.length > 0 && labelled >= LABELLED_SHARE * seen.length;
  });
}

const VALUES = ['bank', 'build', 'kb'] as const;
const agree = (left: Scope, right: Scope): boolean =>
  VALUES.every((value) => left[value] === ANY || right[value] === ANY || left[value] === right[value]);
const equalValuesOf = (left: Scope, right: Scope): number =>
  VALUES.filter((value) => left[value] === right[value]).length;

const share = (part: number, whole: number): number | null =>
  whole === 0 ? null : Math.round((part / whole) * 1_000) / 1_000;
const quantile = (sorted: readonly number[], part: number): number | null =>
  sorted[Math.floor(part * sorted.length)] ?? null;
