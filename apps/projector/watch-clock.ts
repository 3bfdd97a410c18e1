import type { LogSlice } from '#event-log/event-log.js';

/**
 * The time of the watch: the largest arrival up to which every partition is projected. A partition without backlog
 * does not hold it back; the wall clock never moves it.
 */
export class WatchClock {
  private readonly lastArrivalMs = new Map<string, number>();
  private readonly behind = new Set<string>();

  /** Notes a projected slice and the largest receivedAt of its events, ms (null when it held none). */
  note(slice: LogSlice, largestArrivalMs: number | null): void {
    const id = `${slice.topic}/${slice.partition}`;
    if (largestArrivalMs !== null) {
      this.lastArrivalMs.set(id, Math.max(largestArrivalMs, this.lastArrivalMs.get(id) ?? 0));
    }
    if (slice.nextOffset < slice.endOffset) this.behind.add(id);
    else this.behind.delete(id);
  }

  /** A partition that nobody reads any more (it is paused) holds the others back no longer. */
  leave({ topic, partition }: Pick<LogSlice, 'topic' | 'partition'>): void {
    this.behind.delete(`${topic}/${partition}`);
  }

  /** Watch time in ms; null before the first event. */
  get nowMs(): number | null {
    if (this.lastArrivalMs.size === 0) return null;
    const behind = [...this.behind].map((id) => this.lastArrivalMs.get(id) ?? 0);
    return behind.length > 0 ? Math.min(...behind) : Math.max(...this.lastArrivalMs.values());
  }
}
