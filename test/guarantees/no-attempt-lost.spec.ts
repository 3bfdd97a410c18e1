import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../harness/attempt-stream.js';
import type { Role } from '../harness/installation-processes.js';
import { LedgerSender } from '../harness/ledger-sender.js';
import { RollcallUp } from '../harness/rollcall-up.js';
import type { ShownAttempt } from '../harness/sender-ledger.js';

const KILLS = Number(process.env['ROLLCALL_SOAK_KILLS'] ?? 20);
/** The load goes on at least so long, with the kills spread over it. */
const MINUTES = Number(process.env['ROLLCALL_SOAK_MINUTES'] ?? 0);
const SEED = Number(process.env['ROLLCALL_SOAK_SEED'] ?? 20_240_910);
/** Kills of the whole supervisor, with all processes at once. */
const FALLS = 2 + Math.floor(KILLS / 50);
const BANKS = ['bank-a', 'bank-b'] as const;
const KILLED: readonly Role[] = ['engine', 'collector', 'projector'];
const KILL_TIMEOUT_MS = 60_000;

const random = seededRandom(SEED);
const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;

/** G2: kill -9 of any process at any point loses nothing that was accepted, and counts nothing twice. */
describe('no attempt lost', () => {
  let rollcall: RollcallUp;
  const senders = new Map<string, LedgerSender>();
  let acceptedBatches = 0;

  beforeAll(async () => {
    rollcall = await RollcallUp.start();
    for (const [index, bank] of BANKS.entries()) {
      const token = await rollcall.addSender(bank);
      const post = (rows: readonly unknown[], key: string) =>
        rollcall.post(rows, token, { 'idempotency-key': key });
      const onAccepted = () => {
        acceptedBatches += 1;
      };
      senders.set(bank, new LedgerSender({ seed: SEED + index, post, pauseMs: 250, onAccepted }));
    }
  }, 300_000);

  afterAll(async () => {
    for (const sender of senders.values()) sender.giveUp();
    await rollcall.dispose();
  }, 120_000);

  /** Chosen points beside random ones: just after an answer, just after the projector has committed. */
  const moments: Readonly<Record<string, () => Promise<unknown>>> = {
    'at random': () => sleep(random() * 1_500),
    'after a 202': async () => {
      const before = acceptedBatches;
      const since = performance.now();
      while (acceptedBatches === before && performance.now() - since < 10_000) await sleep(1);
    },
    'after a commit': () =>
      rollcall.withLog(async (log) => {
        const committed = async () => String(await log.committedOffsets('projector-blue', 'patch.attempts'));
        const before = await committed();
        const since = performance.now();
        while ((await committed()) === before && performance.now() - since < 10_000) await sleep(2);
      }),
  };

  it(
    `${KILLS} kills of one process and ${FALLS} of all change no number`,
    async () => {
      for (const sender of senders.values()) sender.start();
      const startedAt = performance.now();
      const fallsAfter = new Set(
        Array.from({ length: FALLS }, (_, fall) => Math.floor(((fall + 1) * KILLS) / (FALLS + 1))),
      );
      const killed = new Map<string, number>();
      let kills = 0;
      while (kills < KILLS || performance.now() - startedAt < MINUTES * 60_000) {
        const [moment, untilThen] = pick(Object.entries(moments));
        const role = pick(KILLED);
        await untilThen();
        await rollcall.kill(role);
        kills += 1;
        killed.set(`${role} ${moment}`, (killed.get(`${role} ${moment}`) ?? 0) + 1);
        if (fallsAfter.has(kills)) {
          await rollcall.killAll();
          await rollcall.restart();
        }
      }
      for (const sender of senders.values()) await sender.finish();
      await rollcall.drained();

      let accepted = 0;
      let lost = 0;
      let doubled = 0;
      for (const [bank, { ledger }] of senders) {
        const shown = (await rollcall.list(`attempts?bank=${bank}`)) as readonly ShownAttempt[];
        const compared = ledger.compare(shown);
        accepted += ledger.accepted;
        lost += compared.lost;
        doubled += compared.doubled;
      }
      console.log(
        [
          `kills=${kills + FALLS} accepted=${accepted} lost=${lost} doubled=${doubled}`,
          `killed: ${[...killed].map(([what, count]) => `${what} ${count}`).join(', ')}, supervisor with all ${FALLS}`,
          `senders met: ${[...senders].map(([bank, { troubles }]) => `${bank} ${JSON.stringify([...troubles])}`).join(', ')}`,
        ].join('\n'),
      );
      expect({ lost, doubled }).toEqual({ lost: 0, doubled: 0 });
      for (const [bank, { ledger }] of senders) {
        expect(await rollcall.status(bank)).toMatchObject({
          reports: ledger.events,
          attempts: ledger.attempts,
        });
        const cohorts = await rollcall.cohorts(bank);
        const failing = cohorts
          .filter((cohort) => cohort.failing > 0)
          .map(
            ({ kb, build, signature, failing: devices }) =>
              [`${kb} ${build} ${signature.l1}`, devices] as const,
          );
        expect(new Map(failing)).toEqual(ledger.failingDevices());
      }
    },
    (KILLS + FALLS) * KILL_TIMEOUT_MS + MINUTES * 60_000 + 1_200_000,
  );

  it('a rebuild from the log gives the same views, cell by cell', async () => {
    const { code, stdout, stderr } = await rollcall.cli(['rebuild', '--verify', '--json']);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ equal: true, differences: [] });
  }, 900_000);
});
