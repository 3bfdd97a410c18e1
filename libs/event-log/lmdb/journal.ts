import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { TOPIC_PARTITIONS } from '#domain/topics.js';
import type { Topic } from '#domain/topics.js';
import type { LogRecord } from '#event-log/event-log.js';
import type { TopicAppends } from './append-group.js';
import { readChunk } from './chunk.js';
import type { OpeningGate } from './opening-gate.js';
import { Segment } from './segment.js';

const SEGMENT_FILE = /\.mdb$/;

/** How a journal cuts itself into segments. Names sort by time. */
export interface SegmentNaming {
  readonly prefix: string;
  /** The segment that appends of this moment belong to. */
  readonly nameAt: (nowMs: number) => string;
}

/** Facts stay for ever: one segment a month (UTC), so that old history can be moved away as files. */
export const FACTS: SegmentNaming = {
  prefix: 'facts-',
  nameAt: (nowMs) => `facts-${new Date(nowMs).toISOString().slice(0, 7)}`,
};

/** Dead letters age out: one segment in which lmdb uses the pages of deleted chunks again. */
export const DEAD_LETTERS: SegmentNaming = { prefix: 'dead-letters', nameAt: () => 'dead-letters' };

/** Segments one after the other. Appends go to the newest; a roll seals it and starts the next where it ends. */
export class Journal {
  /** Oldest first. */
  private readonly names: string[];
  private readonly opened = new Map<string, Segment>();
  /** What was read of the newest segment when it had this mark. */
  private readonly seen = { segment: '', mark: -1, heads: new Map<Topic, readonly number[]>() };

  private constructor(
    private readonly directory: string,
    private readonly naming: SegmentNaming,
    private readonly gate: OpeningGate,
    private readonly mapSizeBytes: number,
    private readonly nowMs: () => number,
  ) {
    this.names = readdirSync(directory)
      .filter((file) => file.startsWith(naming.prefix) && SEGMENT_FILE.test(file))
      .map((file) => file.replace(SEGMENT_FILE, ''))
      .sort();
  }

  /** Opens the newest segment, or makes the first. */
  static async open(
    directory: string,
    naming: SegmentNaming,
    gate: OpeningGate,
    mapSizeBytes: number,
    nowMs: () => number,
  ): Promise<Journal> {
    const journal = new Journal(directory, naming, gate, mapSizeBytes, nowMs);
    await journal.openNewest();
    return journal;
  }

  /** Durable when it resolves; returns the offset in each partition at which the chunks begin. */
  async append(topic: Topic, appends: TopicAppends): Promise<readonly number[]> {
    for (;;) {
      const segment = await this.writable();
      const starts = await segment.append(topic, appends, this.nowMs());
      if (starts !== null) return starts;
    }
  }

  /** Lets the next reads see what other processes have appended since. Cheap when that is nothing. */
  refresh(): void {
    const segment = this.segment(this.newestName());
    segment.refresh();
    const mark = segment.mark();
    if (this.seen.segment === segment.name && this.seen.mark === mark) return;
    const newest = this.newest();
    // While a segment waits for its successor, look again each time: the successor's coming is no change here.
    const isWaiting = newest.successor() !== null;
    Object.assign(this.seen, { segment: newest.name, mark: isWaiting ? -1 : newest.mark() });
    this.seen.heads.clear();
  }

  /** Offset after the newest record of each partition, as of the last `refresh`. */
  heads(topic: Topic): readonly number[] {
    let heads = this.seen.heads.get(topic);
    if (heads === undefined) {
      heads = this.segment(this.newestName()).heads(topic);
      this.seen.heads.set(topic, heads);
    }
    return heads;
  }

  /** Offset of the oldest record of each partition that is still there; the head where there is none. */
  starts(topic: Topic): number[] {
    const starts = [...this.heads(topic)];
    for (const segment of this.segmentsNewestFirst()) {
      const heads = segment.heads(topic);
      segment.starts(topic).forEach((start, partition) => {
        if (start < (heads[partition] ?? 0)) starts[partition] = start;
      });
    }
    return starts;
  }

