import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../harness/eventually.js';
import { ExtraProjector } from '../../harness/extra-projector.js';
import { KafkaInstallation } from '../../harness/kafka-installation.js';
import { describeWithOwnBrokers } from '../../harness/kafka-specs.js';

const SEED = Number(process.env['ROLLCALL_SOAK_SEED'] ?? 20_240_911);
/** Longer than the group waits for a member: its partitions have gone to others when it goes on. */
const HANGS_MS = 60_000;

jest.setTimeout(900_000);

/** Projectors that share the partitions: one joins, one is killed, one hangs and goes on. Nothing lost, nothing doubled. */
describeWithOwnBrokers('kafka: several projectors', () => {
  let installation: KafkaInstallation;
  const extra: ExtraProjector[] = [];

  beforeAll(async () => {
    installation = await KafkaInstallation.start(SEED);
    installation.sender.start();
    await eventually('reports in the store', async () =>
      (await installation.rollcall.status(installation.bank)).reports > 0 ? true : null,
    );
  });

  afterAll(async () => {
    for (const projector of extra) await projector.kill();
    await installation.dispose();
  });

  const join = async (): Promise<ExtraProjector> => {
    const projector = await ExtraProjector.start(installation.rollcall.data);
    extra.push(projector);
    return projector;
  };

  it('one joins, one is killed, one hangs for a minute and goes on: every attempt is counted once', async () => {
    const second = await join();
    const third = await join();
    await sleep(15_000);
    await second.kill();
    third.hang();
    await sleep(HANGS_MS);
    third.resume();
    await installation.rollcall.kill('projector');
    await sleep(10_000);

    await installation.sender.finish();
    const { accepted, lost, doubled } = await installation.balance();
    console.log(`kafka, several projectors: accepted=${accepted} lost=${lost} doubled=${doubled}`);
    expect({ lost, doubled }).toEqual({ lost: 0, doubled: 0 });
    expect(accepted).toBeGreaterThan(0);
  });

  it('the rows are those that one projector makes of the log', async () => {
    const verify = await installation.rollcall.cli(['rebuild', '--verify', '--json']);
    expect({ code: verify.code, ...(JSON.parse(verify.stdout) as object) }).toMatchObject({
      code: 0,
      equal: true,
      differences: [],
    });
  });

  it('a rebuild of what the projectors still keep up after a swap is refused, and changes nothing', async () => {
    const { lines } = installation.rollcall;
    const before = lines.length;
    const swap = await installation.rollcall.cli(['rebuild', '--json']);
    expect({ code: swap.code, ...(JSON.parse(swap.stdout) as object) }).toMatchObject({
      code: 0,
      swapped: true,
    });
    await eventually(
      'a projector that keeps the old views up',
      () => lines.slice(before).some((line) => line.includes('filling generation blue')) || null,
    );
    const again = await installation.rollcall.cli(['rebuild', '--json']);
    expect({ code: again.code, said: again.stderr }).toMatchObject({
      code: 1,
      said: expect.stringContaining('generation blue is being filled by others'),
    });
    const status = async () => installation.rollcall.status(installation.bank);
    // The console knows of the swap within seconds; the numbers are the same before and after.
    expect((await status()).reports).toBe(installation.sender.ledger.events);
    await eventually(
      'answers from the new views',
      async () => (await status()).generation === 'green' || null,
    );
    expect((await status()).reports).toBe(installation.sender.ledger.events);
  });
});
