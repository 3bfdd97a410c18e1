import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { runClickHouse } from '../harness/ask-clickhouse.js';
import { eventually } from '../harness/eventually.js';
import { LedgerSender } from '../harness/ledger-sender.js';
import { RollcallUp } from '../harness/rollcall-up.js';
import type { ShownAttempt } from '../harness/sender-ledger.js';

/** Longer than a projector would need to commit what came meanwhile. */
const PAUSE_MS = 3_000;
const BEFORE_THE_FIRST = 2_000;

/**
 * G7 within the hour after a swap, on one machine: the projector keeps the old generation up, and a rebuild fills that one
 * anew. Two that fill it would leave out what the other one's commits passed over.
 */
describe('rebuild beside traffic', () => {
  let rollcall: RollcallUp;
  let sender: LedgerSender;

  beforeAll(async () => {
    rollcall = await RollcallUp.start();
    const token = await rollcall.addSender('bank-a');
    const post = (rows: readonly unknown[], key: string) =>
      rollcall.post(rows, token, { 'idempotency-key': key });
    sender = new LedgerSender({ seed: 20_241_008, post, pauseMs: 1_000 });
  }, 300_000);
  afterAll(async () => {
    sender.giveUp();
    await rollcall.dispose();
  }, 120_000);

  async function rebuild(...options: readonly string[]): Promise<void> {
    const { code, stdout, stderr } = await rollcall.cli(['rebuild', ...options]);
    expect({ code, said: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, said: '' });
  }

  /** Stops the rebuild when it has begun with empty tables, and kills it after a while: nothing of it is left. */
  async function killBegunRebuild(): Promise<void> {
    const begun = `SELECT count() FROM rollcall_blue.generation WHERE rebuild = 'begun'`;
    const pid = await eventually('a rebuild that has begun', async () => {
      const marks = await runClickHouse(rollcall.clickhouse(), 'writer', begun).catch(() => '0');
      const rebuilding = rollcall
        .processes()
        .find(({ role, parentPid }) => role === 'projector' && parentPid !== rollcall.pid);
      return marks === '1' ? (rebuilding?.pid ?? null) : null;
    });
    process.kill(pid, 'SIGSTOP');
    await sleep(PAUSE_MS);
    process.kill(pid, 'SIGKILL');
  }

  it('that was killed within the hour after a swap, and run again, leaves nothing out', async () => {
    sender.start();
    await eventually('some reports', async () =>
      (await rollcall.status('bank-a')).reports >= BEFORE_THE_FIRST ? true : null,
    );
    await rebuild();

    const killed = rollcall.cli(['rebuild']);
    await killBegunRebuild();
    expect(await killed).toMatchObject({ code: 1 });

    await rebuild();
    await sender.finish();
    await rollcall.drained();
    const { ledger } = sender;
    const shown = (await rollcall.list('attempts?bank=bank-a')) as readonly ShownAttempt[];
    expect(ledger.compare(shown)).toMatchObject({ lost: 0, doubled: 0 });
    expect(await rollcall.status('bank-a')).toMatchObject({
      generation: 'blue',
      reports: ledger.events,
      attempts: ledger.attempts,
    });
    await rebuild('--verify');
  }, 600_000);
});
