import {
  DAY_MS,
  QUIET_DEVICES,
  QUIET_TIMES_EXPECTED,
  RECOVERY_EVIDENCE,
  STALE_MS,
  UPDATE_GROWTH,
} from '../spikes/constants.js';
import type { WindowCells } from '../spikes/scan/cells.js';
import type { Failure, LookCounts } from '../spikes/scan/counts.js';
import { holds } from '../spikes/scan/scope.js';
import { coveredSeries, isOfSeries } from '../spikes/scan/told-span.js';
import { evidenceIn } from './alert-events.js';
import type { AlertEvent } from './alert-events.js';
import type { Alert } from './alert.js';

/** What a look sees that open alerts are followed by. */
export interface Following {
  readonly counts: LookCounts;
  /** Attempts that arrived and began within a day, against the rates by which the alert was judged. */
  readonly lastDayOf: (alert: Alert) => WindowCells;
  /** The window in which an alert was seen. */
  readonly windowOf: (alert: Alert) => WindowCells | undefined;
  /** Watch time of the look before. */
  readonly sinceMs: number;
  readonly channels: readonly string[];
  /** A look that is made up for: nothing that was raised at such a look is told yet. */
  readonly isPast: boolean;
}

/**
 * What becomes of an open alert at a look.
 * Quiet = fewer devices failed of attempts begun within a day than max(2, 2 × expected). A quiet alert that is a day old
 * is over as `recovered` when, since the last look that was not quiet, so much was tried that 6 failures should have
 * been seen at the alert's own rate; or as `stale` after 7 days without a failure, whatever was tried.
 * It is told anew when twice as many devices fail, and when it was raised for a missed look and is open still.
 */
export function followAlert(alert: Alert, following: Following): AlertEvent | null {
  const { counts, sinceMs, channels, isPast } = following;
  const { atMs } = counts;
  const { alertId, signature } = alert;
  const eventNo = alert.lastEventNo + 1;
  const span = alert.spans.at(-1);
  if (!span) return null;

  const day = following.lastDayOf(alert);
  const isOwn = (failure: Failure): boolean => isOfSeries(span, failure.levels) && holds(span, failure);
  const failing = devicesOf(day.window.failures.filter(isOwn));
  const { installs, expected } = day.told(coveredSeries(span), span);
  const isQuiet = failing < Math.max(QUIET_DEVICES, QUIET_TIMES_EXPECTED * expected);
  const quietSinceMs = isQuiet ? (alert.quietSinceMs ?? sinceMs) : null;

  const lastFailureMs = counts.active
    .filter((series) => isOfSeries(span, series.levels) && holds(span, series))
    .reduce((last, { lastArrivedMs }) => Math.max(last, lastArrivedMs), alert.activeSinceMs);
  const isStale = atMs - lastFailureMs >= STALE_MS;
  const isRecovered =
    quietSinceMs !== null &&
    atMs - span.openedMs >= DAY_MS &&
    counts.arrivedSince(span, quietSinceMs) >= RECOVERY_EVIDENCE / alert.shareAtRaise;
  if (isStale || isRecovered) {
    const reason = isRecovered ? ('recovered' as const) : ('stale' as const);
    return {
      type: 'AlertResolved',
      alertId,
      eventNo,
      reason,
      failed: failing,
      installs,
      channels: [...channels],
    };
  }

  const grown = grownBy(alert, following, isOwn);
  const isAnnounced = !alert.isAnnounced && !isPast;
  if (quietSinceMs === alert.quietSinceMs && grown === null && !isAnnounced) return null;
  return {
    type: 'AlertUpdated',
    alertId,
    eventNo,
    signature,
    ...evidenceIn(alert),
    ...grown,
    quietSinceMs,
    isAnnounced,
    channels: isAnnounced ? [...channels] : [],
  };
}

/** The counts of its own window once the number of failing devices has doubled since last told. */
function grownBy(
  alert: Alert,
  { windowOf }: Following,
  isOwn: (failure: Failure) => boolean,
): { failed: number; installs: number; expected: number } | null {
  const window = windowOf(alert);
  if (!window) return null;
  const failed = devicesOf(window.window.failures.filter(isOwn));
  if (failed < UPDATE_GROWTH * alert.failed) return null;
  const { installs, expected } = window.told(coveredSeries({ levels: alert.covers }), alert);
  return { failed, installs: Math.max(installs, failed), expected };
}

const devicesOf = (failures: readonly Failure[]): number =>
  new Set(failures.map(({ device }) => device)).size;