  /**
   * Hands out records of one partition from `fromOffset` on (or from the oldest one there, if retention took that)
   * while `accept` says yes. Returns the offset that comes next.
   */
  read(
    topic: Topic,
    partition: number,
    fromOffset: number,
    accept: (bytes: number) => boolean,
    take: (record: LogRecord) => void,
  ): number {
    let offset = fromOffset;
    for (const segment of this.segmentsFrom(topic, partition, fromOffset))
      for (;;) {
        const chunk = segment.chunkAt(topic, partition, offset);
        if (chunk === null) break;
        const { nextOffset, endedEarly } = readChunk(chunk.bytes, chunk.firstOffset, offset, accept, take);
        offset = nextOffset;
        if (endedEarly) return offset;
      }
    return offset;
  }

  async deleteBefore(topic: Topic, beforeMs: number): Promise<void> {
    for (const segment of [...this.segmentsNewestFirst()].reverse())
      await segment.deleteBefore(topic, beforeMs);
  }

  clearStaleReaders(): void {
    for (const segment of this.opened.values()) segment.clearStaleReaders();
  }

  async close(): Promise<void> {
    for (const segment of this.opened.values()) await segment.close();
    this.opened.clear();
  }

  /** A crash between making a segment's file and initialising it leaves an empty file behind: not yet the newest. */
  private async openNewest(): Promise<void> {
    const ready = this.names.findLastIndex((name) => this.segment(name).isInitialised());
    if (ready >= 0) {
      this.names.length = ready + 1;
      return;
    }
    const first = this.names[0] ?? this.naming.nameAt(this.nowMs());
    this.names.splice(0, this.names.length, first);
    await this.segment(first).initialise(new Map());
  }

  /** The newest segment, fresh; follows rolls that other processes made. */
  private newest(): Segment {
    for (;;) {
      const segment = this.segment(this.newestName());
      segment.refresh();
      const successor = segment.successor();
      // Chosen and not yet initialised: nothing can be there, and the next append will do it.
      if (successor === null || !this.isReady(successor)) return segment;
      this.names.push(successor);
    }
  }

  /** The segment for appends of this moment; rolls when a new month has begun. A clock set back changes nothing. */
  private async writable(): Promise<Segment> {
    for (;;) {
      const newest = this.newest();
      const due = this.naming.nameAt(this.nowMs());
      const successor = newest.successor() ?? (due > newest.name ? await newest.chooseSuccessor(due) : null);
      if (successor === null) return newest;
      await newest.seal();
      const topics = Object.keys(TOPIC_PARTITIONS) as Topic[];
      await this.segment(successor).initialise(new Map(topics.map((topic) => [topic, newest.heads(topic)])));
    }
  }

  /** The segments that can hold `offset` or what follows it, oldest first. */
  private *segmentsFrom(topic: Topic, partition: number, offset: number): Iterable<Segment> {
    let index = this.names.length - 1;
    while (index > 0 && (this.at(index).starts(topic)[partition] ?? 0) > offset) index -= 1;
    for (; index < this.names.length; index++) yield this.at(index);
  }

  private *segmentsNewestFirst(): Iterable<Segment> {
    for (let index = this.names.length - 1; index >= 0; index--) yield this.at(index);
  }

  private isReady(name: string): boolean {
    return existsSync(this.pathOf(name)) && this.segment(name).isInitialised();
  }

  private at(index: number): Segment {
    return this.segment(this.names[index] ?? this.newestName());
  }

  private newestName(): string {
    return this.names.at(-1) ?? this.naming.nameAt(this.nowMs());
  }

  private segment(name: string): Segment {
    let segment = this.opened.get(name);
    if (segment === undefined) {
      segment = new Segment(name, this.pathOf(name), this.gate, this.mapSizeBytes);
      this.opened.set(name, segment);
    }
    return segment;
  }

  private pathOf(name: string): string {
    return join(this.directory, `${name}.mdb`);
  }
}
