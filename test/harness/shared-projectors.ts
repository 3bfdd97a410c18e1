import type { PatchEvent } from '#domain/attempt-event.js';
import type { Generation } from '#domain/generation.js';
import { deviceMessageKey } from '#domain/topics.js';
import type { AttemptStoreWriter, LinkFeed } from '#attempt-store/attempt-store.js';
import type { StoreWriters } from '#attempt-store/store-writers.js';
import type { EventLog, LogRecord, LogSlice } from '#event-log/event-log.js';
import { partitionOfKey } from '#event-log/partition-of-key.js';
import { ProjectBatch, ProjectBatchHandler } from '../../apps/projector/project-batch/project-batch.js';

const PARTITIONS = 4;

/** What happens to the projectors of one run; every choice comes from the seed. */
export interface Weather {
  readonly seed: number;
  readonly projectors: number;
  readonly batchSize: number;
  /** In a thousand calls to the store: so many end their process … */
  readonly crashes: number;
  /** … and so many stop it until others have taken over its partitions; it goes on later where it stood. */
  readonly stops: number;
}

/** What befell them, so that a test can show that it tried something. */
export interface SharedRun {
  calls: number;
  crashes: number;
  landedLate: number;
  stops: number;
  refusedCommits: number;
}

/** A call to the store that waits for its turn. */
interface Call {
  run(): Promise<void>;
  refuse(): void;
}

class Killed extends Error {}

/**
 * Projects the events by several projectors that share four partitions, one call to the store at a time, in an order that
 * the seed decides. Ends when every message is committed and every stopped projector has gone on and ended.
 */
export async function projectShared(
  generation: Generation,
  events: readonly PatchEvent[],
  openWriters: () => StoreWriters,
  weather: Weather,
): Promise<SharedRun> {
  return new SharedProjectors(generation, toPartitions(events), openWriters, weather).run();
}

class Member {
  readonly waiting: Call[] = [];
  partitions: readonly number[] = [];
  stoppedFor = 0;
  isDead = false;
  isIdle = true;

  constructor(readonly handler: ProjectBatchHandler) {}
}

class SharedProjectors {
  private readonly committed: number[];
  private readonly members: Member[] = [];
  private readonly late: Call[] = [];
  private readonly told: SharedRun = { calls: 0, crashes: 0, landedLate: 0, stops: 0, refusedCommits: 0 };
  private readonly random: () => number;

  constructor(
    private readonly generation: Generation,
    private readonly partitions: readonly (readonly LogRecord[])[],
    private readonly openWriters: () => StoreWriters,
    private readonly weather: Weather,
  ) {
    this.committed = partitions.map(() => 0);
    this.random = randomOf(weather.seed);
  }

  async run(): Promise<SharedRun> {
    for (let n = 0; n < this.weather.projectors; n += 1) this.join();
    for (;;) {
      for (const member of this.members) this.feed(member);
      await settled();
      const awake = this.members.filter(({ waiting, stoppedFor }) => waiting.length > 0 && stoppedFor === 0);
      for (const member of this.members) if (member.stoppedFor > 0) member.stoppedFor -= 1;
      if (this.late.length > 0 && this.chance(100)) await this.late.shift()?.run();
      const member = this.pick(awake);
      if (member) await this.step(member);
      else if (this.members.every(({ stoppedFor }) => stoppedFor === 0) && this.isDone()) break;
    }
    for (const call of this.late) await call.run();
    return this.told;
  }

  private isDone(): boolean {
    return (
      this.members.every(({ isIdle, waiting }) => isIdle && waiting.length === 0) &&
      this.committed.every((offset, partition) => offset === this.partitions[partition]?.length)
    );
  }

  private async step(member: Member): Promise<void> {
    this.told.calls += 1;
    if (this.chance(this.weather.crashes)) {
      this.crash(member);
    } else if (this.chance(this.weather.stops)) {
      this.told.stops += 1;
      member.stoppedFor = 1 + Math.floor(this.random() * 120);
      this.rebalance();
    } else {
      await member.waiting.splice(Math.floor(this.random() * member.waiting.length), 1)[0]?.run();
    }
  }

