import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openLmdbEventLog } from './lmdb-event-log.js';
import type { LmdbEventLog } from './lmdb-event-log.js';

const TOPIC = 'patch.admin';
const NOW = { maxRecords: 5, maxBytes: 1 << 20, maxWaitMs: 0 };

/** A process that slept, or hung, wakes up and goes on: it must not move what its successor has committed. */
describe('the member of a group', () => {
  let directory: string;
  let log: LmdbEventLog;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rollcall-log-'));
    log = await openLmdbEventLog({ directory });
    await log.append(
      TOPIC,
      Array.from({ length: 20 }, (_, index) => ({ key: 'k', value: Buffer.from(`${index}`) })),
    );
  });
  afterEach(async () => {
    await log.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('reads and commits nothing more when another has joined, which begins where the group is', async () => {
    const first = await log.consume('projector', [TOPIC]);
    await first.commit(await first.read(NOW));
    const late = await first.read(NOW);
    expect(first.assignment).toMatchObject({ number: 1, partitions: [{ topic: TOPIC, partition: 0 }] });

    const second = await log.consume('projector', [TOPIC]);
    expect(first.assignment).toEqual({ number: 2, partitions: [] });
    expect(second.assignment.partitions).toHaveLength(1);
    await first.commit(late);
    expect(await log.committedOffsets('projector', TOPIC)).toEqual([5]);
    expect(await first.read(NOW)).toEqual([]);

    const [slice] = await second.read(NOW);
    expect(slice).toMatchObject({ nextOffset: 10 });
    await second.commit(slice ? [slice] : []);
    expect(await log.committedOffsets('projector', TOPIC)).toEqual([10]);
    await first.close();
    await second.close();
  });

  it('of another group stays', async () => {
    const one = await log.consume('blue', [TOPIC]);
    const other = await log.consume('green', [TOPIC]);
    await one.commit(await one.read(NOW));
    expect(await log.committedOffsets('blue', TOPIC)).toEqual([5]);
    await one.close();
    await other.close();
  });
});
