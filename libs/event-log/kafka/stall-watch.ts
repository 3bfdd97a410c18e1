import type { Topic } from '#domain/topics.js';
import type { TopicPartition } from './group-session.js';

/** When a consumer counts as stalled, and how often that is looked at. */
export interface StallTiming {
  readonly everyMs: number;
  readonly afterMs: number;
}

/** The fetch loop has not moved, or a partition with news brings none, for so long: a known illness of kafkajs. */
export const STALL_TIMING: StallTiming = { everyMs: 5_000, afterMs: 60_000 };

/** A partition that waits for records. */
interface WaitingPartition extends TopicPartition {
  readonly fetchedTo: number | null;
  lastNewsMs: number;
}

/** What is watched: one session at a time. */
interface WatchedConsumer<Session extends { readonly lastFetchMs: number }> {
  session(): Session | null;
  /** Those that fetch and have nothing left to hand out. */
  waiting(): readonly WaitingPartition[];
  endOffsets(topic: Topic): Promise<readonly number[]>;
  committedOffsets(topic: Topic): Promise<readonly number[]>;
  onStalled(session: Session): void;
}

/** kafkajs is known to stop silently. Then nothing but another session helps; this finds out that it is so. */
export class StallWatch<Session extends { readonly lastFetchMs: number }> {
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly watched: WatchedConsumer<Session>,
    private readonly timing: StallTiming,
  ) {
    this.timer = setInterval(() => void this.look(), timing.everyMs).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    const session = this.watched.session();
    if (!session) return;
    const isStalled = this.isQuietSince(session.lastFetchMs) || (await this.isStarving());
    if (isStalled && this.watched.session() === session) this.watched.onStalled(session);
  }

  /** A partition has records, and none of them came for long. */
  private async isStarving(): Promise<boolean> {
    const quiet = this.watched.waiting().filter(({ lastNewsMs }) => this.isQuietSince(lastNewsMs));
    for (const topic of new Set(quiet.map((part) => part.topic))) {
      try {
        const [ends, committed] = await Promise.all([
          this.watched.endOffsets(topic),
          this.watched.committedOffsets(topic),
        ]);
        for (const part of quiet.filter((one) => one.topic === topic)) {
          const from = part.fetchedTo ?? committed[part.partition] ?? 0;
          if ((ends[part.partition] ?? 0) > from && this.isQuietSince(part.lastNewsMs)) return true;
          part.lastNewsMs = performance.now();
        }
      } catch {
        return false; // The brokers are away: another session would not change that.
      }
    }
    return false;
  }

  private isQuietSince(ms: number): boolean {
    return performance.now() - ms > this.timing.afterMs;
  }
}
