import type { Opening } from '../spikes/scan/openings.js';
import { reachOf, relatedSeries, topOf } from '../spikes/scan/openings.js';
import type { LookCounts } from '../spikes/scan/counts.js';
import type { AlertEvent, AlertEvidence } from './alert-events.js';
import type { Alert } from './alert.js';
import { applyAlertEvent } from './alerts-state.js';

/** Related signatures that an alert names. */
const MOST_RELATED = 5;

/** One look's decision in the making: its events, and the alerts as they are after them. */
export class AlertDraft {
  readonly events: AlertEvent[] = [];
  private readonly current: Map<string, Alert>;

  constructor(
    alerts: ReadonlyMap<string, Alert>,
    private readonly atMs: number,
  ) {
    this.current = new Map(alerts);
  }

  /** The same so far; what is added to one is not added to the other. */
  fork(): AlertDraft {
    return new AlertDraft(this.current, this.atMs);
  }

  /** Takes over what was added to a fork. */
  adopt(fork: AlertDraft): void {
    for (const event of fork.events) this.emit(event);
  }

  emit(event: AlertEvent): void {
    this.events.push(event);
    applyAlertEvent(this.current, event, this.atMs);
  }

  get alerts(): readonly Alert[] {
    return [...this.current.values()];
  }

  get open(): readonly Alert[] {
    return this.alerts.filter(({ state }) => state === 'open');
  }
}

/** What on-call is told of an opening. */
export function evidenceOf(opening: Opening, counts: LookCounts): AlertEvidence {
  const { cell, lnP, levels, covers } = opening;
  const { banks, builds, kbs, branches } = reachOf(opening);
  return {
    failed: cell.failed,
    installs: cell.installs,
    expected: cell.expected,
    lnP,
    build: cell.build,
    kb: cell.kb,
    branches,
    windowMs: cell.windowMs,
    top: topOf(opening),
    reach: { banks: banks.length, builds: builds.length, kbs: kbs.length },
    levels: [...levels],
    covers: [...covers],
    related: relatedSeries(opening, MOST_RELATED).map(({ series, failed }) => ({
      signature: counts.signatureOf(series),
      failed,
    })),
  };
}
