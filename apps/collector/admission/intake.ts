import { statfs } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { tryLater } from '../problem.js';

export interface IntakeLimits {
  /** Its disk must keep `minFreeBytes` free. */
  readonly dataDirectory: string;
  readonly minFreeBytes: number;
  readonly maxInFlightBytes: number;
  readonly maxInFlightRequests: number;
}

/** A request being worked on; its bytes are given back by `end`. */
export interface Ticket {
  /** @throws Problem 503 when all bodies together, 429 when those of this bank, take too much memory */
  grow(bytes: number): void;
  end(): void;
}

const DISK_CHECK_MS = 1_000;

/** How much is being worked on, and whether more may come: memory is bounded by bytes, not by hope. */
export class Intake {
  private draining = false;
  private requests = 0;
  private bytes = 0;
  private readonly bytesByBank = new Map<string, number>();
  private diskCheckedAtMs = Number.NEGATIVE_INFINITY;
  private freeBytes = Number.POSITIVE_INFINITY;

  constructor(
    private readonly limits: IntakeLimits,
    private readonly onBytes: (bytes: number) => void,
  ) {}

  /** Lets a request in, before its body is read. @throws Problem 503 when draining, too busy, or short of disk */
  async admit(bank: string): Promise<Ticket> {
    await this.assertReady();
    if (this.requests >= this.limits.maxInFlightRequests) {
      throw tryLater(503, 'busy', `${this.requests} requests are being worked on`, 1);
    }
    this.requests += 1;
    let own = 0;
    return {
      grow: (more) => {
        this.assertRoom(bank, more);
        own += more;
        this.count(bank, more);
      },
      end: () => {
        this.requests -= 1;
        this.count(bank, -own);
        own = 0;
      },
    };
  }

  /** @throws Problem 503 when no request would be let in */
  async assertReady(): Promise<void> {
    if (this.draining) throw tryLater(503, 'draining', 'this collector is stopping; send again soon', 2);
    if ((await this.measureFreeBytes()) < this.limits.minFreeBytes) {
      throw tryLater(503, 'disk_full', 'the disk of the data directory is nearly full', 30);
    }
  }

  /** From now on nothing is let in; resolves when nothing is being worked on any more, or after `patienceMs`. */
  async drain(patienceMs: number): Promise<void> {
    this.draining = true;
    const endsAtMs = Date.now() + patienceMs;
    while (this.requests > 0 && Date.now() < endsAtMs) await delay(20);
  }

  private assertRoom(bank: string, more: number): void {
    if (this.bytes + more > this.limits.maxInFlightBytes) {
      throw tryLater(503, 'busy', 'bodies of many requests fill the memory set aside for them', 1);
    }
    const ofBank = (this.bytesByBank.get(bank) ?? 0) + more;
    if (ofBank > this.limits.maxInFlightBytes / 2) {
      throw tryLater(429, 'over_quota', 'bodies of this bank fill half of the memory set aside for all', 1);
    }
  }

  private count(bank: string, more: number): void {
    this.bytes += more;
    const ofBank = (this.bytesByBank.get(bank) ?? 0) + more;
    if (ofBank === 0) this.bytesByBank.delete(bank);
    else this.bytesByBank.set(bank, ofBank);
    this.onBytes(this.bytes);
  }

  private async measureFreeBytes(): Promise<number> {
    const nowMs = Date.now();
    if (nowMs - this.diskCheckedAtMs >= DISK_CHECK_MS) {
      this.diskCheckedAtMs = nowMs;
      const { bavail, bsize } = await statfs(this.limits.dataDirectory);
      this.freeBytes = bavail * bsize;
    }
    return this.freeBytes;
  }
}
