import type { Server } from 'node:http';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import type {
  BeforeApplicationShutdown,
  DynamicModule,
  OnApplicationShutdown,
  OnModuleDestroy,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import { AdminReader } from '#event-log/admin-reader.js';
import { EventLog } from '#event-log/event-log.js';
import { openKafkaEventLog } from '#event-log/kafka/open-kafka-event-log.js';
import { openRawTopics } from '#event-log/kafka/open-raw-topics.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';
import { openDataDirectory } from '#runtime/data-directory.js';
import type { Logger } from '#runtime/logger.js';
import { createMetrics } from '#runtime/metrics.js';
import type { Metrics } from '#runtime/metrics.js';
import { BankPseudonyms } from './admission/bank-pseudonyms.js';
import { BankQuota } from './admission/bank-quota.js';
import { Credentials } from './admission/credentials.js';
import { Intake } from './admission/intake.js';
import { COLLECTOR_CONFIG } from './collector.config.js';
import type { CollectorConfig } from './collector.config.js';
import { BulkController } from './event-documents/bulk.controller.js';
import { EventIntake } from './event-documents/event-intake.js';
import { OtlpLogsController } from './event-documents/otlp-logs.controller.js';
import { ReportEventBatchController } from './event-documents/report-event-batch.controller.js';
import { HealthController } from './http/health.controller.js';
import { METRICS } from './http/metrics-token.js';
import { SchemaController } from './http/schema.controller.js';
import { OPEN_RAW_TOPICS, RAW_TOPICS_LOGGER, RawTopicsIntake } from './raw-topics/raw-topics-intake.js';
import { IdempotencyStore } from './report-attempts/idempotency-store.js';
import { NameBook } from './report-attempts/name-book.js';
import { RejectsStore } from './report-attempts/rejects-store.js';
import { ReportAttemptsController } from './report-attempts/report-attempts.controller.js';
import { ReportAttemptsHandler } from './report-attempts/report-attempts.js';

/**
 * Together below the 3.5 s that `rollcall up` leaves the collector of the 10 s in which a stop must end: a sender that
 * never finishes its body must not get it killed in the middle of other senders' answers.
 */
const DRAIN_MS = 2_500;
const LAST_ANSWERS_MS = 500;
const SWEEP_MS = 6 * 3_600_000;

/** The composition root: what the collector is made of, and in which order it ends. */
@Module({})
export class CollectorModule implements OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly sweep: NodeJS.Timeout;

  constructor(
    private readonly log: EventLog,
    private readonly intake: Intake,
    private readonly idempotency: IdempotencyStore,
    private readonly names: NameBook,
    private readonly http: HttpAdapterHost,
    rejects: RejectsStore,
  ) {
    this.sweep = setInterval(() => void rejects.deleteOld(), SWEEP_MS).unref();
    void rejects.deleteOld();
  }

  /** @param openLog how the log is opened; default: where the configuration says it is */
  static with(
    config: CollectorConfig,
    logger: Logger,
    openLog: () => Promise<EventLog> = () =>
      config.log.kind === 'kafka'
        ? openKafkaEventLog(config.log, (err) => {
            logger.warn({ err }, 'the event log');
          })
        : openLmdbEventLog({ directory: config.log.directory, minFreeBytes: config.minFreeBytes }),
  ): DynamicModule {
    const data = openDataDirectory(config.dataDirectory);
    return {
      module: CollectorModule,
      imports: [CqrsModule.forRoot()],
      controllers: [
        ReportAttemptsController,
        SchemaController,
        HealthController,
        OtlpLogsController,
        BulkController,
        ReportEventBatchController,
      ],
      providers: [
        { provide: COLLECTOR_CONFIG, useValue: config },
        { provide: METRICS, useFactory: () => createMetrics('collector') },
        { provide: EventLog, useFactory: openLog },
        {
          provide: AdminReader,
          inject: [EventLog],
          useFactory: (log: EventLog) => new AdminReader(log, config.tokenCacheMs),
        },
        { provide: BankPseudonyms, useFactory: () => new BankPseudonyms(config.keysFile) },
        { provide: BankQuota, useFactory: () => new BankQuota(config.bankRowsPerSecond) },
        {
          provide: Intake,
          inject: [METRICS],
          useFactory: (metrics: Metrics) =>
            new Intake({ ...config, dataDirectory: data.root }, (bytes) => {
              metrics.inFlightBytes.set(bytes);
            }),
        },
        {
          provide: IdempotencyStore,
          useFactory: () =>
            IdempotencyStore.open(join(data.collector, 'idempotency'), config.idempotencyBytes),
        },
        {
          provide: RejectsStore,
          inject: [EventLog],
          useFactory: (log: EventLog) =>
            new RejectsStore(
              { directory: data.rejects, maxBytesPerBankDay: config.rejectsBytesPerBankDay, nowMs: Date.now },
              log,
              logger,
            ),
        },
        { provide: NameBook, useFactory: () => new NameBook(data.names, logger) },
        Credentials,
        EventIntake,
        ReportAttemptsHandler,
        { provide: RAW_TOPICS_LOGGER, useValue: logger },
        {
          provide: OPEN_RAW_TOPICS,
          useValue: async (topics: readonly string[]) => {
            if (config.log.kind !== 'kafka') throw new Error('raw topics need ROLLCALL_LOG=kafka:…');
            return openRawTopics(config.log, topics, (err) => {
              logger.warn({ err }, 'the raw topics');
            });
          },
        },
        RawTopicsIntake,
      ],
    };
  }

  /** While the port is still open: who comes now is told to come again, who is in is finished. */
  async onModuleDestroy(): Promise<void> {
    clearInterval(this.sweep);
    await this.intake.drain(DRAIN_MS);
  }

  /** Nothing is being worked on any more: senders that hold a connection open must not hold up the end. */
  beforeApplicationShutdown(): void {
    const server = this.http.httpAdapter.getHttpServer() as Server;
    setTimeout(() => {
      server.closeAllConnections();
    }, LAST_ANSWERS_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.names.close();
    await this.idempotency.close();
    await this.log.close();
  }
}
