import type { ReadLimits } from './event-log.js';

/** What a read may still take. At least one record always fits, else a large one would stop its partition for ever. */
export class ReadBudget {
  private records = 0;
  private bytes = 0;
  /** A record was there and did not fit. */
  private refused = false;

  constructor(private readonly limits: Pick<ReadLimits, 'maxRecords' | 'maxBytes'>) {}

  get isSpent(): boolean {
    return this.refused || this.records >= this.limits.maxRecords || this.bytes >= this.limits.maxBytes;
  }

  /**
   * Has every partition that has records give its share, until the budget is spent or nothing is left: one partition's
   * backlog does not starve the others. Each turn starts at another one, so a small budget reaches all of them.
   */
  fill<T>(
    turn: number,
    partitionsWithRecords: () => readonly T[],
    take: (from: T, most: number) => void,
  ): void {
    for (;;) {
      const filled = partitionsWithRecords();
      if (filled.length === 0) return;
      const first = turn % filled.length;
      const most = Math.max(1, Math.ceil((this.limits.maxRecords - this.records) / filled.length));
      for (const partition of [...filled.slice(first), ...filled.slice(0, first)]) {
        take(partition, most);
        if (this.isSpent) return;
      }
    }
  }

  /** Takes a record of this many bytes, if it fits. */
  accept(bytes: number): boolean {
    if (this.records >= this.limits.maxRecords) return false;
    if (this.records > 0 && this.bytes + bytes > this.limits.maxBytes) {
      this.refused = true;
      return false;
    }
    this.records += 1;
    this.bytes += bytes;
    return true;
  }
}
