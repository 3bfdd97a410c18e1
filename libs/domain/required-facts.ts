import { namesDevice } from './pseudonym.js';
import type { DeviceIdentity } from './pseudonym.js';

interface ReportFacts extends DeviceIdentity {
  readonly eventType?: 'patch.update_attempt' | 'patch.device_inventory' | undefined;
  readonly targetKb?: string | undefined;
  readonly updateId?: string | undefined;
  readonly packageIdentity?: string | undefined;
  readonly occurredAt?: string | null | undefined;
  readonly occurredAtText?: string | undefined;
}

export interface MissingFact {
  /** The field that would usually say it. */
  readonly path: string;
  readonly message: string;
}

const NOTHING_MISSING: readonly MissingFact[] = [];

/**
 * What a report of either kind must say beyond its fields' own forms (contract §2): which device; and an update
 * attempt also which update, and when. Empty = nothing is missing. Runs for every report, so it allocates only
 * when something is.
 */
export function missingFacts(report: ReportFacts): readonly MissingFact[] {
  const device = namesDevice(report);
  const inventory = report.eventType === 'patch.device_inventory';
  const update =
    inventory ||
    report.targetKb !== undefined ||
    report.updateId !== undefined ||
    report.packageIdentity !== undefined;
  const time = inventory || typeof report.occurredAt === 'string' || report.occurredAtText !== undefined;
  if (device && update && time) return NOTHING_MISSING;
  const missing: MissingFact[] = [];
  if (!device) {
    missing.push({
      path: 'deviceKey',
      message: 'no device: give deviceKey, deviceName, or a deviceAliases entry that is no placeholder',
    });
  }
  if (!update) {
    missing.push({ path: 'targetKb', message: 'no update: give targetKb, updateId or packageIdentity' });
  }
  if (!time) {
    missing.push({
      path: 'occurredAt',
      message: 'no time: give occurredAt, or occurredAtText as the source wrote it',
    });
  }
  return missing;
}
