import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { EventLog, LogMessage, Position } from '#event-log/event-log.js';
import { LogUnavailableError } from '#event-log/event-log.js';
import { openLmdbEventLog } from './lmdb-event-log.js';

const TOPIC = 'patch.attempts';
const MIB = 1024 * 1024;
const DISK_BYTES = 24 * MIB;

const messages = (append: number): LogMessage[] =>
  Array.from({ length: 100 }, (_, index) => ({
    key: `bank-a/d-${index}`,
    value: Buffer.alloc(650, `${append} ${index} `),
  }));

/** Appends until the log refuses; returns what was acknowledged and the refusal. */
async function fill(log: EventLog): Promise<{ acknowledged: (readonly Position[])[]; refusal: unknown }> {
  const acknowledged: (readonly Position[])[] = [];
  for (;;)
    try {
      acknowledged.push(await log.append(TOPIC, messages(acknowledged.length)));
    } catch (refusal) {
      return { acknowledged, refusal };
    }
}

async function expectAllThere(log: EventLog, acknowledged: readonly (readonly Position[])[]): Promise<void> {
  for (const [append, positions] of acknowledged.entries())
    for (const [index, { topic, partition, offset }] of positions.entries()) {
      if (index % 20 !== 0) continue;
      const [record] = await log.readRange(topic, partition, offset, 1);
      expect(record?.value.equals(messages(append)[index]?.value ?? Buffer.alloc(0))).toBe(true);
    }
}

describe('an lmdb log on a full disk', () => {
  let directory: string;
  let isSmallDisk: boolean;
  let log: EventLog | undefined;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'rollcall-small-disk-'));
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', directory]);
    isSmallDisk = mounted.status === 0;
    console.log(
      isSmallDisk
        ? 'full disk: checked on a tmpfs of 24 MiB'
        : 'full disk: no right to mount a small disk here; checked with a full lmdb map of 24 MiB instead',
    );
  });

  afterEach(async () => {
    await log?.close();
  });

  afterAll(() => {
    if (isSmallDisk) spawnSync('umount', [directory]);
    rmSync(directory, { recursive: true, force: true });
  });

  it('refuses with disk_full, loses nothing acknowledged, and goes on when there is room again', async () => {
    const path = join(directory, 'brim');
    const ballast = join(directory, 'ballast');
    if (isSmallDisk) writeFileSync(ballast, Buffer.alloc(8 * MIB));
    const options = { directory: path, minFreeBytes: 0 };
    log = await openLmdbEventLog(isSmallDisk ? options : { ...options, mapSizeBytes: DISK_BYTES });

    const { acknowledged, refusal } = await fill(log);
    expect(refusal).toBeInstanceOf(LogUnavailableError);
    expect(refusal).toMatchObject({ reason: 'disk_full' });
    expect(acknowledged.length).toBeGreaterThan(10);
    await expectAllThere(log, acknowledged);
    await expect(log.append(TOPIC, messages(0))).rejects.toMatchObject({ reason: 'disk_full' });

    if (isSmallDisk) rmSync(ballast);
    else {
      await log.close();
      log = await openLmdbEventLog({ ...options, mapSizeBytes: 2 * DISK_BYTES });
    }
    acknowledged.push(await log.append(TOPIC, messages(acknowledged.length)));
    await expectAllThere(log, acknowledged);

    const consumer = await log.consume('projector', [TOPIC]);
    const ends = await log.endOffsets(TOPIC);
    let read = 0;
    for (let more = 1; more > 0; read += more) {
      const slices = await consumer.read({ maxRecords: 1_000, maxBytes: 64 * MIB, maxWaitMs: 0 });
      more = slices.reduce((sum, { records }) => sum + records.length, 0);
    }
    expect(read).toBe(ends.reduce((sum, end) => sum + end, 0));
  });

  it('keeps the floor free: refuses before the disk is full', async () => {
    const path = join(directory, 'floor');
    mkdirSync(path, { recursive: true });
    log = await openLmdbEventLog({ directory: path, minFreeBytes: Number.MAX_SAFE_INTEGER });
    await expect(log.append(TOPIC, messages(0))).rejects.toMatchObject({
      name: 'LogUnavailableError',
      reason: 'disk_full',
    });
    expect(await log.endOffsets(TOPIC)).toEqual(new Array(12).fill(0));
  });
});
