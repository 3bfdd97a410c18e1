import { MERGED_FROM, REOPEN_MS } from '../spikes/constants.js';
import { lnPOf } from '../spikes/scan/cells.js';
import type { WindowCells } from '../spikes/scan/cells.js';
import type { LookCounts } from '../spikes/scan/counts.js';
import type { Opening } from '../spikes/scan/openings.js';
import { fixedValues, holds, overlap, scopeId, scopesOf } from '../spikes/scan/scope.js';
import type { Scope } from '../spikes/scan/scope.js';
import { areRelated, coveredSeries, isOfSeries } from '../spikes/scan/told-span.js';
import { isWrapperCode } from '../signature/wrapper-codes.js';
import { evidenceOf } from './alert-draft.js';
import type { AlertDraft } from './alert-draft.js';
import type { AlertRaised } from './alert-events.js';
import { alertIdOf } from './alert-id.js';
import type { Alert } from './alert.js';

/** How what is found in one search is told. */
export interface Telling {
  readonly tier: AlertRaised['tier'];
  readonly basis: AlertRaised['basis'];
  readonly counts: LookCounts;
  readonly windows: readonly WindowCells[];
  readonly c2: number;
  readonly channels: readonly string[];
  readonly isPast: boolean;
}

/** Half of the failing devices were known when the alert was raised: they are its own under a better name. */
const MOVED_SHARE = 0.5;

/**
 * Tells an opening: as an alert of its own, or
 * - the same scope was told until three days ago: that alert opens again, without a new notification;
 * - it is what the devices of an open alert with a bare wrapper code (0x80070643 …) turn out to be: that alert moves;
 * - its scope holds alerts that are open, or three would be open in one scope: the oldest is widened, the rest merged;
 * - a page takes open tickets of the same incident in.
 * @param visible alerts that the search saw
 */
export function tellOpening(
  draft: AlertDraft,
  found: Opening,
  visible: readonly Alert[],
  telling: Telling,
): void {
  const { counts, channels } = telling;
  const { atMs } = counts;
  const before = visible.find((alert) => goesOn(alert, found, atMs));
  if (before) {
    const { alertId, lastEventNo } = before;
    const evidence = evidenceOf(found, counts);
    const signature = counts.signatureOf(coveredSeries(found));
    draft.emit({ type: 'AlertReopened', alertId, eventNo: lastEventNo + 1, signature, ...evidence });
    return;
  }
  const open = visible.filter(({ state }) => state === 'open');
  const bare = open.find((alert) => isMoved(alert, found));
  if (bare) {
    const { alertId, lastEventNo } = bare;
    draft.emit({
      type: 'AlertUpdated',
      alertId,
      eventNo: lastEventNo + 1,
      signature: counts.signatureOf(coveredSeries(found)),
      ...evidenceOf(found, counts),
      quietSinceMs: null,
      isAnnounced: false,
      channels: [],
    });
    return;
  }
  const related = open.filter(
    (alert) => alert.tier === telling.tier && areRelated(alert.covers, found.covers),
  );
  const scope = mergedScope(found.cell, related);
  const opening = scope ? overScope(found, scope, telling) : found;
  const contained = related.filter(
    (alert) => holds(opening.cell, alert) && isOfSeries({ levels: opening.covers }, alert.covers),
  );
  const alertId = contained[0]
    ? widen(draft, contained[0], opening, telling)
    : raise(draft, opening, telling);
  const merged = new Set(contained.slice(1));
  if (telling.tier === 'page')
    for (const alert of draft.open)
      if (alert.tier === 'ticket' && isSameIncident(alert, opening)) merged.add(alert);
  for (const alert of merged)
    draft.emit({
      type: 'AlertMerged',
      alertId: alert.alertId,
      eventNo: alert.lastEventNo + 1,
      intoAlertId: alertId,
    });

  function widen(into: AlertDraft, alert: Alert, wider: Opening, { isPast }: Telling): string {
    into.emit({
      type: 'AlertWidened',
      alertId: alert.alertId,
      eventNo: alert.lastEventNo + 1,
      bank: wider.cell.bank,
      signature: counts.signatureOf(coveredSeries(wider)),
      ...evidenceOf(wider, counts),
      channels: isPast ? [] : [...channels],
    });
    return alert.alertId;
  }
}

