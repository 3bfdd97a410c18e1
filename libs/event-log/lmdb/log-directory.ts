import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Topic } from '#domain/topics.js';
import type { Position } from '#event-log/event-log.js';
import { DiskSpace } from './disk-space.js';
import { Doorbell } from './doorbell.js';
import { GroupCommitter } from './group-committer.js';
import { GroupOffsets } from './group-offsets.js';
import { DEAD_LETTERS, FACTS, Journal } from './journal.js';
import { OpeningGate } from './opening-gate.js';

const READER_CHECK_EVERY_MS = 60_000;

export interface LogDirectoryOptions {
  readonly minFreeBytes: number;
  readonly mapSizeBytes: number;
  readonly pollMs: number;
  readonly nowMs: () => number;
}

/** Whether a log was begun in a directory. */
export function holdsLog(path: string): boolean {
  return existsSync(path) && readdirSync(path).some((file) => file.startsWith(FACTS.prefix));
}

/** All environments of one log directory, open once in a process. */
export class LogDirectory {
  private readonly factsCommitter: GroupCommitter;
  private readonly deadLettersCommitter: GroupCommitter;
  private readonly readerCheck: NodeJS.Timeout;

  private constructor(
    private readonly facts: Journal,
    private readonly deadLetters: Journal,
    readonly groups: GroupOffsets,
    readonly doorbell: Doorbell,
    private readonly disk: DiskSpace,
    private readonly gates: readonly OpeningGate[],
  ) {
    const ring = (): void => {
      doorbell.ring();
    };
    this.factsCommitter = new GroupCommitter(facts, disk, ring);
    this.deadLettersCommitter = new GroupCommitter(deadLetters, disk, ring);
    this.readerCheck = setInterval(() => {
      this.clearStaleReaders();
    }, READER_CHECK_EVERY_MS).unref();
    this.clearStaleReaders();
  }

  static async open(path: string, options: LogDirectoryOptions): Promise<LogDirectory> {
    const { minFreeBytes, mapSizeBytes, pollMs, nowMs } = options;
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const journals = new OpeningGate(join(path, 'journals.gate'));
    const groups = new OpeningGate(join(path, 'consumer-groups.gate'), journals);
    return new LogDirectory(
      await Journal.open(path, FACTS, journals, mapSizeBytes, nowMs),
      await Journal.open(path, DEAD_LETTERS, journals, mapSizeBytes, nowMs),
      new GroupOffsets(path, groups, mapSizeBytes),
      new Doorbell(pollMs),
      new DiskSpace(path, minFreeBytes),
      [journals, groups],
    );
  }

  journal(topic: Topic): Journal {
    return topic === 'patch.dead-letters' ? this.deadLetters : this.facts;
  }

  /** Where the topics' partitions end now. */
  heads(topics: readonly Topic[]): ReadonlyMap<Topic, readonly number[]> {
    for (const journal of new Set(topics.map((topic) => this.journal(topic)))) journal.refresh();
    return new Map(topics.map((topic) => [topic, this.journal(topic).heads(topic)]));
  }

  committer(topic: Topic): GroupCommitter {
    return topic === 'patch.dead-letters' ? this.deadLettersCommitter : this.factsCommitter;
  }

  /** @throws LogUnavailableError */
  async joinGroup(group: string): Promise<number> {
    return this.explained(() => this.groups.join(group));
  }

  /** @throws LogUnavailableError */
  async commitOffsets(group: string, member: number, positions: readonly Position[]): Promise<void> {
    await this.explained(() => this.groups.commit(group, member, positions));
  }

  /** Lets appends end, wakes waiting reads, closes the environments. */
  async close(): Promise<void> {
    clearInterval(this.readerCheck);
    this.doorbell.ring();
    await Promise.all([this.factsCommitter.idle(), this.deadLettersCommitter.idle()]);
    await Promise.all([this.facts.close(), this.deadLetters.close(), this.groups.close()]);
    await Promise.all(this.gates.map((gate) => gate.close()));
  }

  private async explained<T>(write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      throw await this.disk.explain(error, 0);
    }
  }

  private clearStaleReaders(): void {
    this.facts.clearStaleReaders();
    this.deadLetters.clearStaleReaders();
    this.groups.clearStaleReaders();
  }
}

interface SharedDirectory {
  readonly directory: Promise<LogDirectory>;
  users: number;
}

const shared = new Map<string, SharedDirectory>();
const closing = new Map<string, Promise<void>>();

/**
 * The directory, opened by its first user in this process and shared by the others (whose options are not looked at).
 * Two lmdb-js environments of one file in one process would wait for each other's write lock on the main thread, and
 * two committers would not share their fsyncs.
 */
export async function shareLogDirectory(
  path: string,
  options: LogDirectoryOptions,
): Promise<{ readonly directory: LogDirectory; readonly release: () => Promise<void> }> {
  const at = resolve(path);
  while (closing.has(at)) await closing.get(at);
  let entry = shared.get(at);
  if (entry === undefined) {
    entry = { directory: LogDirectory.open(at, options), users: 0 };
    shared.set(at, entry);
  }
  entry.users += 1;
  const used = entry;
  const release = async (): Promise<void> => {
    used.users -= 1;
    if (used.users > 0) return;
    shared.delete(at);
    const closed = used.directory.then((directory) => directory.close()).finally(() => closing.delete(at));
    closing.set(at, closed);
    await closed;
  };
  try {
    return { directory: await used.directory, release };
  } catch (error) {
    if (shared.get(at) === used) shared.delete(at);
    throw error;
  }
}
