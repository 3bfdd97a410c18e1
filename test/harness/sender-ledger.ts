import type { StreamedReport } from './attempt-stream.js';

/** What the product shows of an attempt, as far as the ledger compares it. */
export interface ShownAttempt {
  readonly deviceKey: string;
  readonly kb: string;
  readonly startedAt: string | null;
  /** One entry a counted report. */
  readonly reports: readonly string[];
}

/** What a sender knows it has handed over: its own book, by its own plain rules, without any product code. */
export class SenderLedger {
  private readonly reports = new Map<string, StreamedReport>();
  /** Rows that were answered with 202, each time. */
  accepted = 0;

  noteAccepted(batch: readonly StreamedReport[]): void {
    this.accepted += batch.length;
    for (const report of batch) this.reports.set(report.sourceEventId, report);
  }

  /** The part of it that `isWanted` picks. */
  only(isWanted: (report: StreamedReport) => boolean): SenderLedger {
    const part = new SenderLedger();
    part.noteAccepted([...this.reports.values()].filter(isWanted));
    return part;
  }

  /** Distinct reports. */
  get events(): number {
    return this.reports.size;
  }

  get sourceEventIds(): ReadonlySet<string> {
    return new Set(this.reports.keys());
  }

  get attempts(): number {
    return this.reportsByAttempt().size;
  }

  /**
   * `kb build code` → failing devices: those with a failure of that code and no success after it. Nothing else ends
   * a failure.
   */
  failingDevices(): ReadonlyMap<string, number> {
    const byHistory = groupBy(this.reports.values(), ({ deviceKey, kb }) => `${deviceKey} ${kb}`);
    const failing = new Map<string, Set<string>>();
    for (const history of byHistory.values()) {
      const open = new Map<string, StreamedReport>();
      for (const report of history.sort((left, right) => left.atMs - right.atMs)) {
        if (report.outcome === 'succeeded') open.clear();
        else if (report.code !== '') open.set(report.code, report);
      }
      for (const { kb, build, code, deviceKey } of open.values()) {
        const cohort = `${kb} ${build} ${code}`;
        failing.set(cohort, (failing.get(cohort) ?? new Set()).add(deviceKey));
      }
    }
    return new Map([...failing].map(([cohort, devices]) => [cohort, devices.size]));
  }

  /** Reports that are missing and reports that are too many, attempt by attempt: one must not hide the other. */
  compare(shown: readonly ShownAttempt[]): { readonly lost: number; readonly doubled: number } {
    const difference = new Map<string, number>();
    const add = (key: string, count: number) => difference.set(key, (difference.get(key) ?? 0) + count);
    for (const reports of this.reportsByAttempt().values()) {
      const [first] = reports.sort((left, right) => left.atMs - right.atMs);
      if (first) add(`${first.deviceKey} ${first.kb} ${new Date(first.atMs).toISOString()}`, -reports.length);
    }
    for (const { deviceKey, kb, startedAt, reports } of shown)
      add(`${deviceKey} ${kb} ${startedAt}`, reports.length);
    let lost = 0;
    let doubled = 0;
    for (const count of difference.values()) {
      if (count < 0) lost -= count;
      else doubled += count;
    }
    return { lost, doubled };
  }

  private reportsByAttempt(): ReadonlyMap<string, StreamedReport[]> {
    return groupBy(this.reports.values(), ({ attempt }) => attempt);
  }
}

function groupBy<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
