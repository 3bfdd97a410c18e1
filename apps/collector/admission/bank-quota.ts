import { tryLater } from '../problem.js';

const BURST_SECONDS = 60;

interface Bucket {
  rows: number;
  atMs: number;
}

/** Rows a second for each bank, as a bucket that holds a minute's worth: one bank's storm must not drown the others. */
export class BankQuota {
  private readonly buckets = new Map<string, Bucket>();

  /** @param rowsPerSecond 0 = no quota */
  constructor(
    private readonly rowsPerSecond: number,
    private readonly nowMs: () => number = Date.now,
  ) {}

  /** Takes `rows` out of the bank's bucket; a full bucket lets any batch pass. @throws Problem 429 when there are too few */
  take(bank: string, rows: number): void {
    if (this.rowsPerSecond === 0) return;
    const atMs = this.nowMs();
    const capacity = this.rowsPerSecond * BURST_SECONDS;
    const before = this.buckets.get(bank) ?? { rows: capacity, atMs };
    const refilled = Math.min(capacity, before.rows + ((atMs - before.atMs) / 1000) * this.rowsPerSecond);
    if (refilled < Math.min(rows, capacity)) {
      this.buckets.set(bank, { rows: refilled, atMs });
      const seconds = (Math.min(rows, capacity) - refilled) / this.rowsPerSecond;
      throw tryLater(429, 'over_quota', `more than ${this.rowsPerSecond} rows a second on average`, seconds);
    }
    this.buckets.set(bank, { rows: refilled - rows, atMs });
  }
}
