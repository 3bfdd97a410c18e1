import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CommandBus } from '@nestjs/cqrs';
import { ClickHouseWriters } from '#attempt-store/clickhouse/clickhouse-writers.js';
import { connectClickHouse } from '#attempt-store/clickhouse/connection.js';
import { AdminReader } from '#event-log/admin-reader.js';
import { createLogger } from '#runtime/logger.js';
import { createMetrics } from '#runtime/metrics.js';
import { eventually } from '../../test/harness/eventually.js';
import { openPipeline } from '../../test/harness/pipeline.js';
import type { Pipeline } from '../../test/harness/pipeline.js';
import { sampleAttempt } from '../../test/harness/sample-events.js';
import { ProjectBatchHandler } from './project-batch/project-batch.js';
import type { ProjectBatch } from './project-batch/project-batch.js';
import { projectorConfigSchema } from './projector.config.js';
import { Projector } from './projector.js';

/** A program with other rules meets views that the old one made. */
describe('projector after an upgrade of the rules', () => {
  let pipeline: Pipeline;
  beforeAll(async () => {
    pipeline = await openPipeline();
    await pipeline.reset('blue');
    await pipeline.append([sampleAttempt('one'), sampleAttempt('two')]);
    await pipeline.project('blue', 10);
  });
  afterAll(async () => {
    await pipeline.dispose();
  });

  it('fills the other generation by the new rules, swaps, and goes on there; the old one answers meanwhile', async () => {
    const client = connectClickHouse({ url: pipeline.writerUrl });
    const writers = new ClickHouseWriters(client, 'new rules');
    const handler = new ProjectBatchHandler(pipeline.log, writers);
    const admin = new AdminReader(pipeline.log, 0);
    const projector = new Projector({
      commands: { execute: (command: ProjectBatch) => handler.execute(command) } as unknown as CommandBus,
      // The projector closes its log when it stops; this one is the pipeline's.
      log: Object.assign(Object.create(pipeline.log) as typeof pipeline.log, {
        close: () => Promise.resolve(),
      }),
      writers,
      admin,
      failures: { remedyTrials: () => Promise.resolve([]) },
      config: projectorConfigSchema.parse({
        ROLLCALL_LOG: `lmdb:${pipeline.logDirectory}`,
        ROLLCALL_CLICKHOUSE: pipeline.writerUrl,
      }),
      metrics: createMetrics('projector'),
      logger: createLogger('projector', 'fatal'),
    });
    projector.onApplicationBootstrap();
    try {
      await eventually('the swap', async () =>
        (await admin.refresh()).generation === 'green' ? true : null,
      );
      const [old] = (await pipeline.store.cohorts({ bank: null }, { limit: 5 })).items;
      expect(old).toMatchObject({ failing: 2 });
      await pipeline.append([sampleAttempt('three')]);
      const ids = await eventually('the third device in the new filling', async () => {
        const rows = await writers.of('green').readKbKeys('bank-a', ['d-one', 'd-two', 'd-three']);
        return rows.length === 3 ? rows.map(({ deviceKey }) => deviceKey).sort() : null;
      });
      expect(ids).toEqual(['d-one', 'd-three', 'd-two']);
    } finally {
      await projector.beforeApplicationShutdown();
      await client.close();
    }
  }, 120_000);
});
