import { TOPIC_PARTITIONS } from '#domain/topics.js';
import type { Topic } from '#domain/topics.js';
import type { LogConsumer, LogMessage, LogRecord, Position } from '#event-log/event-log.js';
import { EventLog, LogUnavailableError } from '#event-log/event-log.js';
import { DEFAULT_MAP_SIZE_BYTES } from './environment.js';
import type { Journal } from './journal.js';
import { LmdbConsumer } from './lmdb-consumer.js';
import { shareLogDirectory } from './log-directory.js';
import type { LogDirectory, LogDirectoryOptions } from './log-directory.js';

export interface LmdbEventLogOptions {
  /** Holds only the log; made (0700) when it is missing. On a local disk: lmdb does not work over a network. */
  readonly directory: string;
  /** Appends are refused (`disk_full`) when fewer bytes would stay free. Default 256 MiB. */
  readonly minFreeBytes?: number;
  /** Address space for one segment's file, the same in every process. Default 256 GiB; costs neither memory nor disk. */
  readonly mapSizeBytes?: number;
  /** How often a waiting read looks for appends of other processes. Default 80 ms. */
  readonly pollMs?: number;
  /** The clock that stamps `appendedAtMs` and chooses the month. */
  readonly nowMs?: () => number;
}

/**
 * Opens the log on this machine. Several processes may have it open at once, readers and writers alike.
 * @throws Error when the directory cannot be made or holds files of another layout
 */
export async function openLmdbEventLog(options: LmdbEventLogOptions): Promise<LmdbEventLog> {
  const settings: LogDirectoryOptions = {
    minFreeBytes: options.minFreeBytes ?? 256 * 1024 * 1024,
    mapSizeBytes: options.mapSizeBytes ?? DEFAULT_MAP_SIZE_BYTES,
    pollMs: options.pollMs ?? 80,
    nowMs: options.nowMs ?? Date.now,
  };
  const { directory, release } = await shareLogDirectory(options.directory, settings);
  return new LmdbEventLog(directory, release);
}

/** The event log in lmdb files on one machine. Made by `openLmdbEventLog`. */
export class LmdbEventLog extends EventLog {
  private readonly appending = new Set<Promise<unknown>>();
  private closing: Promise<void> | null = null;

  constructor(
    private readonly log: LogDirectory,
    private readonly release: () => Promise<void>,
  ) {
    super();
  }

  async append(topic: Topic, messages: readonly LogMessage[]): Promise<readonly Position[]> {
    this.assertOpen();
    if (messages.length === 0) return [];
    const appended = this.log.committer(topic).append(topic, messages);
    this.appending.add(appended);
    try {
      return await appended;
    } finally {
      this.appending.delete(appended);
    }
  }

  async consume(group: string, topics: readonly Topic[]): Promise<LogConsumer> {
    this.assertOpen();
    const member = await this.log.joinGroup(group);
    return new LmdbConsumer(this.log, { group, member }, [...new Set(topics)], () => this.closing !== null);
  }

  async endOffsets(topic: Topic): Promise<readonly number[]> {
    this.assertOpen();
    return Promise.resolve(this.fresh(topic).heads(topic));
  }

  async beginOffsets(topic: Topic): Promise<readonly number[]> {
    this.assertOpen();
    return Promise.resolve(this.fresh(topic).starts(topic));
  }

  /** By halves, as appends are stamped in their order. */
  async offsetsAtTime(topic: Topic, timeMs: number): Promise<readonly number[]> {
    const [begins, ends] = await Promise.all([this.beginOffsets(topic), this.endOffsets(topic)]);
    return Promise.all(
      ends.map(async (end, partition) => {
        let [low, high] = [begins[partition] ?? 0, end];
        while (low < high) {
          const middle = Math.floor((low + high) / 2);
          const [record] = await this.readRange(topic, partition, middle, 1);
          if (record && record.appendedAtMs < timeMs) low = middle + 1;
          else high = middle;
        }
        return low;
      }),
    );
  }

  async committedOffsets(group: string, topic: Topic): Promise<readonly number[]> {
    this.assertOpen();
    return Promise.resolve(this.log.groups.committed(group, topic));
  }

  /** @throws RangeError when the topic has no such partition */
  async readRange(
    topic: Topic,
    partition: number,
    fromOffset: number,
    maxRecords: number,
  ): Promise<readonly LogRecord[]> {
    this.assertOpen();
    if (!Number.isInteger(partition) || partition < 0 || partition >= TOPIC_PARTITIONS[topic])
      throw new RangeError(`${topic} has no partition ${partition}`);
    const records: LogRecord[] = [];
    const journal = this.fresh(topic);
    if (fromOffset >= (journal.heads(topic)[partition] ?? 0)) return Promise.resolve(records);
    journal.read(
      topic,
      partition,
      fromOffset,
      () => records.length < maxRecords,
      (record) => records.push(record),
    );
    return Promise.resolve(records);
  }

  /** The grain is a chunk (what one group commit put into one partition). */
  async deleteBefore(topic: Topic, beforeMs: number): Promise<void> {
    this.assertOpen();
    await this.log.journal(topic).deleteBefore(topic, beforeMs);
  }

  /** Takes no more appends, lets those under way end, and ends waiting reads with nothing. */
  close(): Promise<void> {
    this.closing ??= this.closeNow();
    return this.closing;
  }

  private async closeNow(): Promise<void> {
    this.log.doorbell.ring();
    await Promise.allSettled(this.appending);
    await this.release();
  }

  private fresh(topic: Topic): Journal {
    const journal = this.log.journal(topic);
    journal.refresh();
    return journal;
  }

  private assertOpen(): void {
    if (this.closing !== null) throw new LogUnavailableError('the event log is closed', 'closed');
  }
}
