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

  /** An equal part of the records left, so that one partition's backlog does not starve the others. */
  shareAmong(partitions: number): number {
    return Math.max(1, Math.ceil((this.limits.maxRecords - this.records) / partitions));
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
