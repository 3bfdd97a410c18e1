import { createHash } from 'node:crypto';
import type { Topic } from '#domain/topics.js';
import type { EventLog, LogRecord } from '#event-log/event-log.js';

const AT_ONCE = 500;
/** How far back a message may stand once more in the target: what one failed and repeated append can leave there. */
const REPEATS_WITHIN = 4 * AT_ONCE;

/** The target holds something that is not in the source at that place, so nothing may be appended to it. */
export class OtherContentError extends Error {
  override readonly name = 'OtherContentError';
}

export interface CopiedPartition {
  readonly partition: number;
  /** Messages of the source. */
  readonly messages: number;
  /** Of these, appended by this run. */
  readonly copied: number;
  /** Stand twice in the target, because an append was repeated; readers count them once. */
  readonly repeated: number;
  /** Over key, headers and value of every message in order: the same for source and target. */
  readonly sha256: string;
}

/**
 * Appends to one partition of `target` what it does not hold yet of `source`, and reads all of it back. The target
 * itself says how far a former run came, so a run may be killed at any point.
 * @param onCopied told how many messages were just appended and read back
 * @throws OtherContentError when the target's content is not the source's beginning
 */
export async function copyPartition(
  source: EventLog,
  target: EventLog,
  topic: Topic,
  partition: number,
  onCopied: (messages: number) => void,
): Promise<CopiedPartition> {
  const end = (await source.endOffsets(topic))[partition] ?? 0;
  const begin = (await source.beginOffsets(topic))[partition] ?? 0;
  const hash = createHash('sha256');
  const check = await PartitionCheck.of(target, topic, partition);
  let copied = 0;
  for (let offset = begin; offset < end;) {
    const read = await source.readRange(topic, partition, offset, Math.min(AT_ONCE, end - offset));
    const last = read.at(-1);
    if (!last) throw new Error(`${topic}/${partition} of the source cannot be read at ${offset}`);
    offset = last.offset + 1;
    const digests = read.map(digestOf);
    for (const digest of digests) hash.update(digest);
    const held = await check.expect(digests);
    if (held === read.length) continue;
    await target.append(
      topic,
      read.slice(held).map(({ key, value, headers }) => ({ key, value, headers })),
    );
    const missing = read.length - held;
    if ((await check.expect(digests.slice(held))) !== missing) {
      throw new Error(`${topic}/${partition}: what was just appended cannot be read back`);
    }
    copied += missing;
    onCopied(missing);
  }
  return { partition, messages: end - begin, copied, repeated: check.repeated, sha256: hash.digest('hex') };
}

/** Reads a target partition from its beginning, along with what it is expected to hold. */
class PartitionCheck {
  repeated = 0;
  private read: readonly { readonly offset: number; readonly digest: string }[] = [];
  private taken = 0;
  private found = false;
  private readonly recent = new Set<string>();

  private constructor(
    private readonly target: EventLog,
    private readonly topic: Topic,
    private readonly partition: number,
    private next: number,
  ) {}

  static async of(target: EventLog, topic: Topic, partition: number): Promise<PartitionCheck> {
    return new PartitionCheck(target, topic, partition, (await target.beginOffsets(topic))[partition] ?? 0);
  }

  /** How many of these, from the first on, are the next messages of the target. Fewer = its end was reached. */
  async expect(digests: readonly string[]): Promise<number> {
    for (const [index, digest] of digests.entries()) {
      if (!(await this.reach(digest))) return index;
      this.remember(digest);
    }
    return digests.length;
  }

  /** Goes past the next message, which must be the one of this digest; false at the end. */
  private async reach(digest: string): Promise<boolean> {
    for (;;) {
      const message = await this.take();
      if (message === undefined) return false;
      if (message.digest === digest) {
        this.found = true;
        return true;
      }
      // Old dead letters leave the source first: what the target has before is what a former run copied.
      if (!this.found && this.topic === 'patch.dead-letters') continue;
      if (!this.recent.has(message.digest)) throw otherContent(this.topic, this.partition, message.offset);
      this.repeated += 1;
    }
  }

  private async take() {
    if (this.taken === this.read.length) {
      const records = await this.target.readRange(this.topic, this.partition, this.next, AT_ONCE);
      this.read = records.map((record) => ({ offset: record.offset, digest: digestOf(record) }));
      this.next = (records.at(-1)?.offset ?? this.next - 1) + 1;
      this.taken = 0;
    }
    const message = this.read[this.taken];
    if (message !== undefined) this.taken += 1;
    return message;
  }

  private remember(digest: string): void {
    this.recent.add(digest);
    const [oldest] = this.recent;
    if (this.recent.size > REPEATS_WITHIN && oldest !== undefined) this.recent.delete(oldest);
  }
}

const otherContent = (topic: Topic, partition: number, offset: number): OtherContentError =>
  new OtherContentError(
    `${topic}/${partition} of the target holds something else at offset ${offset}; ` +
      'a copy needs a target to which nobody has written: give it empty topics',
  );

/** Each part with its length, so that no two different messages give the same bytes. */
export function digestOf({ key, value, headers }: LogRecord): string {
  const hash = createHash('sha256');
  const sorted = Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const part of [key, ...sorted.flat()]) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.update(`${value.length}:`).update(value).digest('base64');
}
