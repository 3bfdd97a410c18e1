import type { EventLog, LogRecord } from '#event-log/event-log.js';
import { groupLag } from '#event-log/group-lag.js';
import type { PartitionLag } from '#event-log/group-lag.js';
import { PROJECTED_TOPICS } from '../projected-topics.js';

/** A partition that nobody works on (it is paused) holds the watch back for so long; that it lags is an alert of its own. */
const HOLDS_BACK_FOR_MS = 600_000;

/** How far all projectors of a group have come together. */
export interface ProjectedTime {
  /** Every partition is projected up to this arrival, ms; null = nothing waits. */
  readonly upToMs: number | null;
  /** Messages that wait to be projected. */
  readonly waiting: number;
  /** Messages that are projected. */
  readonly projected: number;
}

/**
 * The time of the watch, told by the log: what a group has committed is stored, whichever of its projectors did it. The
 * wall clock never moves it.
 */
export class ProjectedTimeReader {
  /** Where each partition stood, and since when, by a clock that never jumps. */
  private readonly stood = new Map<string, { readonly committed: number; readonly sinceMs: number }>();

  constructor(
    private readonly log: EventLog,
    private readonly group: string,
    private readonly monotonicNow: () => number = () => performance.now(),
  ) {}

  /** @throws LogUnavailableError when the log does not answer */
  async read(): Promise<ProjectedTime> {
    const lags = await groupLag(this.log, this.group, PROJECTED_TOPICS);
    const holding = lags.filter((lag) => this.holdsBack(lag));
    const arrivals = await Promise.all(
      holding.map(async ({ topic, partition, committed }) => {
        const [first] = await this.log.readRange(topic, partition, committed, 1);
        return first ? [arrivalMs(first)] : [];
      }),
    );
    const firstWaiting = Math.min(...arrivals.flat());
    return {
      upToMs: firstWaiting === Infinity ? null : firstWaiting - 1,
      waiting: lags.reduce((sum, { lag }) => sum + lag, 0),
      projected: lags.reduce((sum, { committed }) => sum + committed, 0),
    };
  }

  private holdsBack({ topic, partition, committed, lag }: PartitionLag): boolean {
    const id = `${topic}/${partition}`;
    const before = this.stood.get(id);
    const nowMs = this.monotonicNow();
    if (lag === 0 || before?.committed !== committed) this.stood.set(id, { committed, sinceMs: nowMs });
    return lag > 0 && nowMs - (this.stood.get(id)?.sinceMs ?? nowMs) < HOLDS_BACK_FOR_MS;
  }
}

/** `receivedAt` of the event; of what cannot be read, when the log took it. */
function arrivalMs({ value, appendedAtMs }: LogRecord): number {
  try {
    const { receivedAt } = JSON.parse(value.toString('utf8')) as { readonly receivedAt?: unknown };
    const ms = typeof receivedAt === 'string' ? Date.parse(receivedAt) : NaN;
    return Number.isNaN(ms) ? appendedAtMs : ms;
  } catch {
    return appendedAtMs;
  }
}
