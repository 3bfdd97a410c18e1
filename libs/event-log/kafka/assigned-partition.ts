import type { KafkaMessage } from 'kafkajs';
import type { Topic } from '#domain/topics.js';
import type { LogRecord } from '#event-log/event-log.js';
import type { TopicPartition } from './group-session.js';
import { toRecord } from './to-record.js';

/** What a record weighs beyond its value: many small ones must not fill the heap. */
const RECORD_BYTES = 256;

/** A partition while it is ours. A partition that comes back after others had it is another one. */
export class AssignedPartition implements TopicPartition {
  /** Fetched and not yet handed out. */
  private readonly buffer: LogRecord[] = [];
  /** Taken by the read under way. */
  taken: LogRecord[] = [];
  /** Offset after the last one buffered; null before the first fetch. */
  fetchedTo: number | null = null;
  /** Offset after the last one taken; null before the first. */
  readTo: number | null = null;
  endOffset = 0;
  paused = false;
  lastNewsMs = performance.now();
  /** A fetch began behind `fetchedTo`, here: asked again, to tell a real hole from a fetch that was under way. */
  private hole: number | null = null;

  constructor(
    readonly topic: Topic,
    readonly partition: number,
  ) {}

  get isEmpty(): boolean {
    return this.buffer.length === 0;
  }

  /** Keeps what is new of a fetch; answers its weight, or `hole` when records seem to be missing before it. */
  keep(messages: readonly KafkaMessage[], endOffset: number): number | 'hole' {
    this.endOffset = endOffset;
    const expected = this.fetchedTo ?? 0;
    const records = messages.map(toRecord).filter(({ offset }) => offset >= expected);
    const first = records[0]?.offset;
    if (first === undefined) return 0;
    if (this.fetchedTo !== null && first > this.fetchedTo && this.hole !== first) {
      this.hole = first;
      return 'hole';
    }
    this.hole = null;
    this.lastNewsMs = performance.now();
    for (const record of records) {
      this.buffer.push(record);
      this.fetchedTo = record.offset + 1;
    }
    return weightOf(records);
  }

  /** Hands out the next ones while they are accepted, at most so many; answers the weight that was freed. */
  take(most: number, isAccepted: (bytes: number) => boolean): number {
    let count = 0;
    for (const { value } of this.buffer) {
      if (count === most || !isAccepted(value.length)) break;
      count += 1;
    }
    const records = this.buffer.splice(0, count);
    for (const record of records) {
      this.taken.push(record);
      this.readTo = record.offset + 1;
    }
    return weightOf(records);
  }

  /** Answers the weight that was freed. */
  drop(): number {
    return weightOf(this.buffer.splice(0));
  }

  /** Forgets what was fetched: the next fetch is from here. Answers the weight that was freed. */
  startFrom(offset: number): number {
    this.taken = [];
    this.fetchedTo = offset;
    this.readTo = offset;
    this.hole = null;
    return this.drop();
  }
}

const weightOf = (records: readonly LogRecord[]): number =>
  records.reduce((sum, { value }) => sum + value.length + RECORD_BYTES, 0);
