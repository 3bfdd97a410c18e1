import type { RootDatabase } from 'lmdb';
import { TOPIC_PARTITIONS } from '#domain/topics.js';
import type { Topic } from '#domain/topics.js';
import type { AppendGroup, PartitionAppends } from './append-group.js';
import { describeChunk } from './chunk.js';
import { openEnvironment } from './environment.js';
import { decodeOffsets, encodeOffsets } from './offsets.js';

const FORMAT = Buffer.from('rollcall event log 1');
const DELETES_A_TRANSACTION = 500;

export interface StoredChunk {
  readonly firstOffset: number;
  /** The caller's own copy. */
  readonly bytes: Buffer;
}

/** Where each topic's partitions end. */
export type Heads = ReadonlyMap<Topic, readonly number[]>;

/** The segment was closed for appends meanwhile; the group is untouched. */
export const SEALED = Symbol('sealed');

/**
 * One lmdb environment: a stretch of the log, as a rule one month. Its keys:
 *
 *     'format'                               which layout this is; written when the segment is initialised
 *     ['starts', topic] ['heads', topic]     first offset of each partition here, and the offset after the last
 *     [topic, partition, first offset]       a chunk
 *     'sealed'                               name of the segment that goes on; no append comes here any more
 *     'changes'                              how many appends and seals there were, so that a poll reads one small key
 *
 * Chunks and heads change in one transaction, so a torn append is never seen. After the seal nothing changes but by retention.
 */
export class Segment {
  private readonly store: RootDatabase<Buffer, (string | number)[] | string>;
  private ready = false;

  constructor(
    readonly name: string,
    path: string,
    mapSizeBytes: number,
  ) {
    this.store = openEnvironment(path, mapSizeBytes, 'binary') as typeof this.store;
  }

  /** Whether `initialise` has ended once, in any process. @throws Error on a file of another layout */
  isInitialised(): boolean {
    if (this.ready) return true;
    this.refresh();
    const format = this.get('format');
    if (format !== undefined && !format.equals(FORMAT))
      throw new Error(`${this.name} is not an event log of this version`);
    return (this.ready = format !== undefined);
  }

  /** Makes the segment begin where `heads` end. Does nothing when that is already so. */
  async initialise(heads: Heads): Promise<void> {
    if (this.isInitialised()) return;
    await this.transaction(() => {
      if (this.get('format') !== undefined) return;
      for (const [topic, offsets] of heads) this.putSync(['starts', topic], encodeOffsets(offsets));
      this.putSync('format', FORMAT);
    });
  }

  /** Lets the next reads see what other processes have committed since. */
  refresh(): void {
    this.store.resetReadTxn();
  }

  /** Grows with every append and seal, in whatever process. */
  changes(): number {
    return this.get('changes')?.readDoubleLE(0) ?? 0;
  }

  /** Offset of the first record of each partition that this segment ever held or still holds. */
  starts(topic: Topic): number[] {
    return this.offsets('starts', topic) ?? new Array<number>(TOPIC_PARTITIONS[topic]).fill(0);
  }

  /** Offset after the newest record of each partition. */
  heads(topic: Topic): number[] {
    return this.offsets('heads', topic) ?? this.starts(topic);
  }

  successor(): string | null {
    return this.get('sealed')?.toString('utf8') ?? null;
  }

  /** Ends the appends here; returns the name of the segment that goes on (another process may have been first). */
  async seal(successor: string): Promise<string> {
    return this.transaction(() => {
      const sealed = this.successor();
      if (sealed !== null) return sealed;
      this.putSync('sealed', Buffer.from(successor, 'utf8'));
      this.countChange();
      return successor;
    });
  }

