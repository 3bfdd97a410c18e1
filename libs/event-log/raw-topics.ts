import type { LogRecord, ReadLimits } from './event-log.js';

/** Consecutive messages of one partition of a topic that others write. */
export interface RawSlice {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly LogRecord[];
  readonly nextOffset: number;
  readonly endOffset: number;
}

/** One member of the group that reads topics which are not ours: their names, formats and retention are their owners'. */
export interface RawTopics {
  /** The next messages after the last read. Never throws for what a message holds. */
  read(limits: ReadLimits, signal?: AbortSignal): Promise<readonly RawSlice[]>;
  /** Call it only when what the messages told is durable in our log. */
  commit(slices: readonly RawSlice[]): Promise<void>;
  /** Leaves this partition out until the process starts anew. */
  pause(topic: string, partition: number): void;
  close(): Promise<void>;
}
