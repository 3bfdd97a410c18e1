import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AdminReader } from '#event-log/admin-reader.js';
import type { EventLog } from '#event-log/event-log.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';
import { createMetrics } from '#runtime/metrics.js';
import { PROJECTED_TOPICS } from './projected-topics.js';
import { tellLag } from './tell-lag.js';

describe('the lag in /metrics', () => {
  let directory: string;
  let log: EventLog;
  const metrics = createMetrics('projector');
  const parts = () => ({ log, admin: new AdminReader(log, 0), metrics });
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'rollcall-lag-'));
    log = await openLmdbEventLog({ directory, nowMs: () => Date.now() - 60_000 });
  });
  afterEach(async () => {
    await log.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const lagNow = async (): Promise<number[]> =>
    (await metrics.consumerLag.get()).values.map(({ value }) => value).filter((value) => value > 0);
  const waitingNow = async (): Promise<number[]> =>
    (await metrics.consumerWaiting.get()).values.map(({ value }) => value).filter((value) => value > 0);

  it('tells every partition of the live group, grows while nobody reads, and falls when it is committed', async () => {
    const message = { key: 'bank-a/d-1', value: Buffer.from('x') };
    await log.append('patch.attempts', [message, message, message]);
    await tellLag(parts());
    expect(await lagNow()).toEqual([3]);
    expect((await metrics.consumerLag.get()).values).toHaveLength(12 * PROJECTED_TOPICS.length);
    expect((await waitingNow())[0]).toBeGreaterThanOrEqual(60);
    await log.append('patch.attempts', [message]);
    await tellLag(parts());
    expect(await lagNow()).toEqual([4]);
    const consumer = await log.consume('projector-blue', ['patch.attempts']);
    await consumer.commit(await consumer.read({ maxRecords: 10, maxBytes: 1e6, maxWaitMs: 0 }));
    await consumer.close();
    await tellLag(parts());
    expect([await lagNow(), await waitingNow()]).toEqual([[], []]);
  });

  it('tells no lag, rather than an old one, when the log does not answer', async () => {
    await log.append('patch.attempts', [{ key: 'k', value: Buffer.from('x') }]);
    await tellLag(parts());
    expect(await lagNow()).toEqual([1]);
    const away = Object.assign(Object.create(log) as EventLog, {
      endOffsets: () => Promise.reject(new Error('away')),
    });
    await tellLag({ ...parts(), log: away });
    expect((await metrics.consumerLag.get()).values).toEqual([]);
  });
});
