import type { Topic } from '#domain/topics.js';
import type { TopicPartition } from './group-session.js';

/** When a consumer counts as stalled, and how often that is looked at. */
export interface StallTiming {
  readonly everyMs: number;
  readonly afterMs: number;
  /** It still fetches so long after the last heartbeat that the group took. A group forgets a silent member sooner. */
  readonly forgottenAfterMs: number;
}

/** The fetch loop has not moved, or a partition with news brings none, for so long: a known illness of kafkajs. */
export const STALL_TIMING: StallTiming = { everyMs: 5_000, afterMs: 60_000, forgottenAfterMs: 20_000 };

/** Of `performance.now()`. */
export interface WatchedSession {
  readonly lastFetchMs: number;
  readonly lastAnswerMs: number;
  readonly lastHeartbeatMs: number;
}

/** A partition that waits for records. */
interface WaitingPartition extends TopicPartition {
  readonly fetchedTo: number | null;
  lastNewsMs: number;
}

/** What is watched: one session at a time. */
interface WatchedConsumer<Session extends WatchedSession> {
  session(): Session | null;
  /** Those that fetch and have nothing left to hand out. */
  waiting(): readonly WaitingPartition[];
  endOffsets(topic: Topic): Promise<readonly number[]>;
  committedOffsets(topic: Topic): Promise<readonly number[]>;
  onStalled(session: Session, why: string): void;
}

/** kafkajs is known to stop silently. Then nothing but another session helps; this finds out that it is so. */
export class StallWatch<Session extends WatchedSession> {
  private readonly timer: NodeJS.Timeout;
  /** Seemed forgotten at the last look. */
  private suspect: Session | null = null;

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
    const isForgotten = this.isForgotten(session);
    const isStalled = this.isQuietSince(session.lastFetchMs) || (await this.isStarving());
    if (this.watched.session() !== session) return;
    if (isForgotten) this.watched.onStalled(session, 'the group does not know this member any more');
    else if (isStalled)
      this.watched.onStalled(session, `nothing was fetched for ${this.timing.afterMs / 1_000} s`);
  }

  /**
   * kafkajs that joined in vain after the group had forgotten it fetches on as nobody: it sends no heartbeats, so it
   * never hears of it, and no commit of it is ever taken. The same when only the answer to its joining was lost: it
   * sends heartbeats of the new generation and commits as the member of the old one. Seen twice, because after a process
   * was suspended the first answer comes before the first heartbeat.
   */
  private isForgotten(session: Session): boolean {
    const isSilent = session.lastAnswerMs - session.lastHeartbeatMs > this.timing.forgottenAfterMs;
    const wasSilent = this.suspect === session;
    this.suspect = isSilent ? session : null;
    return isSilent && wasSilent;
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
