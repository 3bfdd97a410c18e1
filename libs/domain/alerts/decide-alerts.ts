import { isWrapperCode } from '../signature/wrapper-codes.js';
import type { JudgedSeries, Look } from '../spikes/look.js';
import {
  QUIET_DEVICES,
  QUIET_TIMES_EXPECTED,
  RECOVERY_EVIDENCE,
  REOPEN_WITHIN_MS,
  STALE_AFTER_MS,
  UPDATE_GROWTH,
} from '../spikes/constants.js';
import type { AlertEvent, AlertEvidence } from './alert-events.js';
import { alertIdOf } from './alert-id.js';
import type { Alert } from './alert.js';
import type { AlertsState } from './alerts-state.js';

/**
 * What a look leads to. One incident is one alert:
 * - a spike with no alert of its signature opens one; within three days of the last one's end it opens that again;
 * - while an alert is open its series is not tested again; the alert is updated when the number of failing devices has
 *   doubled, or when it turns quiet or loud;
 * - when finer evidence has moved the devices of an open alert to a finer signature, the alert goes with them;
 *   a second one is not raised, also not while they are still moving.
 *
 * Quiet = fewer newly failing devices in 24 h than max(2, 2 × expected at the rate from before the alert).
 * A quiet alert resolves as `recovered` when today's installs should have shown 6 failures at the alert's own rate,
 * else as `stale` after 7 days of quiet: no installs prove nothing.
 */
export function decideAlerts(look: Look, state: AlertsState, channels: readonly string[]): AlertEvent[] {
  const seriesOf = new Map(
    look.series.map((series) => [seriesKey(series.bank, series.signature.id), series]),
  );
  const open = [...state.alerts.values()].filter((alert) => alert.state === 'open');
  const followed = open.map((alert) => {
    const own = seriesOf.get(seriesKey(alert.bank, alert.signature.id));
    return { alert, series: isQuiet(alert, own) ? (finerSpike(alert, look) ?? own) : own };
  });
  const installsOfBank = new Map(look.series.map(({ bank, installs }) => [bank, installs]));
  const events = followed.flatMap(({ alert, series }) =>
    follow(alert, series, { failed: 0, installs: installsOfBank.get(alert.bank) ?? 0 }, look.atMs, channels),
  );

  const taken = new Set(
    followed.map(({ alert, series }) => seriesKey(alert.bank, (series ?? alert).signature.id)),
  );
  for (const series of look.series) {
    const key = seriesKey(series.bank, series.signature.id);
    if (!series.spikes || taken.has(key) || open.some((alert) => isFiner(alert, series))) continue;
    events.push(openOrReopen(series, state, look.atMs, channels));
    taken.add(key);
  }
  return events;
}

const seriesKey = (bank: string, signatureId: string): string => `${bank}/${signatureId}`;

function isQuiet(alert: Alert, series: JudgedSeries | undefined): boolean {
  const failed = series?.failed ?? 0;
  const expected = (series?.installs ?? 0) * alert.rate;
  return failed < Math.max(QUIET_DEVICES, QUIET_TIMES_EXPECTED * expected);
}

/**
 * The series may be what the alert's devices turn out to be: same bank, and either the same code with every part the
 * alert knows equal, or a bare wrapper code (0x80070643 …) on the alert's side and the same build and KB.
 */
function isFiner(alert: Alert, series: JudgedSeries): boolean {
  const [known, other] = [alert.signature, series.signature];
  if (alert.bank !== series.bank || known.id === other.id) return false;
  if (known.l1 === other.l1) return agree(known.l2, other.l2, '/') && agree(known.l3, other.l3, ' + ');
  const bareWrapper = isWrapperCode(known.l1) && known.l2 === '' && known.l3 === '';
  return bareWrapper && alert.build === series.topBuild && alert.kb === series.topKb;
}

/** Every known part of a level is among the other's; `-` and '' are not known. */
function agree(known: string, other: string, separator: string): boolean {
  const parts = other.split(separator);
  return known.split(separator).every((part) => part === '' || part === '-' || parts.includes(part));
}

