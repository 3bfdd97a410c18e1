import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ClickHouseFailureQuestions } from '#attempt-store/clickhouse/clickhouse-failure-questions.js';
import { ClickHouseStore } from '#attempt-store/clickhouse/clickhouse-store.js';
import { connectClickHouse } from '#attempt-store/clickhouse/connection.js';
import { cohortIdOf } from '#domain/final-failures.js';
import { AdminReader } from '#event-log/admin-reader.js';
import { openPipeline } from '../../../test/harness/pipeline.js';
import type { Pipeline } from '../../../test/harness/pipeline.js';
import { sampleAttempt } from '../../../test/harness/sample-events.js';
import { takeOver } from './fill-idle.js';

const stillOurs = (): void => undefined;
let pipeline: Pipeline;
let client: ReturnType<typeof connectClickHouse>;
beforeAll(async () => {
  pipeline = await openPipeline();
  client = connectClickHouse({ url: pipeline.writerUrl });
});
afterAll(async () => {
  await client.close();
  await pipeline.dispose();
});

const OLD = 'oldsignature4321';

/** Makes the filling what rules of an earlier version would have made of it: every failure under one signature of theirs. */
async function asByOldRules(generation: 'blue' | 'green', signatureId: string): Promise<void> {
  const each = (column: string, value: string) => `arrayMap(x -> ${value}, \`${column}\`) AS \`${column}\``;
  const cohort = cohortIdOf('bank-a', '17763.6054', 'KB5041578', signatureId);
  await client.command({
    query: `INSERT INTO rollcall_${generation}.histories SELECT * REPLACE (
      version + 1 AS version, ${each('attempts.signature_id', `'${signatureId}'`)},
      ${each('failures.signature_id', `'${signatureId}'`)}, ${each('failures.cohort_id', `'${cohort}'`)})
      FROM rollcall_${generation}.histories FINAL`,
  });
}

describe('signatures under new rules', () => {
  it('are found by the ids that they had under the old ones, and under the ones before', async () => {
    await pipeline.reset('blue');
    await pipeline.reset('green');
    await pipeline.append([
      sampleAttempt('one', { stage: 'poqexec' }),
      sampleAttempt('two', { failingObject: { type: 'inf', name: 'cpu.inf' } }),
    ]);
    for (const generation of ['blue', 'green'] as const) await pipeline.project(generation, 10);
    await asByOldRules('blue', OLD);

    await takeOver(pipeline.log, pipeline.writers, 'green', stillOurs);
    const admin = new AdminReader(pipeline.log, 0);
    const aliases = async () => (await admin.current()).signatureAliases;
    const store = new ClickHouseStore(client, () => Promise.resolve('green'), aliases);
    const { items: today } = await store.cohorts({ bank: 'bank-a' }, { limit: 9 });
    expect(today).toHaveLength(2);
    const found = await store.cohorts({ bank: 'bank-a', signature: OLD }, { limit: 9 });
    expect(found.items.map(({ cohortId }) => cohortId).sort()).toEqual(
      today.map(({ cohortId }) => cohortId).sort(),
    );
    expect((await store.attempts({ bank: 'bank-a', signature: OLD }, { limit: 9 })).items).toHaveLength(2);
    const former = cohortIdOf('bank-a', '17763.6054', 'KB5041578', OLD);
    expect(today.map(({ cohortId }) => cohortId)).toContain((await store.cohort('bank-a', former))?.cohortId);
    // Another bank learns nothing by an id it may have heard of.
    expect(await store.cohort('bank-b', former)).toBeNull();
    const questions = new ClickHouseFailureQuestions(client, () => Promise.resolve('green'), aliases);
    expect((await questions.signature('bank-a', OLD))?.l1).toBe('0x80071ab1');

    // A second change of rules: the ids of the first still lead on.
    await asByOldRules('green', 'newersignature12');
    await takeOver(pipeline.log, pipeline.writers, 'blue', stillOurs);
    await admin.refresh();
    expect([...((await aliases()).get('newersignature12') ?? [])]).toEqual([OLD]);
    const again = await pipeline.writers.renamedSignatures('blue', 'blue');
    expect(again).toEqual([]);
  }, 120_000);
});
