import { commonFacts, isoTime, servicingFacts, systemEvent } from './attempt-reports.js';
import type { TimedReport } from './attempt-reports.js';
import { LOG_GROWTH_FAILURE } from './failures.js';
import type { SimulatedDevice } from './fleet.js';
import { createRandom } from './random.js';
import { FIRST_BUILD, releasesBefore } from './releases.js';

export interface IncidentSettings {
  readonly seed: string;
  readonly bank: string;
  readonly branch: string;
  /** Reports arrive from here … */
  readonly fromMs: number;
  /** … to here. */
  readonly toMs: number;
  readonly devices: number;
}

const MINUTE_MS = 60_000;

/**
 * The devices the incident hits: those of the branch with its most common build line, so that they are one cohort.
 */
export function incidentDevices(
  fleet: readonly SimulatedDevice[],
  settings: IncidentSettings,
): SimulatedDevice[] {
  const branch = fleet.filter(({ bank, branch }) => bank === settings.bank && branch === settings.branch);
  const sizes = new Map<number, number>();
  for (const { line } of branch) sizes.set(line, (sizes.get(line) ?? 0) + 1);
  const line = [...sizes].sort((left, right) => right[1] - left[1])[0]?.[0];
  return branch.filter((device) => device.line === line).slice(0, settings.devices);
}

/**
 * The latest release reaches a held-back branch: its devices start, fail at the restart with 0x80071ab1 in poqexec and roll
 * back. In the order of arrival.
 */
export function incidentReports(
  fleet: readonly SimulatedDevice[],
  settings: IncidentSettings,
): TimedReport[] {
  const random = createRandom(`${settings.seed}/incident`);
  const [earlier, release] = releasesBefore(settings.toMs);
  const lengthMs = settings.toMs - settings.fromMs;
  const reports: TimedReport[] = [];
  for (const device of incidentDevices(fleet, settings)) {
    const endedAtMs = settings.fromMs + random.between(0.05, 0.8) * lengthMs;
    const startedAtMs = endedAtMs - random.between(12 * MINUTE_MS, 25 * MINUTE_MS);
    const before = random.chance(0.97) ? earlier.updates[device.line].build : FIRST_BUILD[device.line];
    const common = commonFacts({
      device,
      release,
      buildBefore: before,
      startedAtMs,
      endedAtMs,
      failure: LOG_GROWTH_FAILURE,
    });
    const endedAt = isoTime(endedAtMs);
    const send = (afterMs: number, facts: object) => {
      const receivedAtMs = Math.min(settings.toMs, endedAtMs + afterMs);
      const report = { ...common, ...facts, receivedAt: isoTime(receivedAtMs) } as TimedReport['report'];
      reports.push({ bank: device.bank, receivedAtMs, report });
    };
    const client = { source: 'windows_update_client' };
    const started = {
      outcome: 'unknown',
      occurredAt: isoTime(startedAtMs),
      naturalKey: systemEvent(startedAtMs, 43),
    };
    send(random.between(4_000, 20_000), { ...client, ...started });
    const failed = {
      outcome: 'rolled_back',
      rollback: 'completed',
      hresult: LOG_GROWTH_FAILURE.code,
      occurredAt: endedAt,
      endedAt,
    };
    send(random.between(20_000, 60_000), { ...client, ...failed, naturalKey: systemEvent(endedAtMs, 20) });
    send(random.between(60_000, 120_000), {
      ...servicingFacts(LOG_GROWTH_FAILURE, endedAtMs),
      occurredAt: endedAt,
    });
  }
  return reports.sort((left, right) => left.receivedAtMs - right.receivedAtMs);
}