/** The finer signature that holds most of the devices now. */
function finerSpike(alert: Alert, look: Look): JudgedSeries | undefined {
  return look.series
    .filter((series) => series.spikes && isFiner(alert, series))
    .sort(
      (left, right) => right.failed - left.failed || (left.signature.id < right.signature.id ? -1 : 1),
    )[0];
}

function follow(
  alert: Alert,
  series: JudgedSeries | undefined,
  /** The counts of a signature without any failure today: a series that is not listed. */
  silence: { readonly failed: number; readonly installs: number },
  atMs: number,
  channels: readonly string[],
): AlertEvent[] {
  const eventNo = alert.lastEventNo + 1;
  const { alertId } = alert;
  if (isQuiet(alert, series)) {
    const quietSinceMs = alert.quietSinceMs ?? atMs;
    const { failed, installs } = series ?? silence;
    const recovered = installs * alert.shareAtRaise >= RECOVERY_EVIDENCE;
    if (recovered || atMs - quietSinceMs >= STALE_AFTER_MS) {
      const reason = recovered ? 'recovered' : 'stale';
      return [{ type: 'AlertResolved', alertId, eventNo, reason, failed, installs, channels: [...channels] }];
    }
    if (alert.quietSinceMs !== null) return [];
    return [
      {
        type: 'AlertUpdated',
        alertId,
        eventNo,
        signature: alert.signature,
        ...evidenceOf2(alert),
        quietSinceMs,
        isAnnounced: false,
        channels: [],
      },
    ];
  }
  if (!series) return [];
  const moved = series.signature.id !== alert.signature.id;
  if (!moved && alert.quietSinceMs === null && series.failed < UPDATE_GROWTH * alert.failed) return [];
  const { signature } = series;
  return [
    {
      type: 'AlertUpdated',
      alertId,
      eventNo,
      signature,
      ...evidenceOf(series),
      quietSinceMs: null,
      isAnnounced: false,
      channels: [],
    },
  ];
}

function openOrReopen(
  series: JudgedSeries,
  state: AlertsState,
  atMs: number,
  channels: readonly string[],
): AlertEvent {
  const { bank, signature, topBuild: build, topKb: kb } = series;
  const ended = [...state.alerts.values()]
    .filter((alert) => alert.bank === bank && alert.signature.id === signature.id)
    .filter((alert) => alert.resolvedAtMs !== null && atMs - alert.resolvedAtMs <= REOPEN_WITHIN_MS)
    .sort((left, right) => (right.resolvedAtMs ?? 0) - (left.resolvedAtMs ?? 0))[0];
  const evidence = evidenceOf(series);
  if (ended) {
    const { alertId, lastEventNo } = ended;
    return { type: 'AlertReopened', alertId, eventNo: lastEventNo + 1, signature, ...evidence };
  }
  const { tier, rate, threshold, firstArrival, thirdArrival } = series;
  return {
    type: 'AlertRaised',
    alertId: alertIdOf({ bank, build, kb, signatureId: signature.id, openedAtMs: atMs }),
    eventNo: 1,
    tier,
    basis: tier === 'ticket' ? 'provisional' : 'usual',
    isPast: false,
    bank,
    signature,
    ...evidence,
    rate,
    threshold,
    firstArrival,
    thirdArrival,
    channels: [...channels],
  };
}

const evidenceOf = (series: JudgedSeries): AlertEvidence => ({
  failed: series.failed,
  installs: series.installs,
  expected: series.expected,
  lnP: series.lnP,
  build: series.topBuild,
  kb: series.topKb,
  branches: [...series.branches],
  ...FIRST_FORM,
  top: { bank: series.bank, build: series.topBuild, kb: series.topKb },
  levels: [series.signature.id],
  covers: [series.signature.id],
});
const FIRST_FORM = { windowMs: 86_400_000, reach: { banks: 1, builds: 1, kbs: 1 }, related: [] };

const evidenceOf2 = (alert: Alert): AlertEvidence => {
  const {
    failed,
    installs,
    expected,
    lnP,
    build,
    kb,
    branches,
    windowMs,
    top,
    reach,
    levels,
    covers,
    related,
  } = alert;
  return {
    failed,
    installs,
    expected,
    lnP,
    build,
    kb,
    branches,
    windowMs,
    top,
    reach,
    levels,
    covers,
    related,
  };
};
