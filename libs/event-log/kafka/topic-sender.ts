import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import type { Kafka, Message, Producer } from 'kafkajs';
import { LogUnavailableError } from '#event-log/event-log.js';
import { lastingTroubleOf, unavailable } from './kafka-errors.js';

/** One send carries at most so much: the brokers take it as one batch a partition. */
const SEND_BYTES = 4 * 1024 * 1024;
const SEND_MESSAGES = 20_000;
/** How long a broker may wait for its followers. */
const REPLICATION_TIMEOUT_MS = 8_000;
/** A send that neither succeeds nor fails within this is given up, and its client with it. */
const HUNG_AFTER_MS = 30_000;
/** So many failures in a row, and the client is replaced: whatever it holds may be stale. */
const FAILURES_PER_CLIENT = 5;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 1_000;

export interface SendOptions {
  readonly compression: 'gzip' | 'none';
  readonly appendTimeoutMs: number;
}

/** A message whose partition is chosen. */
export interface PlacedMessage extends Message {
  readonly partition: number;
  readonly bytes: number;
}

/** Offsets run parallel to the messages. */
interface Append {
  readonly offsets: number[];
  missing: number;
  settled: boolean;
  resolve(offsets: readonly number[]): void;
  reject(error: Error): void;
}

interface Part {
  readonly append: Append;
  readonly from: number;
  readonly messages: readonly PlacedMessage[];
  readonly bytes: number;
}

/**
 * Sends the appends to one topic in the order of their calls, many in one send, one send at a time.
 *
 * kafkajs loses acknowledged messages when it retries a send itself after a leader was killed (its own retry leaves out
 * partitions that moved to a broker which had answered). So it never retries: we send everything again that is not
 * confirmed partition by partition. What was in the log already is then there twice; readers count by event id.
 */
export class TopicSender {
  private readonly queue: Part[] = [];
  private readonly open = new Set<Append>();
  private sending: Promise<void> | null = null;
  private producer: Promise<Producer> | null = null;
  private lastError: unknown = null;
  private closed = false;

  constructor(
    private readonly kafka: Kafka,
    private readonly topicName: string,
    private readonly options: SendOptions,
  ) {}

  /** Resolves with the offset of each message once all in-sync replicas hold it. @throws LogUnavailableError */
  append(messages: readonly PlacedMessage[]): Promise<readonly number[]> {
    return new Promise((resolve, reject) => {
      const append: Append = {
        offsets: new Array<number>(messages.length).fill(-1),
        missing: messages.length,
        settled: false,
        resolve: (offsets) => {
          finish();
          resolve(offsets);
        },
        reject: (error) => {
          finish();
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        const waited = new Error(`not confirmed within ${this.options.appendTimeoutMs} ms`);
        append.reject(unavailable(`append to ${this.topicName}`, this.lastError ?? waited));
      }, this.options.appendTimeoutMs);
      const finish = (): void => {
        append.settled = true;
        clearTimeout(timer);
        this.open.delete(append);
      };
      this.open.add(append);
      this.queue.push(...partsOf(append, messages));
      this.sending ??= this.drain();
    });
  }

  /** Waits for appends under way, at most so long; then they are refused. */
  async close(graceMs: number): Promise<void> {
    const grace = new AbortController();
    await Promise.race([
      this.sending,
      sleep(graceMs, undefined, { signal: grace.signal }).catch(() => undefined),
    ]);
    grace.abort();
    this.closed = true;
    for (const append of [...this.open])
      append.reject(new LogUnavailableError('the event log was closed before Kafka confirmed', 'closed'));
    this.dropClient();
  }

  private async drain(): Promise<void> {
    try {
      while (this.queue.length > 0 && !this.closed) await this.sendUntilConfirmed(this.takeNext());
    } finally {
      this.sending = null; // In the same breath as the last look: an append in between would wait for ever.
    }
  }

  private takeNext(): Part[] {
    const parts: Part[] = [];
    let bytes = 0;
    let messages = 0;
    for (const part of this.queue) {
      bytes += part.bytes;
      messages += part.messages.length;
      if (parts.length > 0 && (bytes > SEND_BYTES || messages > SEND_MESSAGES)) break;
      parts.push(part);
    }
    this.queue.splice(0, parts.length);
    return parts;
  }