/** @returns the alert's id */
function raise(
  draft: AlertDraft,
  opening: Opening,
  { tier, basis, counts, channels, isPast }: Telling,
): string {
  const { cell, threshold, failures } = opening;
  const { bank, build, kb, expected, installs } = cell;
  const signature = counts.signatureOf(coveredSeries(opening));
  const arrivals = arrivalsOf(failures);
  const alertId = alertIdOf({ bank, build, kb, signatureId: signature.id, openedAtMs: counts.atMs });
  draft.emit({
    type: 'AlertRaised',
    alertId,
    eventNo: 1,
    tier,
    basis,
    bank,
    signature,
    ...evidenceOf(opening, counts),
    rate: expected / Math.max(1, installs),
    threshold,
    isPast,
    firstArrival: isoOf(arrivals[0]) ?? new Date(counts.atMs).toISOString(),
    thirdArrival: isoOf(arrivals[2]),
    channels: isPast ? [] : [...channels],
  });
  return alertId;
}

/** One alert that sums up a look with more openings than anybody could read: any failure, where all of them are. */
export function raiseSummary(draft: AlertDraft, raised: readonly Alert[], telling: Telling): void {
  const [first] = raised;
  const window = telling.windows.find(({ windowMs }) => windowMs === first?.windowMs);
  if (!first || !window) return;
  const leaf = first.top ?? first;
  const scope = scopesOf(leaf)
    .filter((each) => raised.every((alert) => holds(each, alert)))
    .sort((left, right) => fixedValues(right) - fixedValues(left))[0];
  const failures = window.window.failures.filter((failure) => scope && holds(scope, failure));
  const cell = window.cellOf(coveredSeries({ levels: [] }), scope ?? first, devicesOf(failures));
  const lnP = lnPOf(cell, telling.c2);
  const threshold = Math.max(...raised.map((alert) => alert.lnP));
  raise(draft, { cell, lnP, threshold, levels: [], covers: [], failures }, { ...telling, basis: 'any' });
}

function goesOn(alert: Alert, { cell, covers }: Opening, atMs: number): boolean {
  return (
    alert.state === 'resolved' &&
    alert.spans.some(
      (span) =>
        span.closedMs !== null &&
        atMs - span.closedMs <= REOPEN_MS &&
        scopeId(span) === scopeId(cell) &&
        coveredSeries(span) === coveredSeries({ levels: covers }),
    )
  );
}

function isMoved(alert: Alert, { cell, covers, failures }: Opening): boolean {
  const { l1, l2, l3 } = alert.signature;
  if (!isWrapperCode(l1) || l2 !== '' || l3 !== '' || covers[0] === alert.covers[0]) return false;
  if (alert.bank !== cell.bank || overlap(alert, cell) === null) return false;
  const known = failures.filter(({ arrivedMs }) => arrivedMs <= alert.openedAtMs);
  return devicesOf(known) >= MOVED_SHARE * devicesOf(failures);
}

const isSameIncident = (alert: Alert, { cell, covers }: Opening): boolean =>
  areRelated(alert.covers, covers) && (holds(cell, alert) || holds(alert, cell));

/** The narrowest scope around a new alert in which three would be open, told as one; null when there is none. */
function mergedScope(cell: Scope, open: readonly Alert[]): Scope | null {
  const { bank, build, kb } = cell;
  return (
    scopesOf({ bank, build, kb })
      .filter((scope) => open.filter((alert) => holds(scope, alert)).length >= MERGED_FROM - 1)
      .sort((a, b) => fixedValues(b) - fixedValues(a) || (scopeId(a) < scopeId(b) ? -1 : 1))[0] ?? null
  );
}

/** The same opening as its wider scope shows it. */
function overScope(found: Opening, scope: Scope, { windows, c2 }: Telling): Opening {
  const window = windows.find(({ windowMs }) => windowMs === found.cell.windowMs);
  if (!window) return found;
  const failures = window.window.failures.filter(
    (failure) => isOfSeries({ levels: found.covers }, failure.levels) && holds(scope, failure),
  );
  const named = failures.filter((failure) => isOfSeries(found, failure.levels));
  const cell = window.cellOf(coveredSeries(found), scope, devicesOf(named));
  return { ...found, cell, lnP: lnPOf(cell, c2), failures };
}

const devicesOf = (failures: Opening['failures']): number =>
  new Set(failures.map(({ device }) => device)).size;

/** First arrival of each device, in order. */
function arrivalsOf(failures: Opening['failures']): number[] {
  const first = new Map<string, number>();
  for (const { device, arrivedMs } of failures)
    first.set(device, Math.min(arrivedMs, first.get(device) ?? Infinity));
  return [...first.values()].sort((left, right) => left - right);
}
const isoOf = (ms: number | undefined): string | null =>
  ms === undefined ? null : new Date(ms).toISOString();
