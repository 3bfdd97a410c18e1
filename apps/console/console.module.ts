import { Module } from '@nestjs/common';
import type { DynamicModule, OnApplicationShutdown } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { AttemptStore } from '#attempt-store/attempt-store.js';
import { ClickHouseFailureQuestions } from '#attempt-store/clickhouse/clickhouse-failure-questions.js';
import { ClickHouseStore } from '#attempt-store/clickhouse/clickhouse-store.js';
import { connectClickHouse } from '#attempt-store/clickhouse/connection.js';
import { FailureQuestions } from '#attempt-store/failure-questions.js';
import { AdminReader } from '#event-log/admin-reader.js';
import { AlertLog } from '#event-log/alert-log.js';
import { EventLog } from '#event-log/event-log.js';
import { openKafkaEventLog } from '#event-log/kafka/open-kafka-event-log.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';
import { createLogger } from '#runtime/logger.js';
import { createMetrics } from '#runtime/metrics.js';
import { AlertsController } from './alerts/alerts.controller.js';
import { CodesController } from './codes/codes.controller.js';
import { ExplainController } from './explain/explain.controller.js';
import { ExplainCohortHandler } from './explain/explain-cohort.js';
import { ListDeviceFactorsHandler } from './explain/list-device-factors.js';
import { ListStalePackagesHandler } from './explain/list-stale-packages.js';
import { KbController } from './kb/kb.controller.js';
import type { ConsoleConfig } from './console.config.js';
import { HealthController } from './http/health.controller.js';
import { METRICS } from './http/metrics-token.js';
import { OpenApiController } from './http/openapi.controller.js';
import { QuestionsController } from './http/questions.controller.js';
import { QUESTIONS } from './questions/all-questions.js';
import { AdviseRemediesHandler } from './remedies/advise-remedies.js';
import { ListLedgerHandler } from './remedies/list-ledger.js';
import { RemediesController } from './remedies/remedies.controller.js';
import { StorePosition } from './questions/store-position.js';

/** How long a revoked token may still be taken. */
const CREDENTIALS_MAX_AGE_MS = 10_000;

@Module({})
export class ConsoleModule implements OnApplicationShutdown {
  constructor(private readonly log: EventLog) {}

  /** Chooses the adapters: log, ClickHouse store. The live generation stands in the log. */
  static with(config: ConsoleConfig): DynamicModule {
    return {
      module: ConsoleModule,
      imports: [CqrsModule.forRoot()],
      controllers: [
        QuestionsController,
        AlertsController,
        CodesController,
        KbController,
        RemediesController,
        ExplainController,
        OpenApiController,
        HealthController,
      ],
      providers: [
        { provide: EventLog, useFactory: () => openLog(config) },
        {
          provide: AdminReader,
          inject: [EventLog],
          useFactory: (log: EventLog) => new AdminReader(log, CREDENTIALS_MAX_AGE_MS),
        },
        {
          provide: AttemptStore,
          inject: [AdminReader],
          useFactory: (admin: AdminReader) =>
            new ClickHouseStore(
              connectClickHouse({ url: config.clickhouse, requestTimeoutMs: 30_000 }),
              async () => (await admin.current()).generation,
              async () => (await admin.current()).signatureAliases,
            ),
        },
        {
          provide: FailureQuestions,
          inject: [AdminReader],
          useFactory: (admin: AdminReader) =>
            new ClickHouseFailureQuestions(
              connectClickHouse({ url: config.clickhouse, requestTimeoutMs: 30_000 }),
              async () => (await admin.current()).generation,
              async () => (await admin.current()).signatureAliases,
            ),
        },
        {
          provide: AlertLog,
          inject: [EventLog],
          useFactory: (log: EventLog) => new AlertLog(log, () => undefined),
        },
        { provide: METRICS, useFactory: () => createMetrics('console') },
        StorePosition,
        ...QUESTIONS,
        ListLedgerHandler,
        AdviseRemediesHandler,
        ExplainCohortHandler,
        ListDeviceFactorsHandler,
        ListStalePackagesHandler,
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.log.close();
  }
}

function openLog({ log, logLevel }: ConsoleConfig): Promise<EventLog> {
  if (log.kind === 'lmdb') return openLmdbEventLog({ directory: log.directory });
  const logger = createLogger('console', logLevel);
  return openKafkaEventLog(log, (err) => {
    logger.warn({ err }, 'the event log');
  });
}