  /**
   * Writes the group that `take` hands out once the write lock is held, durable when this resolves. Returns the
   * offsets at which the group's messages begin.
   */
  async append(take: () => AppendGroup, appendedAtMs: () => number): Promise<Heads | typeof SEALED> {
    return this.transaction(() => {
      if (this.successor() !== null) return SEALED;
      const group = take();
      const starts = new Map<Topic, readonly number[]>();
      const nowMs = appendedAtMs();
      for (const [topic, appends] of group.topics) {
        const heads = this.heads(topic);
        starts.set(topic, [...heads]);
        appends.forEach((added, partition) => {
          if (added !== undefined)
            heads[partition] = this.putChunks(topic, partition, heads[partition] ?? 0, added, nowMs);
        });
        this.putSync(['heads', topic], encodeOffsets(heads));
      }
      this.countChange();
      return starts;
    });
  }

  /** The chunk that holds `offset`, or the first one after it; null when there is none. */
  chunkAt(topic: Topic, partition: number, offset: number): StoredChunk | null {
    const exact = this.get([topic, partition, offset]);
    if (exact !== undefined) return { firstOffset: offset, bytes: exact };
    const start = [topic, partition, offset];
    const before = { start, end: [topic, partition], reverse: true, limit: 1 };
    for (const chunk of this.chunks(before))
      if (chunk.firstOffset + describeChunk(chunk.bytes).count > offset) return chunk;
    for (const chunk of this.chunks({ start, end: [topic, partition + 1], limit: 1 })) return chunk;
    return null;
  }

  /** Drops the oldest chunks of a topic that were appended before `beforeMs`, and moves its starts behind them. */
  async deleteBefore(topic: Topic, beforeMs: number): Promise<void> {
    for (let partition = 0; partition < TOPIC_PARTITIONS[topic]; partition++)
      while (await this.transaction(() => this.deleteSome(topic, partition, beforeMs)));
  }

  /** Frees the slots of readers whose process was killed: they would keep deleted pages in use and the file growing. */
  clearStaleReaders(): void {
    this.store.readerCheck();
  }

  async close(): Promise<void> {
    await this.store.close();
  }

  private putChunks(
    topic: Topic,
    partition: number,
    head: number,
    added: PartitionAppends,
    nowMs: number,
  ): number {
    let offset = head;
    for (const chunk of added.chunks) {
      this.putSync([topic, partition, offset], chunk.finish(nowMs));
      offset += chunk.count;
    }
    return offset;
  }

  private countChange(): void {
    this.putSync('changes', encodeOffsets([this.changes() + 1]));
  }

  /** Deletes up to a transaction's worth; true when there may be more. */
  private deleteSome(topic: Topic, partition: number, beforeMs: number): boolean {
    const starts = this.starts(topic);
    let deleted = 0;
    const range = { start: [topic, partition], end: [topic, partition + 1], limit: DELETES_A_TRANSACTION };
    for (const key of [...this.store.getKeys(range)]) {
      const chunk = this.get(key);
      if (chunk === undefined) break;
      const { count, appendedAtMs } = describeChunk(chunk);
      if (appendedAtMs >= beforeMs) break;
      this.store.removeSync(key);
      starts[partition] = Number(key[2]) + count;
      deleted += 1;
    }
    if (deleted > 0) this.putSync(['starts', topic], encodeOffsets(starts));
    return deleted === DELETES_A_TRANSACTION;
  }

  private *chunks(range: Parameters<typeof this.store.getKeys>[0]): Iterable<StoredChunk> {
    for (const key of this.store.getKeys(range)) {
      const bytes = this.get(key);
      if (bytes !== undefined) yield { firstOffset: Number(key[2]), bytes };
    }
  }

  private offsets(kind: 'starts' | 'heads', topic: Topic): number[] | undefined {
    const bytes = this.get([kind, topic]);
    return bytes === undefined ? undefined : decodeOffsets(bytes);
  }

  private get(key: (string | number)[] | string): Buffer | undefined {
    const bytes = this.store.getBinary(key);
    // lmdb-js hands out buffers of its own make (their `length` is a plain property): a view of the copied bytes is not slower.
    return bytes === undefined ? undefined : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  private putSync(key: (string | number)[] | string, value: Buffer): void {
    this.store.putSync(key, value);
  }

  /** All or nothing: a child transaction, because lmdb-js commits what a failed plain callback had already put. */
  private async transaction<T>(work: () => T): Promise<T> {
    return this.store.childTransaction(work);
  }
}
