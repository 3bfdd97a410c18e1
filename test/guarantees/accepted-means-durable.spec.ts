import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';
import { streamedBatch } from '../harness/attempt-stream.js';
import { startCollectorProcess } from '../harness/collector-process.js';
import type { CollectorProcess } from '../harness/collector-process.js';
import { addSender } from '../harness/command-line.js';
import { LedgerSender } from '../harness/ledger-sender.js';
import { loggedSourceEventIds } from '../harness/logged-reports.js';
import { postReports } from '../harness/post-reports.js';
import type { CollectorAnswer } from '../harness/post-reports.js';
import { RollcallUp } from '../harness/rollcall-up.js';

const ROUNDS = 10;

const missingFrom = (logged: ReadonlySet<string>, acknowledged: ReadonlySet<string>): readonly string[] =>
  [...acknowledged].filter((id) => !logged.has(id));

/** What the log of a data directory holds, opened by nobody but this test. */
async function readLog(data: string): Promise<ReadonlySet<string>> {
  const log = await openLmdbEventLog({ directory: join(data, 'log'), minFreeBytes: 0 });
  return loggedSourceEventIds(log).finally(() => log.close());
}

/** A sender with four lanes, and somebody who is killed in the moment in which its next 202 has been read. */
function startDeadlySender(
  seed: number,
  post: (rows: readonly unknown[], key: string) => Promise<CollectorAnswer>,
) {
  let kill: (() => void) | null = null;
  const sender = new LedgerSender({
    seed,
    post,
    pauseMs: 5,
    onAccepted: () => {
      kill?.();
      kill = null;
    },
  });
  sender.start(4);
  const killAtNextAnswer = (work: () => void): Promise<void> =>
    new Promise((resolve) => {
      kill = () => {
        work();
        resolve();
      };
    });
  return { sender, killAtNextAnswer };
}

/** G1: a 202 is sent only after the log has the events on disk. */
describe('accepted means durable', () => {
  it(`a collector killed as soon as a 202 is read (${ROUNDS} times)`, async () => {
    const data = mkdtempSync(join(tmpdir(), 'rollcall-durable-'));
    const token = await addSender(data, 'bank-a');
    let collector = await startCollectorProcess({ ROLLCALL_DATA: data });
    const { sender, killAtNextAnswer } = startDeadlySender(1, (rows, key) =>
      postReports(collector.url, token, rows, { 'idempotency-key': key }),
    );
    try {
      for (let round = 1; round <= ROUNDS; round += 1) {
        if (round > 1) collector = await startCollectorProcess({ ROLLCALL_DATA: data });
        await killAtNextAnswer(() => {
          collector.kill();
        });
        expect(await collector.ended).toBeNull();
        const missing = missingFrom(await readLog(data), sender.ledger.sourceEventIds);
        expect({ round, missing }).toEqual({ round, missing: [] });
      }
      console.log(`${ROUNDS} kills: ${sender.ledger.events} reports acknowledged, all in the log`);
    } finally {
      sender.giveUp();
      collector.kill();
      rmSync(data, { recursive: true, force: true });
    }
  }, 600_000);

  it('the whole product killed as soon as a 202 is read, and again after a restart', async () => {
    const rollcall = await RollcallUp.start();
    const token = await rollcall.addSender('bank-a');
    const { sender, killAtNextAnswer } = startDeadlySender(2, (rows, key) =>
      rollcall.post(rows, token, { 'idempotency-key': key }),
    );
    try {
      const collector = await rollcall.child('collector');
      await killAtNextAnswer(() => process.kill(collector, 'SIGKILL'));
      expect(missingFrom(await readLog(rollcall.data), sender.ledger.sourceEventIds)).toEqual([]);
      for (const restart of [false, true]) {
        if (restart) await rollcall.restart();
        await killAtNextAnswer(() => process.kill(rollcall.pid, 'SIGKILL'));
        expect(missingFrom(await readLog(rollcall.data), sender.ledger.sourceEventIds)).toEqual([]);
        await rollcall.killAll();
      }
    } finally {
      sender.giveUp();
      await rollcall.dispose();
    }
  }, 900_000);
});

const MIB = 1024 * 1024;

describe('a collector whose log cannot take more', () => {
  let folder: string;
  let isSmallDisk: boolean;
  let data: string;
  let token: string;
  let collector: CollectorProcess | undefined;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rollcall-full-'));
    const prepared = join(folder, 'prepared');
    token = await addSender(prepared, 'bank-a');
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    isSmallDisk = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${24 * MIB}`, 'tmpfs', disk]).status === 0;
    console.log(
      isSmallDisk
        ? 'a full log: checked on a disk of 24 MiB'
        : 'a full log: no right to mount a small disk here; checked with a floor of free bytes that no disk has',
    );
    data = join(disk, 'data');
    cpSync(prepared, data, { recursive: true });
  }, 120_000);

  afterAll(async () => {
    await collector?.stop();
    if (isSmallDisk) spawnSync('umount', [join(folder, 'disk')]);
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('answers 503 with Retry-After, acknowledges nothing, and goes on when there is room', async () => {
    const ballast = join(folder, 'disk', 'ballast');
    if (isSmallDisk) writeFileSync(ballast, Buffer.alloc(8 * MIB));
    collector = await startCollectorProcess({
      ROLLCALL_DATA: data,
      ROLLCALL_MIN_FREE_BYTES: isSmallDisk ? '0' : String(Number.MAX_SAFE_INTEGER),
    });
    const acknowledged = new Set<string>();
    const send = async (number: number) => {
      const batch = streamedBatch(1, number);
      const rows = batch.map(({ row }) => ({ ...row, excerpt: ['x'.repeat(1_000)] }));
      const answer = await postReports(collector?.url ?? '', token, rows, {
        'idempotency-key': `batch-${number}`,
      });
      if (answer.status === 202) for (const { sourceEventId } of batch) acknowledged.add(sourceEventId);
      return answer;
    };
    let number = 0;
    let refused = await send(number);
    for (; refused.status === 202; refused = await send(number)) number += 1;
    for (let again = 0; again < 3; again += 1, refused = await send(number)) {
      expect(refused.status).toBe(503);
      expect(refused.headers.has('retry-after')).toBe(true);
      expect(refused.body).toMatchObject({ status: 503 });
      expect(refused.body).not.toHaveProperty('accepted');
    }
    expect(missingFrom(await readLog(data), acknowledged)).toEqual([]);
    expect(number > 0).toBe(isSmallDisk);

    if (isSmallDisk) {
      rmSync(ballast);
      expect((await send(number)).status).toBe(202);
      expect(missingFrom(await readLog(data), acknowledged)).toEqual([]);
    }
    expect(await collector.stop()).toBe(0);
    collector = undefined;
  }, 300_000);
});
