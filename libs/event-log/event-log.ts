import type { Topic } from '#domain/topics.js';

/** A message to append. `key` decides the partition: equal keys keep their order. */
export interface LogMessage {
  readonly key: string;
  readonly value: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A message as read back. Offsets count up from 0 in each partition, without holes visible to readers. */
export interface LogRecord {
  readonly offset: number;
  readonly key: string;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** When the log took it, ms since 1970, by the log's own clock. Not the time of the fact. */
  readonly appendedAtMs: number;
}

export interface Position {
  readonly topic: Topic;
  readonly partition: number;
  readonly offset: number;
}

/** Consecutive records of one partition. `nextOffset` is where reading goes on (what a commit stores). */
export interface LogSlice {
  readonly topic: Topic;
  readonly partition: number;
  readonly records: readonly LogRecord[];
  readonly nextOffset: number;
  /** Offset after the newest record of the partition when the slice was read: `endOffset - nextOffset` = backlog. */
  readonly endOffset: number;
}

export interface ReadLimits {
  /** Return as soon as this many records are there … */
  readonly maxRecords: number;
  readonly maxBytes: number;
  /** … or after this long with what there is (possibly nothing). */
  readonly maxWaitMs: number;
}

/** The partitions that a member reads now. `number` counts up whenever partitions come or go. */
export interface Assignment {
  readonly number: number;
  readonly partitions: readonly Pick<Position, 'topic' | 'partition'>[];
}

/**
 * One member of a consumer group. Not safe for concurrent calls: read, work, commit, read again. Who reads ahead commits
 * what was read first, first.
 */
export interface LogConsumer {
  /**
   * Look at it after each `read`: when its number has changed, others may have worked on these partitions meanwhile, so
   * whatever was remembered about them is to be forgotten before the slices just read are worked on. A read hands out
   * slices of one assignment only. On one machine it holds every partition, or none when another member has joined.
   */
  readonly assignment: Assignment;
  /** The next slices after the last `read` (or after the committed offsets at first; 0 where none). Never throws for a bad message. */
  read(limits: ReadLimits, signal?: AbortSignal): Promise<readonly LogSlice[]>;
  /**
   * Makes `nextOffset` of each slice durable for the group. Call it only when the work on them is durable. Slices of
   * partitions that went to another member since they were read are left out: that member reads them again.
   */
  commit(slices: readonly Pick<LogSlice, 'topic' | 'partition' | 'nextOffset'>[]): Promise<void>;
  /** Reading goes on from here; the committed offset stays until the next commit. */
  seek(position: Position): Promise<void>;
  /** Later reads leave this partition out until `resume`; its committed offset stays. */
  pause(topic: Topic, partition: number): void;
  resume(topic: Topic, partition: number): void;
  /** Committed offset of each assigned partition (0 where none). */
  committed(): Promise<readonly Position[]>;
  close(): Promise<void>;
}

/** The log cannot take more now (disk nearly full, no quorum). Nothing of the call was acknowledged; try again later. */
export class LogUnavailableError extends Error {
  override readonly name = 'LogUnavailableError';
  constructor(
    message: string,
    readonly reason: 'disk_full' | 'no_quorum' | 'closed' | 'io_error',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Where events become durable and stay: the truth of Rollcall. Adapters: `lmdb/` on one machine, `kafka/` on many.
 * An abstract class, so that it is type and injection token at once.
 */
export abstract class EventLog {
  /**
   * Appends in order. Resolves only when all messages are durable (on disk, or on all in-sync replicas) with
   * their positions. Rejects with `LogUnavailableError` when nothing can be promised; a rejected append may still
   * show up in the log, so readers count by event id.
   */
  abstract append(topic: Topic, messages: readonly LogMessage[]): Promise<readonly Position[]>;

  /** Joins `group` on `topics`. On one machine the member gets every partition, those of a member before it too. */
  abstract consume(group: string, topics: readonly Topic[]): Promise<LogConsumer>;

  /** Offset after the newest durable record of each partition (the high-water mark). */
  abstract endOffsets(topic: Topic): Promise<readonly number[]>;

  /** First offset still there in each partition (retention moves it). */
  abstract beginOffsets(topic: Topic): Promise<readonly number[]>;

  /** Offset of the first record of each partition that was appended at this time or later; its end where there is none. */
  abstract offsetsAtTime(topic: Topic, timeMs: number): Promise<readonly number[]>;

  /** Committed offset of each partition for a group, without joining it (0 where none). */
  abstract committedOffsets(group: string, topic: Topic): Promise<readonly number[]>;

  /** Records of one partition from `fromOffset` on, at most `maxRecords`; for replays and small topics. No group. */
  abstract readRange(
    topic: Topic,
    partition: number,
    fromOffset: number,
    maxRecords: number,
  ): Promise<readonly LogRecord[]>;

  /** Drops what was appended before `beforeMs`, as far as the storage's grain allows. Facts are never passed to this by our apps. */
  abstract deleteBefore(topic: Topic, beforeMs: number): Promise<void>;

  abstract close(): Promise<void>;
}