  /** What it had sent may still reach the store, at any later time. */
  private crash(member: Member): void {
    this.told.crashes += 1;
    member.isDead = true;
    for (const call of member.waiting.splice(0)) {
      if (this.chance(500)) {
        this.told.landedLate += 1;
        this.late.push(call);
      } else call.refuse();
    }
    this.members.splice(this.members.indexOf(member), 1);
    this.join();
  }

  private join(): void {
    const writers = this.openWriters();
    const member: Member = new Member(
      new ProjectBatchHandler(
        {} as EventLog,
        Object.assign(Object.create(writers) as StoreWriters, {
          of: (generation: Generation) => this.gated(() => member, writers.of(generation)),
        }),
      ),
    );
    this.members.push(member);
    this.rebalance();
  }

  /** Partitions go to those that run, round robin from a random one. */
  private rebalance(): void {
    const running = this.members.filter(({ stoppedFor }) => stoppedFor === 0);
    const first = Math.floor(this.random() * PARTITIONS);
    for (const member of this.members) member.partitions = [];
    for (let n = 0; n < PARTITIONS && running.length > 0; n += 1) {
      const member = running[n % running.length];
      if (member) member.partitions = [...member.partitions, (first + n) % PARTITIONS];
    }
  }

  /** Gives an idle member its next batch. */
  private feed(member: Member): void {
    if (!member.isIdle || member.stoppedFor > 0) return;
    if (member.partitions.length === 0) this.rebalance();
    const owned = member.partitions;
    const slices = owned
      .map((partition) => this.slice(partition))
      .filter(({ records }) => records.length > 0);
    if (slices.length === 0) return;
    member.isIdle = false;
    void member.handler.execute(new ProjectBatch(this.generation, slices)).then(
      () => {
        for (const { partition, nextOffset } of slices) {
          if (member.partitions.includes(partition) && member.partitions === owned)
            this.committed[partition] = Math.max(nextOffset, this.committed[partition] ?? 0);
          else this.told.refusedCommits += 1;
        }
        member.isIdle = true;
      },
      (error: unknown) => {
        if (!(error instanceof Killed)) throw error;
      },
    );
  }

  private slice(partition: number): LogSlice {
    const from = this.committed[partition] ?? 0;
    const all = this.partitions[partition] ?? [];
    const records = all.slice(from, from + this.weather.batchSize);
    return {
      topic: 'patch.attempts',
      partition,
      records,
      nextOffset: from + records.length,
      endOffset: all.length,
    };
  }

  /** The store as one process sees it: every call waits until it is chosen, and a dead process gets no answer. */
  private gated(owner: () => Member, store: AttemptStoreWriter): AttemptStoreWriter {
    const gate =
      <Args extends unknown[], T>(work: (...args: Args) => Promise<T>) =>
      (...args: Args): Promise<T> =>
        new Promise<T>((resolve, reject) => {
          const member = owner();
          const refuse = () => {
            reject(new Killed('the process ended'));
          };
          if (member.isDead) refuse();
          else
            member.waiting.push({
              refuse,
              run: () =>
                work(...args).then((answer) => {
                  if (member.isDead) refuse();
                  else resolve(answer);
                }, reject),
            });
        });
    return new Proxy(store, {
      get: (target, property) => {
        const method: unknown = Reflect.get(target, property);
        if (typeof method !== 'function') return method;
        if (property === 'openLinkFeed')
          return (): LinkFeed => {
            const feed = target.openLinkFeed();
            return { read: gate((banks: readonly string[]) => feed.read(banks)) };
          };
        return gate((...args: unknown[]) =>
          (method as (...all: unknown[]) => Promise<unknown>).apply(target, args),
        );
      },
    });
  }

  private chance(inAThousand: number): boolean {
    return this.random() * 1_000 < inAThousand;
  }

  private pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.random() * items.length)];
  }
}

/** Everything that can go on without an answer of the store has gone on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

function toPartitions(events: readonly PatchEvent[]): LogRecord[][] {
  const partitions: LogRecord[][] = Array.from({ length: PARTITIONS }, () => []);
  for (const event of events) {
    const key = deviceMessageKey(event.bank, event.deviceKey);
    const records = partitions[partitionOfKey(key, PARTITIONS)] ?? [];
    records.push({
      offset: records.length,
      key,
      value: Buffer.from(JSON.stringify(event)),
      headers: {},
      appendedAtMs: 0,
    });
  }
  return partitions;
}

/** Mulberry32: the same seed gives the same run. */
function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
