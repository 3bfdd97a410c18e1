import type { EachBatchPayload, Kafka } from 'kafkajs';
import type { Topic } from '#domain/topics.js';
import { LogUnavailableError } from '#event-log/event-log.js';
import type { Assignment, LogConsumer, LogSlice, Position, ReadLimits } from '#event-log/event-log.js';
import { ReadBudget } from '#event-log/read-budget.js';
import { AssignedPartition } from './assigned-partition.js';
import { GroupSession } from './group-session.js';
import type { TopicPartition } from './group-session.js';
import { unavailable } from './kafka-errors.js';
import { STALL_TIMING, StallWatch } from './stall-watch.js';

/** Fetched and not yet read: beyond the first nothing more is fetched until it is below the second. */
const BUFFER_BYTES = 32 * 1024 * 1024;
const BUFFER_LOW_BYTES = 16 * 1024 * 1024;
const FIRST_RESTART_MS = 500;
/** Brokers that are back are noticed within this. */
const LONGEST_RESTART_MS = 2_000;

/** What the consumer needs to know of its log. */
export interface ConsumerLog {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topics: ReadonlyMap<string, Topic>;
  committedOffsets(topic: Topic): Promise<readonly number[]>;
  endOffsets(topic: Topic): Promise<readonly number[]>;
  /** Tells the group that this member is gone. */
  removeMember(memberId: string): Promise<void>;
  onTrouble(what: string, error: unknown): void;
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
  private lastError: unknown = null;
  private readonly stallWatch: StallWatch<GroupSession>;
  private readonly waiting = new Set<() => void>();
  /** Which partition a slice came from: a commit of one that went to another member must not reach the group. */
  private readonly origins = new WeakMap<object, AssignedPartition>();

  constructor(
    private readonly log: ConsumerLog,
    stallTiming = STALL_TIMING,
  ) {
    this.stallWatch = new StallWatch<GroupSession>(
      {
        session: () => this.session,
        waiting: () =>
          [...this.partitions.values()].filter(({ paused, isEmpty }) => !paused && !this.isFull && isEmpty),
        endOffsets: (topic) => log.endOffsets(topic),
        committedOffsets: (topic) => log.committedOffsets(topic),
        onStalled: (session, why) => {
          void session.stop();
          this.restart(new Error(why));
        },
      },
      stallTiming,
    );
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

  async read(limits: ReadLimits, signal?: AbortSignal): Promise<readonly LogSlice[]> {
    this.assertOpen();
    const budget = new ReadBudget(limits);
    const deadlineMs = performance.now() + limits.maxWaitMs;
    for (const part of this.partitions.values()) part.taken = [];
    this.reads += 1;
    for (;;) {
      budget.fill(
        this.reads,
        () => [...this.partitions.values()].filter(({ paused, isEmpty }) => !paused && !isEmpty),
        (part, most) => {
          this.freed(part.take(most, (bytes) => budget.accept(bytes)));
        },
      );
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
    this.freed(part.drop());
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
    this.stallWatch.stop();
    clearTimeout(this.restartTimer);
    this.ring();
    await this.session?.stop();
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
      joining: async () => {
        // A member that has only fallen silent holds up its successor, and all others, until its session is over.
        if (this.memberId !== '') await this.log.removeMember(this.memberId).catch(() => undefined);
      },
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
    // What the one before did not bring is not held against this one while it joins.
    for (const part of this.partitions.values()) part.lastNewsMs = performance.now();
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
    for (const part of before.values()) if (!now.includes(part)) this.freed(part.drop());
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
    const kept = part.keep(messages, Number(highWatermark));
    if (kept === 'hole') {
      session.seek(part, part.fetchedTo ?? 0);
      return;
    }
    if (kept === 0) return;
    this.bufferedBytes += kept;
    if (!this.isFull && this.bufferedBytes > BUFFER_BYTES) {
      this.isFull = true;
      session.pause([...this.partitions.values()]);
    }
    this.ring();
  }

  private startFrom(part: AssignedPartition, offset: number): void {
    this.freed(part.startFrom(offset));
    this.session?.seek(part, offset);
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
