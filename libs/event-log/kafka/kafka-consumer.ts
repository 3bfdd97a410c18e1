import type { EachBatchPayload, Kafka } from 'kafkajs';
import type { Topic } from '#domain/topics.js';
import { LogUnavailableError } from '#event-log/event-log.js';
import type {
  Assignment,
  LogConsumer,
  LogRecord,
  LogSlice,
  Position,
  ReadLimits,
} from '#event-log/event-log.js';
import { ReadBudget } from '#event-log/read-budget.js';
import { GroupSession } from './group-session.js';
import type { TopicPartition } from './group-session.js';
import { unavailable } from './kafka-errors.js';
import { toRecord } from './to-record.js';

/** Fetched and not yet read: beyond the first nothing more is fetched until it is below the second. */
const BUFFER_BYTES = 32 * 1024 * 1024;
const BUFFER_LOW_BYTES = 16 * 1024 * 1024;
/** What a record weighs beyond its value: many small ones must not fill the heap. */
const RECORD_BYTES = 256;
const FIRST_RESTART_MS = 500;
const LONGEST_RESTART_MS = 10_000;
const WATCH_EVERY_MS = 5_000;
/** The fetch loop has not moved, or a partition with news brings none, for so long: a known illness of kafkajs. */
const STALLED_AFTER_MS = 60_000;

/** What the consumer needs to know of its log. */
export interface ConsumerLog {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topics: ReadonlyMap<string, Topic>;
  committedOffsets(topic: Topic): Promise<readonly number[]>;
  endOffsets(topic: Topic): Promise<readonly number[]>;
  onTrouble(what: string, error: unknown): void;
}

/** A partition while it is ours. A partition that comes back after others had it is another one. */
class AssignedPartition implements TopicPartition {
  /** Fetched and not yet handed out. */
  readonly buffer: LogRecord[] = [];
  /** Taken by the read under way. */
  taken: LogRecord[] = [];
  /** Offset after the last one buffered; null before the first fetch. */
  fetchedTo: number | null = null;
  /** Offset after the last one taken; null before the first. */
  readTo: number | null = null;
  endOffset = 0;
  paused = false;
  /** A fetch began behind `fetchedTo`, here: asked again, to tell a real hole from a fetch that was under way. */
  hole: number | null = null;
  lastNewsMs = performance.now();

  constructor(
    readonly topic: Topic,
    readonly partition: number,
  ) {}
}

/** One member of a Kafka consumer group: kafkajs pushes into bounded buffers, `read` pulls out of them. */
export class KafkaConsumer implements LogConsumer {
  private partitions = new Map<string, AssignedPartition>();
  private memberId = '';
  private shown: Assignment = { number: 0, partitions: [] };
  private session: GroupSession | null = null;
  private bufferedBytes = 0;
  private isFull = false;
  private reads = 0;
  private closed = false;
  private restartMs = FIRST_RESTART_MS;
  private restartTimer: NodeJS.Timeout | undefined;
  private readonly watchdog: NodeJS.Timeout;
  private readonly waiting = new Set<() => void>();
  /** Which partition a slice came from: a commit of one that went to another member must not reach the group. */
  private readonly origins = new WeakMap<object, AssignedPartition>();

  constructor(private readonly log: ConsumerLog) {
    this.watchdog = setInterval(() => void this.watch(), WATCH_EVERY_MS).unref();
    this.startSession();
  }

  get assignment(): Assignment {
    return this.shown;
  }

  /** Resolves when the group has shared out its partitions for the first time. */
  async joined(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (this.shown.number === 0) {
      this.assertOpen();
      if (performance.now() > deadline)
        throw unavailable(`joining group ${this.log.groupId}`, this.lastError ?? new Error('timed out'));
      await this.wait(100);
    }
  }
  private lastError: unknown = null;

  async read(limits: ReadLimits, signal?: AbortSignal): Promise<readonly LogSlice[]> {
    this.assertOpen();
    const budget = new ReadBudget(limits);
    const deadlineMs = performance.now() + limits.maxWaitMs;
    for (const part of this.partitions.values()) part.taken = [];
    this.reads += 1;
    for (;;) {
      this.gather(budget);
      const leftMs = deadlineMs - performance.now();
      if (budget.isSpent || leftMs <= 0 || signal?.aborted === true) break;
      await this.wait(leftMs, signal);
      if (this.closed) return [];
    }
    return this.slices();
  }

  async commit(slices: readonly Pick<LogSlice, 'topic' | 'partition' | 'nextOffset'>[]): Promise<void> {
    this.assertOpen();
    const offsets = slices
      .filter((slice) => this.isOurs(slice))
      .map(({ topic, partition, nextOffset }) => ({ topic, partition, offset: nextOffset }));
    if (offsets.length === 0) return;
    if (!this.session)
      throw unavailable('commit', this.lastError ?? new Error('not a member of the group now'));
    try {
      await this.session.commit(offsets);
    } catch (error) {
      throw unavailable('commit', error);
    }
  }

