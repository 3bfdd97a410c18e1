import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { reportOf, sampleAttempt } from '../../../test/harness/sample-events.js';
import { openPipeline } from '../../../test/harness/pipeline.js';
import type { Pipeline } from '../../../test/harness/pipeline.js';
import { connectClickHouse } from './connection.js';
import { ClickHouseWriters } from './clickhouse-writers.js';
import { StoredKeys } from './stored-keys.js';
import type { ReportKey } from './stored-keys.js';

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline();
  await pipeline.reset('blue');
});
afterAll(() => pipeline.dispose());

const keyOf = (deviceKey: string) => ({ bank: 'bank-a', deviceKey, kbKey: 'KB5041578' });

describe('stored keys', () => {
  it('are known to a process that did not store them: the store hashes as we do', async () => {
    const events = Array.from({ length: 500 }, (_, n) =>
      sampleAttempt(`device-${n}`, n % 2 ? {} : { targetKb: undefined, packageIdentity: `Übung-设备-${n}` }),
    );
    await pipeline.projectEvents('blue', events, 200);
    const stored = events.map((event): ReportKey => reportOf(event));
    expect(new Set(stored.map(({ kbKey }) => kbKey)).size).toBe(251);
    const client = connectClickHouse({ url: pipeline.writerUrl });
    try {
      const keys = await StoredKeys.load(client, 'rollcall_blue');
      expect(stored.filter((key) => !keys.mayHold(key))).toEqual([]);
      const strangers = Array.from({ length: 500 }, (_, n) => `d-stranger-${n}`);
      expect(strangers.filter((name) => keys.mayHold(keyOf(name)))).toEqual([]);

      const fresh = new ClickHouseWriters(client, 'rules-of-the-test').of('blue');
      expect(await fresh.readReports(stored)).toHaveLength(stored.length);
      expect(await fresh.readReports([keyOf('d-stranger-1')])).toEqual([]);
    } finally {
      await client.close();
    }
  });

  it('among two million of them hardly a new one looks stored', () => {
    const keys = new StoredKeys();
    const stored = 2_000_000;
    for (let n = 0; n < stored; n++) keys.add(keyOf(`d-${n}`));
    const strangers = Array.from({ length: 100_000 }, (_, n) => keyOf(`d-stranger-${n}`));
    expect(strangers.filter((key) => keys.mayHold(key)).length).toBeLessThan(300);
  });

  it('are read again after another process filled the generation', async () => {
    const client = connectClickHouse({ url: pipeline.writerUrl });
    try {
      const writers = new ClickHouseWriters(client, 'rules-of-the-test');
      const late = [keyOf('d-late')];
      expect(await writers.of('blue').readReports(late)).toEqual([]);
      await pipeline.projectEvents('blue', [sampleAttempt('late')], 1);
      await writers.prepare('blue');
      expect(await writers.of('blue').readReports(late)).toHaveLength(1);
    } finally {
      await client.close();
    }
  });
});
