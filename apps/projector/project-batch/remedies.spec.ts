import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectClickHouse } from '#attempt-store/clickhouse/connection.js';
import { openPipeline } from '../../../test/harness/pipeline.js';
import type { Pipeline } from '../../../test/harness/pipeline.js';
import { sampleAttempt } from '../../../test/harness/sample-events.js';
import { sampleOutcome, sampleRemedy } from '../../../test/harness/sample-remedies.js';

let pipeline: Pipeline;
let client: ReturnType<typeof connectClickHouse>;
beforeAll(async () => {
  pipeline = await openPipeline();
  client = connectClickHouse({ url: pipeline.writerUrl });
  await pipeline.reset('blue');
  await pipeline.reset('green');
});
afterAll(async () => {
  await client.close();
  await pipeline.dispose();
});

const rows = async (generation: 'blue' | 'green') => {
  const query = `SELECT device_key, kind, remedy_id, fixed FROM rollcall_${generation}.remedies ORDER BY device_key, kind`;
  return (await client.query({ query, format: 'JSONEachRow' })).json();
};

describe('remedies in the log', () => {
  it('stand once in the store, whatever crashes and replays, under the canonical device; garbage is a dead letter', async () => {
    const aliases = [{ kind: 'smbios' as const, key: 'one-machine' }];
    await pipeline.append([
      sampleRemedy('b'),
      sampleOutcome('b', { fixed: true }),
      sampleRemedy('b'),
      sampleAttempt('a', { deviceAliases: aliases }),
      sampleAttempt('b', { deviceAliases: aliases }),
    ]);
    await pipeline.log.append('patch.remedies', [{ key: 'x', value: Buffer.from('{"eventType":"x"}') }]);
    for (let call = 1; await pipeline.projectUntilCrash('blue', 2, call); call += 1);
    await pipeline.replay('blue', 3);
    expect(await rows('blue')).toEqual([
      { device_key: 'd-a', kind: 'applied', remedy_id: 'reset_transaction_log', fixed: false },
      { device_key: 'd-a', kind: 'outcome', remedy_id: 'reset_transaction_log', fixed: true },
    ]);
    expect(
      (await pipeline.log.endOffsets('patch.dead-letters')).reduce((sum, end) => sum + end, 0),
    ).toBeGreaterThan(0);

    await pipeline.project('green', 100);
    expect(await rows('green')).toEqual(await rows('blue'));
    expect(await pipeline.writers.differences(10)).toEqual([]);
  }, 120_000);
});
