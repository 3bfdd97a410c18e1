import type { AttemptReport, InventoryReport } from '#domain/attempt-event.js';
import type { FailureKind } from './failures.js';
import type { SimulatedDevice } from './fleet.js';
import type { Random } from './random.js';
import { FIRST_BUILD } from './releases.js';
import type { Release } from './releases.js';

/** A report on its way: when the collector of its bank gets it. */
export interface TimedReport {
  readonly bank: string;
  readonly receivedAtMs: number;
  readonly report: AttemptReport | InventoryReport;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export const isoTime = (ms: number): string => new Date(Math.round(ms)).toISOString();

/** How long a report travels: mostly a minute, sometimes until the PC is switched on again, or until the carrier comes. */
export function arrivalDelayMs(device: SimulatedDevice, random: Random): number {
  if (device.offline) return random.between(6 * HOUR_MS, 7 * 24 * HOUR_MS);
  if (random.chance(0.12)) return random.between(HOUR_MS, 16 * HOUR_MS);
  return random.between(5_000, 2 * MINUTE_MS);
}

export interface SimulatedAttempt {
  readonly device: SimulatedDevice;
  readonly release: Release;
  readonly buildBefore: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** null = it succeeds. */
  readonly failure: FailureKind | null;
}

/** The build a device had before it takes `release`, when it skips nothing. */
export const buildBefore = (device: SimulatedDevice, earlier: Release | null): string =>
  earlier ? earlier.updates[device.line].build : FIRST_BUILD[device.line];

/**
 * The reports of one attempt: that it started (event 43), how it ended (19, 20, or wusa's own), and for half of
 * the failures what the servicing log knows, which travels later.
 */
export function reportsOfAttempt(attempt: SimulatedAttempt, random: Random): TimedReport[] {
  const { device, failure, startedAtMs, endedAtMs } = attempt;
  const byHand = device.channel === 'msu_wusa';
  const reports: TimedReport[] = [];
  const send = (
    occurredAtMs: number,
    delayMs: number,
    facts: Partial<AttemptReport> & Pick<AttemptReport, 'outcome'>,
  ) => {
    const receivedAtMs = occurredAtMs + delayMs;
    const report = {
      ...commonFacts(attempt),
      ...facts,
      occurredAt: isoTime(occurredAtMs),
      receivedAt: isoTime(receivedAtMs),
    };
    reports.push({ bank: device.bank, receivedAtMs, report });
  };
  const delayMs = arrivalDelayMs(device, random);
  const source = byHand ? 'wusa' : 'windows_update_client';
  if (!byHand) {
    const naturalKey = systemEvent(startedAtMs, 43);
    send(startedAtMs, delayMs, { source, naturalKey, outcome: 'unknown', startedAt: isoTime(startedAtMs) });
  }
  const common = {
    source,
    naturalKey: systemEvent(endedAtMs, failure ? 20 : 19),
    endedAt: isoTime(endedAtMs),
  } as const;
  if (failure === null) {
    const osBuildAfter = attempt.release.updates[device.line].build;
    send(endedAtMs, delayMs, { ...common, outcome: 'succeeded', osBuildAfter });
    return reports;
  }
  const rollback = failure.outcome === 'rolled_back' ? 'completed' : 'none';
  send(endedAtMs, delayMs, { ...common, outcome: failure.outcome, hresult: failure.code, rollback });
  if (random.chance(0.5)) {
    const lateMs = delayMs + random.between(2 * MINUTE_MS, 30 * HOUR_MS);
    send(endedAtMs, lateMs, servicingFacts(failure, endedAtMs));
  }
  return reports;
}

/** The servicing log's own word on the same failure: finer, so it supersedes the code alone. */
export const servicingFacts = (
  failure: FailureKind,
  endedAtMs: number,
): Partial<AttemptReport> & Pick<AttemptReport, 'outcome'> => ({
  source: 'servicing',
  sourceEventId: `servicing-${endedAtMs}`,
  outcome: failure.outcome,
  hresult: failure.code,
  endedAt: isoTime(endedAtMs),
  ...failure.evidence,
});

/** A record of the System channel; record ids rise with time, as in a real log. */
export const systemEvent = (atMs: number, eventId: number) =>
  ({
    kind: 'event_log',
    channel: 'System',
    recordId: Math.floor(atMs / 1_000) - 1_600_000_000 + eventId,
    timeCreated: isoTime(atMs),
  }) as const;

export function commonFacts({ device, release, buildBefore: osBuild, startedAtMs }: SimulatedAttempt) {
  const update = release.updates[device.line];
  return {
    eventType: 'patch.update_attempt',
    deviceKey: device.deviceKey,
    osInstance: device.osInstance,
    operation: 'install',
    targetKb: update.kb,
    updateId: update.updateId,
    updateRevision: 200,
    updateTitle: `${release.label.slice(0, 7).replace('.', '-')} Cumulative Update for Windows 10 for x64-based Systems (${update.kb})`,
    classification: 'Security Updates',
    timeSource: 'utc',
    startedAt: isoTime(startedAtMs),
    osBuild,
    channel: device.channel,
    branch: device.branch,
    model: device.model,
    deliveryMode: device.offline ? 'store_forward' : 'live',
    ...(device.upgradedFrom === undefined ? {} : { upgradedFrom: device.upgradedFrom }),
  } as const;
}
