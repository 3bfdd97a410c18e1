import type { RootDatabase } from 'lmdb';
import { TOPIC_PARTITIONS } from '#domain/topics.js';
import type { Topic } from '#domain/topics.js';
import type { TopicAppends } from './append-group.js';
import { describeChunk } from './chunk.js';
import { openEnvironment } from './environment.js';
import type { OpeningGate } from './opening-gate.js';
import { releaseMappedPages } from './mapped-pages.js';
import { decodeOffsets, encodeOffsets } from './offsets.js';

const FORMAT = Buffer.from('rollcall event log 1');
const DELETES_A_TRANSACTION = 500;
/** So much is read before it is taken out of the process again, which costs fast reading a few milliseconds a second. */
const MOST_RESIDENT_BYTES = 32 * 1024 * 1024;

export interface StoredChunk {
  readonly firstOffset: number;
  /** The caller's own copy. */
  readonly bytes: Buffer;
}

/** Where each topic's partitions end. */
export type Heads = ReadonlyMap<Topic, readonly number[]>;

/**
 * One lmdb environment: a stretch of the log, as a rule one month. Its keys:
 *
 *     'format'                               which layout this is; written when the segment is initialised
 *     ['starts', topic] ['heads', topic]     first offset of each partition here, and the offset after the last
 *     [topic, partition, first offset]       a chunk
 *     'successor'                            name of the segment that goes on
 *     ['sealed', topic]                      no append of this topic comes here any more
 *     'mark'                                 another one after every change, so that a poll reads one small key
 *
 * Every change is one lmdb-js batch, conditional on the version of the heads it was worked out from: a transaction in
 * the worker thread alone. Callbacks inside a transaction would be simpler, but they need the main thread while the
 * worker holds the write lock, and a process that exits then (an uncaught error is enough) hangs for ever.
 */
export class Segment {
  private readonly store: RootDatabase<Buffer, (string | number)[] | string>;
  private ready = false;
  private residentBytes = 0;

  constructor(
    readonly name: string,
    private readonly path: string,
    private readonly gate: OpeningGate,
    mapSizeBytes: number,
  ) {
    this.store = gate.open(() =>
      openEnvironment(path, mapSizeBytes, { encoding: 'binary', useVersions: true }),
    ) as typeof this.store;
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
    await this.putNew('format', () => {
      for (const [topic, offsets] of heads) {
        this.put(['starts', topic], encodeOffsets(offsets));
        this.put(['heads', topic], encodeOffsets(offsets));
      }
      this.put('format', FORMAT);
    });
  }

  /** Lets the next reads see what other processes have committed since. */
  refresh(): void {
    this.store.resetReadTxn();
  }

  /** Another value after every append and seal, in whatever process. */
  mark(): number {
    return this.get('mark')?.readDoubleLE(0) ?? 0;
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
    return this.get('successor')?.toString('utf8') ?? null;
  }

  /** Chooses the segment that goes on; returns the choice (another process may have been first). */
  async chooseSuccessor(name: string): Promise<string> {
    await this.putNew('successor', () => {
      this.put('successor', Buffer.from(name, 'utf8'));
    });
    this.refresh();
    return this.successor() ?? name;
  }

  /** Ends the appends here; the heads stay as they are from then on. */
  async seal(): Promise<void> {
    for (const topic of Object.keys(TOPIC_PARTITIONS) as Topic[])
      while (!this.isSealed(topic)) {
        const heads = this.heads(topic);
        await this.changeHeads(topic, heads, () => {
          this.put(['sealed', topic], FORMAT);
        });
      }
  }

  /**
   * Writes chunks behind the partitions' heads, durable when this resolves. Returns the offsets at which they begin;
   * null when nothing was written, because another process has appended to the topic meanwhile or the segment is sealed.
   */
  async append(topic: Topic, appends: TopicAppends, appendedAtMs: number): Promise<readonly number[] | null> {
    if (this.isSealed(topic)) return null;
    const starts = this.heads(topic);
    const heads = starts.map((head, partition) => head + (appends[partition]?.count ?? 0));
    const done = await this.changeHeads(topic, heads, () => {
      appends.forEach((added, partition) => {
        let offset = starts[partition] ?? 0;
        for (const chunk of added?.chunks ?? []) {
          this.put([topic, partition, offset], chunk.finish(appendedAtMs));
          offset += chunk.count;
        }
      });
    });
    return done ? starts : null;
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
      while (await this.deleteSome(topic, partition, beforeMs));
  }

  /** Frees the slots of readers whose process was killed: they would keep deleted pages in use and the file growing. */
  clearStaleReaders(): void {
    this.store.readerCheck();
  }

  async close(): Promise<void> {
    await this.store.close();
  }

  /** Fresh; true for good once it is. */
  private isSealed(topic: Topic): boolean {
    this.refresh();
    return this.get(['sealed', topic]) !== undefined;
  }

  /** Puts the heads and what `write` puts, all or nothing, unless the heads have changed since they were last read. */
  private async changeHeads(topic: Topic, heads: readonly number[], write: () => void): Promise<boolean> {
    return this.change(['heads', topic], encodeOffsets(heads), () => {
      write();
      this.put('mark', encodeOffsets([Math.random()]));
    });
  }

  /** Puts `value` with the next version if the key still has the version that a read sees now. */
  private async change(key: (string | number)[], value: Buffer, write: () => void): Promise<boolean> {
    const version = this.store.getEntry(key)?.version;
    const put = (): void => {
      write();
      void this.store.put(key, value, (version ?? 0) + 1);
    };
    if (version === undefined) return this.putNew(key, put);
    return this.gate.commit(() => this.store.ifVersion(key, version, put));
  }

  /** Does what `write` puts if the key is not there yet. */
  private async putNew(key: (string | number)[] | string, write: () => void): Promise<boolean> {
    return this.gate.commit(() => this.store.ifNoExists(key, write));
  }

  /** Deletes up to a transaction's worth; true when there may be more. */
  private async deleteSome(topic: Topic, partition: number, beforeMs: number): Promise<boolean> {
    this.refresh();
    const starts = this.starts(topic);
    const old: (string | number)[][] = [];
    const range = { start: [topic, partition], end: [topic, partition + 1], limit: DELETES_A_TRANSACTION };
    for (const key of this.store.getKeys(range)) {
      const chunk = this.get(key);
      if (chunk === undefined || !Array.isArray(key)) break;
      const { count, appendedAtMs } = describeChunk(chunk);
      if (appendedAtMs >= beforeMs) break;
      old.push(key);
      starts[partition] = Number(key[2]) + count;
    }
    if (old.length === 0) return false;
    const done = await this.change(['starts', topic], encodeOffsets(starts), () => {
      for (const key of old) void this.store.remove(key);
    });
    return !done || old.length === DELETES_A_TRANSACTION;
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
    this.residentBytes += bytes?.length ?? 0;
    if (this.residentBytes > MOST_RESIDENT_BYTES) {
      releaseMappedPages(this.path);
      this.residentBytes = 0;
    }
    // lmdb-js hands out buffers of its own make (their `length` is a plain property): a view of the copied bytes is not slower.
    return bytes === undefined ? undefined : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  private put(key: (string | number)[] | string, value: Buffer): void {
    void this.store.put(key, value, 1);
  }
}