  seek({ topic, partition, offset }: Position): Promise<void> {
    this.assertOpen();
    const part = this.partitions.get(idOf({ topic, partition }));
    if (part === undefined)
      throw new RangeError(`group ${this.log.groupId} does not read ${topic}/${partition}`);
    this.startFrom(part, offset);
    return Promise.resolve();
  }

  pause(topic: Topic, partition: number): void {
    const part = this.partitions.get(idOf({ topic, partition }));
    if (part === undefined || part.paused) return;
    part.paused = true;
    this.session?.pause([part]);
    this.dropBuffer(part);
  }

  resume(topic: Topic, partition: number): void {
    const part = this.partitions.get(idOf({ topic, partition }));
    if (part?.paused !== true) return;
    part.paused = false;
    if (part.readTo !== null) this.startFrom(part, part.readTo);
    else part.fetchedTo = null;
    if (!this.isFull) this.session?.resume([part]);
  }

  async committed(): Promise<readonly Position[]> {
    this.assertOpen();
    const positions: Position[] = [];
    for (const topic of this.log.topics.values()) {
      const offsets = await this.log.committedOffsets(topic);
      offsets.forEach((offset, partition) => {
        if (this.partitions.has(idOf({ topic, partition }))) positions.push({ topic, partition, offset });
      });
    }
    return positions;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.watchdog);
    clearTimeout(this.restartTimer);
    this.ring();
    await this.session?.stop();
  }

  private gather(budget: ReadBudget): void {
    for (;;) {
      const filled = this.partitionsWithRecords();
      if (filled.length === 0) return;
      const share = budget.shareAmong(filled.length);
      for (const part of filled) {
        this.take(part, share, budget);
        if (budget.isSpent) return;
      }
    }
  }

  private take(part: AssignedPartition, share: number, budget: ReadBudget): void {
    let count = 0;
    let bytes = 0;
    for (const record of part.buffer) {
      if (count === share || !budget.accept(record.value.length)) break;
      count += 1;
      bytes += weightOf(record);
      part.taken.push(record);
      part.readTo = record.offset + 1;
    }
    part.buffer.splice(0, count);
    this.freed(bytes);
  }

  /** Starts at another partition each time: a small budget reaches all of them in turn. */
  private partitionsWithRecords(): AssignedPartition[] {
    const filled = [...this.partitions.values()].filter(({ buffer, paused }) => !paused && buffer.length > 0);
    const first = filled.length === 0 ? 0 : this.reads % filled.length;
    return [...filled.slice(first), ...filled.slice(0, first)];
  }

  private slices(): LogSlice[] {
    return [...this.partitions.values()]
      .filter(({ taken }) => taken.length > 0)
      .map((part) => {
        const { topic, partition, taken: records } = part;
        const nextOffset = (records.at(-1)?.offset ?? -1) + 1;
        const slice = {
          topic,
          partition,
          records,
          nextOffset,
          endOffset: Math.max(nextOffset, part.endOffset),
        };
        part.taken = [];
        this.origins.set(slice, part);
        return slice;
      });
  }

  private isOurs(slice: Pick<LogSlice, 'topic' | 'partition'>): boolean {
    const now = this.partitions.get(idOf(slice));
    return now !== undefined && (this.origins.get(slice) ?? now) === now;
  }

  private startSession(): void {
    const events = {
      joined: (memberId: string, partitions: readonly TopicPartition[]) => {
        if (this.session === session) this.share(session, memberId, partitions);
      },
      batch: (batch: EachBatchPayload['batch']) => {
        if (this.session === session) this.keep(session, batch);
      },
      ended: (error: unknown) => {
        if (this.session === session) this.restart(error);
      },
    };
    const session = new GroupSession(this.log.kafka, this.log.groupId, this.log.topics, events);
    this.session = session;
    void session.start();
  }

  /** Partitions that stay with the same member were never anybody else's: reading goes on where it was. */
  private share(session: GroupSession, memberId: string, assigned: readonly TopicPartition[]): void {
    this.restartMs = FIRST_RESTART_MS;
    const before = this.partitions;
    const isSameMember = memberId === this.memberId;
    this.memberId = memberId;
    this.partitions = new Map(
      assigned.map((one) => {
        const kept = isSameMember ? before.get(idOf(one)) : undefined;
        return [idOf(one), kept ?? new AssignedPartition(one.topic, one.partition)];
      }),
    );
    const now = [...this.partitions.values()];
    for (const part of before.values()) if (!now.includes(part)) this.dropBuffer(part);
    for (const part of now) if (part.fetchedTo !== null) session.seek(part, part.fetchedTo);
    this.applyPauses(session);
    const isChanged = now.length !== before.size || now.some((part) => before.get(idOf(part)) !== part);
    if (isChanged || this.shown.number === 0)
      this.shown = {
        number: this.shown.number + 1,
        partitions: assigned.map(({ topic, partition }) => ({ topic, partition })),
      };
    this.ring();
  }

  private keep(
    session: GroupSession,
    { topic: name, partition, messages, highWatermark }: EachBatchPayload['batch'],
  ): void {
    const topic = this.log.topics.get(name);
    const part = topic && this.partitions.get(idOf({ topic, partition }));
    if (!part || part.paused) return;
    part.endOffset = Number(highWatermark);
    const expected = part.fetchedTo ?? 0;
    const records = messages.map(toRecord).filter(({ offset }) => offset >= expected);
    const first = records[0]?.offset;
    if (first === undefined) return;
    if (part.fetchedTo !== null && first > part.fetchedTo && part.hole !== first) {
      part.hole = first;
      session.seek(part, part.fetchedTo);
      return;
    }
    part.hole = null;
    part.lastNewsMs = performance.now();
    for (const record of records) {
      part.buffer.push(record);
      part.fetchedTo = record.offset + 1;
      this.bufferedBytes += weightOf(record);
    }
    if (!this.isFull && this.bufferedBytes > BUFFER_BYTES) {
      this.isFull = true;
      session.pause([...this.partitions.values()]);
    }
    this.ring();
  }

  private startFrom(part: AssignedPartition, offset: number): void {
    this.dropBuffer(part);
    part.taken = [];
    part.fetchedTo = offset;
    part.readTo = offset;
    part.hole = null;
    this.session?.seek(part, offset);
  }

  private dropBuffer(part: AssignedPartition): void {
    const bytes = part.buffer.reduce((sum, record) => sum + weightOf(record), 0);
    part.buffer.length = 0;
    this.freed(bytes);
  }

  private freed(bytes: number): void {
    this.bufferedBytes -= bytes;
    if (!this.isFull || this.bufferedBytes > BUFFER_LOW_BYTES) return;
    this.isFull = false;
    if (this.session) this.applyPauses(this.session);
  }

  private applyPauses(session: GroupSession): void {
    const parts = [...this.partitions.values()];
    const stopped = parts.filter(({ paused }) => paused || this.isFull);
    session.pause(stopped);
    session.resume(parts.filter((part) => !stopped.includes(part)));
  }

  private restart(error: unknown): void {
    if (this.closed) return;
    this.lastError = error;
    this.session = null;
    this.log.onTrouble(`the consumer of group ${this.log.groupId} has ended; another one joins`, error);
    this.restartTimer = setTimeout(
      () => {
        this.startSession();
      },
      this.restartMs * (0.5 + Math.random() / 2),
    );
    this.restartMs = Math.min(this.restartMs * 2, LONGEST_RESTART_MS);
  }

  /** kafkajs is known to stop silently. Then nothing but another session helps. */
  private async watch(): Promise<void> {
    const { session } = this;
    if (!session || this.closed) return;
    const isQuietSince = (ms: number) => performance.now() - ms > STALLED_AFTER_MS;
    const isStalled = isQuietSince(session.lastFetchMs) || (await this.isStarving(isQuietSince));
    if (!isStalled || this.session !== session) return;
    void session.stop();
    this.restart(new Error(`nothing was fetched for ${STALLED_AFTER_MS / 1_000} s`));
  }

  /** A partition that is not paused has records, and none of them came for long. */
  private async isStarving(isQuietSince: (ms: number) => boolean): Promise<boolean> {
    if (this.isFull) return false;
    const quiet = [...this.partitions.values()].filter(
      ({ paused, buffer, lastNewsMs }) => !paused && buffer.length === 0 && isQuietSince(lastNewsMs),
    );
    for (const topic of new Set(quiet.map((part) => part.topic))) {
      try {
        const [ends, committed] = await Promise.all([
          this.log.endOffsets(topic),
          this.log.committedOffsets(topic),
        ]);
        for (const part of quiet.filter((one) => one.topic === topic)) {
          const from = part.fetchedTo ?? committed[part.partition] ?? 0;
          if ((ends[part.partition] ?? 0) > from && isQuietSince(part.lastNewsMs)) return true;
          part.lastNewsMs = performance.now();
        }
      } catch {
        return false; // The brokers are away: another session would not change that.
      }
    }
    return false;
  }

  private ring(): void {
    for (const wake of [...this.waiting]) wake();
  }

  private wait(maxWaitMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.waiting.delete(wake);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, maxWaitMs);
      this.waiting.add(wake);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  private assertOpen(): void {
    if (this.closed) throw new LogUnavailableError('this consumer is closed', 'closed');
  }
}

const idOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

const weightOf = ({ value }: LogRecord): number => value.length + RECORD_BYTES;
