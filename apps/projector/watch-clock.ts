import type { LogSlice } from '#event-log/event-log.js';

/**
 * The time of the watch: the largest arrival up to which every partition is projected. A partition without backlog
 * does not hold it back; the wall clock never moves it.
 */
export class WatchClock {
  private readonly lastArrivalMs = new Map<string, number>();
  /** Messages that wait, by partition. */
  private readonly behind = new Map<string, number>();

  /** Notes a projected slice and the largest receivedAt of its events, ms (null when it held none). */
  note(slice: LogSlice, largestArrivalMs: number | null): void {
    const id = `${slice.topic}/${slice.partition}`;
    if (largestArrivalMs !== null) {
      this.lastArrivalMs.set(id, Math.max(largestArrivalMs, this.lastArrivalMs.get(id) ?? 0));
    }
    if (slice.nextOffset < slice.endOffset) this.behind.set(id, slice.endOffset - slice.nextOffset);
    else this.behind.delete(id);
  }

  /** A partition that nobody reads any more (it is paused) holds the others back no longer. */
  leave({ topic, partition }: Pick<LogSlice, 'topic' | 'partition'>): void {
    this.behind.delete(`${topic}/${partition}`);
  }

  /** Forgets every partition but these: others read the rest now. */
  keep(partitions: readonly Pick<LogSlice, 'topic' | 'partition'>[]): void {
    const kept = new Set(partitions.map(({ topic, partition }) => `${topic}/${partition}`));
    for (const id of this.behind.keys()) if (!kept.has(id)) this.behind.delete(id);
  }

  /** Messages that wait to be projected, as far as was seen when each partition was last read. */
  get waiting(): number {
    return [...this.behind.values()].reduce((sum, messages) => sum + messages, 0);
  }

  /** Watch time in ms; null before the first event. */
  get nowMs(): number | null {
    if (this.lastArrivalMs.size === 0) return null;
    const behind = [...this.behind.keys()].map((id) => this.lastArrivalMs.get(id) ?? 0);
    return behind.length > 0 ? Math.min(...behind) : Math.max(...this.lastArrivalMs.values());
  }
}
