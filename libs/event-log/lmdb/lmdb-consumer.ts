import type { Topic } from '#domain/topics.js';
import type {
  Assignment,
  LogConsumer,
  LogRecord,
  LogSlice,
  Position,
  ReadLimits,
} from '#event-log/event-log.js';
import { LogUnavailableError } from '#event-log/event-log.js';
import type { LogDirectory } from './log-directory.js';
import { ReadBudget } from '#event-log/read-budget.js';

interface Assigned {
  readonly topic: Topic;
  readonly partition: number;
  nextOffset: number;
  paused: boolean;
  /** What the running read has gathered. */
  records: LogRecord[];
}

/** Nobody's partitions: what is left to a member when another one has joined. */
const NOTHING: Assignment = { number: 2, partitions: [] };

/**
 * The one member of a group on one machine: it reads every partition of its topics. Who joins later takes them all;
 * the one before reads nothing more, and what it commits is left out.
 */
export class LmdbConsumer implements LogConsumer {
  private readonly everything: Assignment;
  private readonly assigned: Assigned[];
  private closed = false;
  private reads = 0;

  constructor(
    private readonly log: LogDirectory,
    private readonly joined: { readonly group: string; readonly member: number },
    private readonly topics: readonly Topic[],
    private readonly isLogClosed: () => boolean,
  ) {
    this.assigned = topics.flatMap((topic) =>
      log.groups
        .committed(joined.group, topic)
        .map((nextOffset, partition) => ({ topic, partition, nextOffset, paused: false, records: [] })),
    );
    const partitions = this.assigned.map(({ topic, partition }) => ({ topic, partition }));
    this.everything = { number: 1, partitions };
  }

  get assignment(): Assignment {
    return this.isClosed() || this.isMember() ? this.everything : NOTHING;
  }

  async read(limits: ReadLimits, signal?: AbortSignal): Promise<readonly LogSlice[]> {
    this.assertOpen();
    const budget = new ReadBudget(limits);
    const deadlineMs = performance.now() + limits.maxWaitMs;
    const startedAt = this.assigned.map(({ nextOffset }) => nextOffset);
    for (const part of this.assigned) part.records = [];
    this.reads += 1;
    try {
      for (;;) {
        budget.fill(
          this.reads,
          () => this.partitionsBehind(),
          (part, most) => {
            this.take(part, most, budget);
          },
        );
        const leftMs = deadlineMs - performance.now();
        if (budget.isSpent || leftMs <= 0 || signal?.aborted === true) break;
        await this.log.doorbell.wait(leftMs, signal);
        if (this.isClosed()) break;
      }
      return this.isClosed() ? [] : this.slices();
    } catch (error) {
      // Nothing was handed out, so nothing was read.
      this.assigned.forEach((part, index) => (part.nextOffset = startedAt[index] ?? part.nextOffset));
      throw error;
    }
  }

  async commit(slices: readonly Pick<LogSlice, 'topic' | 'partition' | 'nextOffset'>[]): Promise<void> {
    this.assertOpen();
    if (slices.length === 0) return;
    await this.log.commitOffsets(
      this.joined.group,
      this.joined.member,
      slices.map(({ topic, partition, nextOffset }) => ({ topic, partition, offset: nextOffset })),
    );
  }

  /** @throws RangeError when the consumer does not read that partition */
  async seek({ topic, partition, offset }: Position): Promise<void> {
    this.assertOpen();
    this.part(topic, partition).nextOffset = offset;
    return Promise.resolve();
  }

  pause(topic: Topic, partition: number): void {
    this.part(topic, partition).paused = true;
  }

  resume(topic: Topic, partition: number): void {
    this.part(topic, partition).paused = false;
  }

  async committed(): Promise<readonly Position[]> {
    this.assertOpen();
    const positions = this.topics.flatMap((topic) =>
      this.log.groups
        .committed(this.joined.group, topic)
        .map((offset, partition) => ({ topic, partition, offset })),
    );
    return Promise.resolve(positions);
  }

  close(): Promise<void> {
    this.closed = true;
    this.log.doorbell.ring();
    return Promise.resolve();
  }

  private take(part: Assigned, share: number, budget: ReadBudget): void {
    const most = part.records.length + share;
    part.nextOffset = this.log.journal(part.topic).read(
      part.topic,
      part.partition,
      part.nextOffset,
      (bytes) => part.records.length < most && budget.accept(bytes),
      (record) => part.records.push(record),
    );
  }

  private partitionsBehind(): Assigned[] {
    if (!this.isMember()) return [];
    const heads = this.log.heads(this.topics);
    return this.assigned.filter(
      ({ topic, partition, nextOffset, paused }) =>
        !paused && nextOffset < (heads.get(topic)?.[partition] ?? 0),
    );
  }

  private slices(): LogSlice[] {
    const heads = this.log.heads(this.topics);
    return this.assigned
      .filter(({ records }) => records.length > 0)
      .map(({ topic, partition, records, nextOffset }) => ({
        topic,
        partition,
        records,
        nextOffset,
        endOffset: Math.max(nextOffset, heads.get(topic)?.[partition] ?? 0),
      }));
  }

  private part(topic: Topic, partition: number): Assigned {
    const part = this.assigned.find((one) => one.topic === topic && one.partition === partition);
    if (part === undefined)
      throw new RangeError(`group ${this.joined.group} does not read ${topic}/${partition}`);
    return part;
  }

  private isMember(): boolean {
    return this.log.groups.isMember(this.joined.group, this.joined.member);
  }

  private isClosed(): boolean {
    return this.closed || this.isLogClosed();
  }

  private assertOpen(): void {
    if (this.isClosed()) throw new LogUnavailableError('this consumer is closed', 'closed');
  }
}
