import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventLog } from '#event-log/event-log.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';
import { PROJECTED_TOPICS } from '../projected-topics.js';
import { ProjectedTimeReader } from './projected-time.js';

const GROUP = 'projector-blue';
const AT = Date.parse('2026-03-10T08:00:00Z');
const MINUTE_MS = 60_000;

let directory: string;
let log: EventLog;
let nowMs: number;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-projected-'));
  log = await openLmdbEventLog({ directory });
  nowMs = 0;
});
afterEach(async () => {
  await log.close();
  rmSync(directory, { recursive: true, force: true });
});

const append = (key: string, value: string) =>
  log.append('patch.attempts', [{ key, value: Buffer.from(value) }]);
const arrived = (minute: number) =>
  JSON.stringify({ receivedAt: new Date(AT + minute * MINUTE_MS).toISOString() });
/** As the projectors do it: everything that is there, or all but the partition of one key. */
async function projectAllBut(partition = -1): Promise<void> {
  const consumer = await log.consume(GROUP, PROJECTED_TOPICS);
  const slices = await consumer.read({ maxRecords: 1_000, maxBytes: 1e6, maxWaitMs: 0 });
  await consumer.commit(slices.filter((slice) => slice.partition !== partition));
  await consumer.close();
}
const reader = () => new ProjectedTimeReader(log, GROUP, () => nowMs);

describe('how far the projectors have come', () => {
  it('is not held back when nothing waits, also on an empty log', async () => {
    expect(await reader().read()).toEqual({ upToMs: null, waiting: 0, projected: 0 });
    await append('a', arrived(1));
    await projectAllBut();
    expect(await reader().read()).toEqual({ upToMs: null, waiting: 0, projected: 1 });
  });

  it('ends before the first arrival that waits anywhere', async () => {
    await append('a', arrived(1));
    await projectAllBut();
    await append('a', arrived(9));
    await append('b', arrived(5));
    await append('b', arrived(7));
    expect(await reader().read()).toEqual({ upToMs: AT + 5 * MINUTE_MS - 1, waiting: 3, projected: 1 });
  });

  it('goes by the time of the log where a message cannot be read', async () => {
    const before = Date.now();
    await append('a', '{"receivedAt":');
    await append('b', '{"receivedAt":7}');
    const { upToMs } = await reader().read();
    expect(upToMs).toBeGreaterThanOrEqual(before - 1);
    expect(upToMs).toBeLessThan(Date.now());
  });

  it('leaves a partition behind that nobody works on for ten minutes, until it goes on', async () => {
    const [stuck] = await append('a', arrived(1));
    await append('b', arrived(5));
    const projected = reader();
    expect(await projected.read()).toMatchObject({ upToMs: AT + MINUTE_MS - 1 });
    await projectAllBut(stuck?.partition);
    nowMs = 9 * MINUTE_MS;
    expect(await projected.read()).toMatchObject({ upToMs: AT + MINUTE_MS - 1, waiting: 1 });
    nowMs = 11 * MINUTE_MS;
    expect(await projected.read()).toMatchObject({ upToMs: null, waiting: 1 });
    await projectAllBut();
    await append('a', arrived(12));
    expect(await projected.read()).toMatchObject({ upToMs: AT + 12 * MINUTE_MS - 1 });
  });
});