  private async sendUntilConfirmed(parts: readonly Part[]): Promise<void> {
    let waitMs = FIRST_WAIT_MS;
    for (let failures = 0; ;) {
      // Who was refused meanwhile sends again by himself.
      const wanted = parts.filter(({ append }) => !append.settled);
      if (wanted.length === 0 || this.closed) return;
      try {
        confirm(wanted, await this.sendOnce(wanted.flatMap(({ messages }) => messages)));
        this.lastError = null;
        return;
      } catch (error) {
        this.lastError = error;
        if (lastingTroubleOf(error) !== null) {
          for (const { append } of wanted) append.reject(unavailable(`append to ${this.topicName}`, error));
          return;
        }
        failures += 1;
        if (failures % FAILURES_PER_CLIENT === 0) this.dropClient();
      }
      await sleep(waitMs * (0.5 + Math.random() / 2));
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
    }
  }

  /** Partition → offset of its first message. Rejects unless every partition of the messages is confirmed. */
  private async sendOnce(messages: readonly PlacedMessage[]): Promise<ReadonlyMap<number, number>> {
    const sent = this.connected().then((producer) =>
      producer.send({
        topic: this.topicName,
        acks: -1,
        timeout: REPLICATION_TIMEOUT_MS,
        compression:
          this.options.compression === 'gzip' ? kafkajs.CompressionTypes.GZIP : kafkajs.CompressionTypes.None,
        messages: messages as PlacedMessage[],
      }),
    );
    const confirmed = new Map<number, number>();
    for (const { partition, errorCode, baseOffset } of await this.orHung(sent))
      if (errorCode === 0 && Number(baseOffset) >= 0) confirmed.set(partition, Number(baseOffset));
    // kafkajs resolves without having sent to a partition that its metadata does not know at that moment.
    const forgotten = messages.find(({ partition }) => !confirmed.has(partition));
    if (forgotten) throw new Error(`partition ${forgotten.partition} was not confirmed`);
    return confirmed;
  }

  private async orHung<T>(sent: Promise<T>): Promise<T> {
    const over = new AbortController();
    const hung = sleep(HUNG_AFTER_MS, undefined, { signal: over.signal }).then(() => {
      this.dropClient();
      throw new Error(`no answer within ${HUNG_AFTER_MS} ms`);
    });
    hung.catch(() => undefined);
    sent.catch(() => undefined);
    try {
      return await Promise.race([sent, hung]);
    } finally {
      over.abort();
    }
  }

  private connected(): Promise<Producer> {
    if (this.producer) return this.producer;
    const producer = this.kafka.producer({
      allowAutoTopicCreation: false,
      idempotent: false,
      retry: { retries: 0 },
      metadataMaxAge: 60_000,
      createPartitioner: () => (choice) => choice.message.partition ?? 0,
    });
    const connecting = producer.connect().then(
      () => producer,
      (error: unknown) => {
        if (this.producer === connecting) this.producer = null;
        throw error;
      },
    );
    this.producer = connecting;
    return connecting;
  }

  private dropClient(): void {
    const { producer } = this;
    this.producer = null;
    void producer?.then((old) => old.disconnect()).catch(() => undefined);
  }
}

function partsOf(append: Append, messages: readonly PlacedMessage[]): Part[] {
  const parts: Part[] = [];
  for (let from = 0; from < messages.length;) {
    let bytes = 0;
    let to = from;
    for (; to < messages.length && to - from < SEND_MESSAGES; to += 1) {
      const next = messages[to]?.bytes ?? 0;
      if (to > from && bytes + next > SEND_BYTES) break;
      bytes += next;
    }
    parts.push({ append, from, messages: messages.slice(from, to), bytes });
    from = to;
  }
  return parts;
}

/** Within a partition a send keeps the order of its messages, so each one's offset follows from the first one's. */
function confirm(parts: readonly Part[], firstOffsets: ReadonlyMap<number, number>): void {
  const next = new Map(firstOffsets);
  for (const { append, from, messages } of parts) {
    messages.forEach(({ partition }, index) => {
      const offset = next.get(partition) ?? -1;
      append.offsets[from + index] = offset;
      next.set(partition, offset + 1);
    });
    append.missing -= messages.length;
    if (append.missing === 0 && !append.settled) append.resolve(append.offsets);
  }
}
