import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { deviceMessageKey } from '#domain/topics.js';
import type { EventLog } from '#event-log/event-log.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';
import { rollcallHere } from '../../../test/harness/in-process-command.js';

interface Item {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly committed: number;
  readonly end: number;
  readonly lag: number;
  readonly ageSeconds: number | null;
}

describe('rollcall lag', () => {
  let data: string;
  let log: EventLog;
  let nowMs: number;
  beforeEach(async () => {
    data = mkdtempSync(join(tmpdir(), 'rollcall-lag-'));
    nowMs = Date.now() - 3_600_000;
    log = await openLmdbEventLog({ directory: join(data, 'log'), nowMs: () => nowMs });
    const messages = Array.from({ length: 60 }, (_, index) => ({
      key: deviceMessageKey('bank-a', `d-${index}`),
      value: Buffer.from(`{"${index}`),
    }));
    await log.append('patch.attempts', messages);
    nowMs += 1_800_000;
    await log.append('patch.inventory', messages.slice(0, 1));
  });
  afterEach(async () => {
    await log.close();
    rmSync(data, { recursive: true, force: true });
  });

  const lag = async (...args: string[]) => rollcallHere('lag', '--data', data, ...args);
  const waiting = (items: readonly Item[]): number => items.reduce((sum, item) => sum + item.lag, 0);

  async function commitAll(group: string): Promise<void> {
    const consumer = await log.consume(group, ['patch.attempts', 'patch.inventory']);
    const slices = await consumer.read({ maxRecords: 1_000, maxBytes: 1e7, maxWaitMs: 0 });
    await consumer.commit(slices);
    await consumer.close();
  }

  it('tells of every partition what is committed, where it ends and how long the oldest message waits', async () => {
    const items = (await lag('--json')).items<Item>();
    expect(items).toHaveLength(36);
    expect(items.every(({ group }) => group === 'projector-blue')).toBe(true);
    expect(waiting(items)).toBe(61);
    for (const item of items) {
      expect(item.end - item.committed).toBe(item.lag);
      if (item.lag === 0) expect(item.ageSeconds).toBeNull();
      else if (item.topic === 'patch.attempts') expect(item.ageSeconds).toBeGreaterThanOrEqual(3_600);
      else expect(item.ageSeconds).toBeLessThan(3_600);
    }
  });

  it('follows what a group commits, and knows groups apart', async () => {
    await commitAll('projector-blue');
    const items = (await lag('--json', '--group', 'projector-blue', 'projector-green')).items<Item>();
    expect(waiting(items.filter(({ group }) => group === 'projector-blue'))).toBe(0);
    expect(waiting(items.filter(({ group }) => group === 'projector-green'))).toBe(61);
  });

  it('says of a group that committed nothing that its name may be wrong', async () => {
    expect((await lag('--group', 'projectr')).out).toContain(
      'projectr: 61 messages behind; it has committed nothing',
    );
    await commitAll('projector-blue');
    expect((await lag()).out).toContain('projector-blue: 0 messages behind\n');
  });

  it('is code 2 above --max and 0 at it', async () => {
    expect((await lag('--max', '61')).code).toBe(0);
    const above = await lag('--max', '60');
    expect([above.code, above.err]).toEqual([2, expect.stringContaining('61 messages behind')]);
    expect((await lag('--max', 'many')).code).toBe(64);
  });
});
