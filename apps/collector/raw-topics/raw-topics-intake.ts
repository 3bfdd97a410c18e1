import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { AttemptReport } from '#domain/attempt-event.js';
import { AdminReader } from '#event-log/admin-reader.js';
import type { LogRecord } from '#event-log/event-log.js';
import type { RawSlice, RawTopics } from '#event-log/raw-topics.js';
import type { Logger } from '#runtime/logger.js';
import type { Metrics } from '#runtime/metrics.js';
import type { Sender } from '../admission/credentials.js';
import { COLLECTOR_CONFIG } from '../collector.config.js';
import type { CollectorConfig } from '../collector.config.js';
import { METRICS } from '../http/metrics-token.js';
import { RejectsStore } from '../report-attempts/rejects-store.js';
import { ReportAttempts } from '../report-attempts/report-attempts.js';
import { readRawMessage } from './read-raw-message.js';

/** Injection tokens: how the topics are opened, and the logger. */
export const OPEN_RAW_TOPICS = Symbol('open raw topics');
export const RAW_TOPICS_LOGGER = Symbol('logger of raw topics');

const LIMITS = { maxRecords: 2_000, maxBytes: 8 * 1024 * 1024, maxWaitMs: 500 };
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;
/** So many in a row that cannot be read are no accident: it is the wrong topic, or a defect of ours. */
const FLOOD = 1_000;

/**
 * Reads the topics that log shippers write themselves, by the way of `POST /v1/attempts`: read → take → append → commit. A
 * message counts as read only when the log holds what it tells; reading it twice counts nothing twice.
 */
@Injectable()
export class RawTopicsIntake implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly stopping = new AbortController();
  private readonly unreadableInRow = new Map<string, number>();
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly commands: CommandBus,
    private readonly admin: AdminReader,
    private readonly rejects: RejectsStore,
    @Inject(COLLECTOR_CONFIG) private readonly config: CollectorConfig,
    @Inject(METRICS) private readonly metrics: Metrics,
    @Inject(RAW_TOPICS_LOGGER) private readonly logger: Logger,
    @Inject(OPEN_RAW_TOPICS) private readonly open: (topics: readonly string[]) => Promise<RawTopics>,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.rawTopics.size > 0) this.running = this.run();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    const names = [...this.config.rawTopics.keys()];
    const topics = await this.trying('opening the raw topics', () => this.open(names));
    if (!topics) return;
    this.logger.info({ topics: names }, 'reading raw topics');
    while (!signal.aborted) {
      const slices = await this.trying('reading raw topics', () => topics.read(LIMITS, signal));
      for (const slice of slices ?? []) await this.takeWhole(topics, slice);
    }
    await topics.close();
  }

  private async takeWhole(topics: RawTopics, slice: RawSlice): Promise<void> {
    const taken = await this.trying(`taking ${slice.topic}/${slice.partition}`, async () => {
      await this.take(slice);
      return true;
    });
    // Stopped before the log held it: not committed, and read again by whoever comes next.
    if (!taken) return;
    await this.trying('committing raw topics', () => topics.commit([slice]).then(() => true));
    const { topic, partition } = slice;
    this.metrics.rawTopicLag.set({ topic, partition }, slice.endOffset - slice.nextOffset);
    if ((this.unreadableInRow.get(`${topic}/${partition}`) ?? 0) < FLOOD) return;
    topics.pause(topic, partition);
    this.logger.error(
      { topic, partition },
      `${topic}/${partition} is paused: ${FLOOD} messages in a row are nothing that can be read, so it is the wrong topic or a defect of ours; nothing is lost. Mend it and start the collector anew`,
    );
  }

  private async take(slice: RawSlice): Promise<void> {
    const sender = await this.senderOf(slice.topic);
    const reports: AttemptReport[] = [];
    for (const record of slice.records) {
      const readings = readRawMessage(record.value);
      await this.account(slice, record, sender.bank, readings);
      for (const reading of readings ?? []) if (reading.kind === 'report') reports.push(reading.report);
    }
    for (let from = 0; from < reports.length; from += this.config.maxEventsPerRequest) {
      const part = reports.slice(from, from + this.config.maxEventsPerRequest);
      const rows = Buffer.from(part.map((report) => JSON.stringify(report)).join('\n'));
      const bounded = (): void => undefined; // What is read at once is bounded by LIMITS.
      await this.commands.execute(new ReportAttempts(sender, rows, undefined, 'ndjson', undefined, bounded));
    }
  }

  /** The bank comes from the topic's configuration, never from a message. */
  private async senderOf(topic: string): Promise<Sender> {
    const bank = this.config.rawTopics.get(topic) ?? '';
    const settings = (await this.admin.current()).banks.get(bank);
    if (!settings) throw new Error(`bank ${bank} of topic ${topic} was not added: rollcall bank add ${bank}`);
    const { fqdn, nameMap, timeZone } = settings;
    return { bank, fqdn, nameMap, timeZone, mayStampArrival: false };
  }

  private async account(
    { topic, partition }: RawSlice,
    record: LogRecord,
    bank: string,
    readings: ReturnType<typeof readRawMessage>,
  ): Promise<void> {
    const refused = readings?.find((reading) => reading.kind === 'refused');
    const result = readings === null ? 'unreadable' : refused ? 'refused' : 'read';
    this.metrics.rawTopicMessages.inc({ topic, result });
    const id = `${topic}/${partition}`;
    this.unreadableInRow.set(id, readings === null ? (this.unreadableInRow.get(id) ?? 0) + 1 : 0);
    if (result === 'read') return;
    const reason = readings === null ? 'not_json' : 'invalid_value';
    const detail = refused?.kind === 'refused' ? refused.why : 'neither JSON nor an export of OpenTelemetry';
    await this.rejects.keepBody(bank, record.value, reason, detail, {
      topic,
      partition,
      offset: record.offset,
    });
  }

  /** Tries until it works; undefined when the collector is told to stop before that. */
  private async trying<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    const { signal } = this.stopping;
    for (let waitMs = FIRST_WAIT_MS; !signal.aborted; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      try {
        return await work();
      } catch (error) {
        this.logger.warn({ err: error, waitMs }, `${what} failed; trying again`);
      }
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    }
    return undefined;
  }
}
