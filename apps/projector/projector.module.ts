import { Module } from '@nestjs/common';
import type { DynamicModule, FactoryProvider } from '@nestjs/common';
import { CommandBus, CqrsModule } from '@nestjs/cqrs';
import { rulesHash } from '#domain/rules-hash.js';
import { StoreWriters } from '#attempt-store/store-writers.js';
import { ClickHouseFailureQuestions } from '#attempt-store/clickhouse/clickhouse-failure-questions.js';
import { ClickHouseWriters } from '#attempt-store/clickhouse/clickhouse-writers.js';
import { connectClickHouse } from '#attempt-store/clickhouse/connection.js';
import { AdminReader } from '#event-log/admin-reader.js';
import { EventLog } from '#event-log/event-log.js';
import { openKafkaEventLog } from '#event-log/kafka/open-kafka-event-log.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';
import { logAddressOf } from '#event-log/log-address.js';
import { createLogger } from '#runtime/logger.js';
import { createMetrics } from '#runtime/metrics.js';
import { HealthController } from './health.controller.js';
import { ProjectBatchHandler } from './project-batch/project-batch.js';
import type { ProjectorConfig } from './projector.config.js';
import { Projector } from './projector.js';

/** How old the live generation may be known: a swap is followed within this. */
const ADMIN_MAX_AGE_MS = 2_000;

/** Composition root: which adapter stands behind which port. */
@Module({})
export class ProjectorModule {
  /** The live projector: fills the store until it is stopped. */
  static with(config: ProjectorConfig): DynamicModule {
    const projector: FactoryProvider = {
      provide: Projector,
      inject: [CommandBus, EventLog, StoreWriters],
      useFactory: (commands: CommandBus, log: EventLog, writers: StoreWriters) => {
        const admin = new AdminReader(log, ADMIN_MAX_AGE_MS);
        // An alert waits for the record of its remedy no longer than this.
        const client = connectClickHouse({ url: config.ROLLCALL_CLICKHOUSE, requestTimeoutMs: 5_000 });
        return new Projector({
          commands,
          log,
          writers,
          admin,
          failures: new ClickHouseFailureQuestions(client, async () => (await admin.current()).generation),
          config,
          metrics: createMetrics('projector'),
          logger: createLogger('projector', config.ROLLCALL_LOG_LEVEL),
        });
      },
    };
    const base = ProjectorModule.forRebuild(config);
    return { ...base, controllers: [HealthController], providers: [...(base.providers ?? []), projector] };
  }

  /** Only what projecting needs: a rebuild drives it itself. */
  static forRebuild(config: ProjectorConfig): DynamicModule {
    return {
      module: ProjectorModule,
      imports: [CqrsModule.forRoot()],
      providers: [
        ProjectBatchHandler,
        {
          provide: EventLog,
          useFactory: () => openLog(config),
        },
        {
          provide: StoreWriters,
          useFactory: () => openWriters(config),
        },
      ],
    };
  }
}

function openWriters(config: ProjectorConfig): StoreWriters {
  const { ROLLCALL_CLICKHOUSE: url, ROLLCALL_CLICKHOUSE_CLUSTER: name, ROLLCALL_CLICKHOUSE_SHARDS } = config;
  const shards = ROLLCALL_CLICKHOUSE_SHARDS?.map((shard) => connectClickHouse({ url: shard }));
  const cluster = name === undefined ? undefined : { name, ...(shards && { shards }) };
  // The log of one machine has one projector; whoever joins a Kafka group is one of several.
  const isShared = logAddressOf(config).kind === 'kafka';
  const isReplicated = cluster !== undefined && shards === undefined;
  return new ClickHouseWriters(connectClickHouse({ url, isReplicated }), rulesHash, isShared, cluster);
}

function openLog(config: ProjectorConfig): Promise<EventLog> {
  const log = logAddressOf(config);
  if (log.kind === 'lmdb') return openLmdbEventLog({ directory: log.directory });
  const logger = createLogger('projector', config.ROLLCALL_LOG_LEVEL);
  return openKafkaEventLog(log, (err) => {
    logger.warn({ err }, 'the event log');
  });
}
