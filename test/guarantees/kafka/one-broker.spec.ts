import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { deviceMessageKey } from '#domain/topics.js';
import { seededRandom } from '../../harness/attempt-stream.js';
import { eventually } from '../../harness/eventually.js';
import { KafkaInstallation } from '../../harness/kafka-installation.js';
import { describeWithOwnBrokers } from '../../harness/kafka-specs.js';

/** Of the projector. */
const KILLS = Number(process.env['ROLLCALL_SOAK_KAFKA_KILLS'] ?? 10);
const SEED = Number(process.env['ROLLCALL_SOAK_SEED'] ?? 20_240_910);
const GROUP = 'projector-blue';

jest.setTimeout(600_000 + KILLS * 60_000);

/** Every acknowledged attempt is counted exactly once when the log is a Kafka, whatever dies. */
describeWithOwnBrokers('kafka: one broker, the whole product', () => {
  let installation: KafkaInstallation;
  const random = seededRandom(SEED);

  const expectBalanced = async (what: string): Promise<void> => {
    const { accepted, lost, doubled } = await installation.balance();
    console.log(`kafka, ${what}: accepted=${accepted} lost=${lost} doubled=${doubled}`);
    expect({ lost, doubled }).toEqual({ lost: 0, doubled: 0 });
    const { ledger } = installation.sender;
    expect(await installation.rollcall.status(installation.bank)).toMatchObject({
      reports: ledger.events,
      attempts: ledger.attempts,
    });
  };

  const committed = () =>
    installation.rollcall.withLog(async (log) =>
      (await log.committedOffsets(GROUP, 'patch.attempts')).join(),
    );

  /** The store has rows that the group has not committed yet, or just has. */
  const untilStored = async (): Promise<void> => {
    const { reports } = await installation.rollcall.status(installation.bank);
    await eventually('more reports in the store', async () =>
      (await installation.rollcall.status(installation.bank)).reports > reports ? true : null,
    );
  };

  beforeAll(async () => {
    installation = await KafkaInstallation.start(SEED);
    installation.sender.start();
  });

  afterAll(() => installation.dispose());

  it('an attempt goes from HTTP through Kafka into an answer', async () => {
    await eventually('reports in the store', async () =>
      (await installation.rollcall.status(installation.bank)).reports > 0 ? true : null,
    );
    await eventually('a commit in the group', async () =>
      (await committed()) === new Array(12).fill(0).join() ? null : true,
    );
  });

  it(`${KILLS} projectors killed while they insert and commit change no number`, async () => {
    for (let kill = 0; kill < KILLS; kill += 1) {
      if (kill % 2 === 0) await untilStored();
      else await sleep(random() * 3_000);
      await installation.rollcall.kill('projector');
    }
    await expectBalancedAfterPause(`${KILLS} projectors killed`);
  });

  it('a broker that is killed and comes back under load loses nothing', async () => {
    for (let round = 0; round < 2; round += 1) {
      await sleep(random() * 3_000);
      await installation.cluster.kill(1);
      await sleep(2_000);
      await installation.cluster.restart(1);
      const before = installation.sender.ledger.accepted;
      await eventually(
        'senders are answered 202 again',
        () => installation.sender.ledger.accepted > before || null,
      );
    }
    await expectBalancedAfterPause('broker killed twice');
  });

  it('whole partitions that are delivered again change no number', async () => {
    await installation.rollcall.withLog(async (log) => {
      const second = await log.consume(GROUP, ['patch.attempts', 'patch.inventory']);
      const { partitions } = second.assignment;
      expect(partitions.length).toBeGreaterThan(0);
      await second.commit(partitions.map((one) => ({ ...one, nextOffset: 0 })));
      await second.close();
    });
    await expectBalancedAfterPause('partitions delivered again');
  });

  it('a poison batch goes whole to the dead letters, and the line goes on', async () => {
    const poison = [
      Buffer.from('no JSON'),
      Buffer.from('{"eventType":"patch.update_attempt"'),
      Buffer.from([0, 255, 254]),
      Buffer.alloc(0),
      Buffer.from('[]'),
      Buffer.from(`{"eventType":"patch.update_attempt","bank":"${'x'.repeat(100_000)}"}`),
    ];
    const letters = await installation.rollcall.withLog(async (log) => {
      const positions = await log.append(
        'patch.attempts',
        poison.map((value, index) => ({ key: deviceMessageKey('bank-a', `poison-${index}`), value })),
      );
      await installation.rollcall.drained();
      const ends = await log.endOffsets('patch.dead-letters');
      const found = await Promise.all(
        ends.map((end, partition) => log.readRange('patch.dead-letters', partition, 0, end)),
      );
      for (const { partition, offset } of positions)
        expect(
          found.flat().map(({ headers }) => [headers['topic'], headers['partition'], headers['offset']]),
        ).toContainEqual(['patch.attempts', String(partition), String(offset)]);
      return found.flat();
    });
    for (const { headers } of letters)
      expect(headers).toMatchObject({
        reason: expect.any(String),
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
    await expectBalancedAfterPause('poison batch');
  });

  it('a rebuild from Kafka gives the same views, cell by cell', async () => {
    await installation.sender.finish();
    await expectBalanced('at the end');
    const { code, stdout, stderr } = await installation.rollcall.cli(['rebuild', '--verify', '--json']);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ equal: true, differences: [] });
  });

  /** Between two batches: what is under way would count for neither side. */
  async function expectBalancedAfterPause(what: string): Promise<void> {
    await installation.sender.finish();
    await expectBalanced(what);
    installation.sender.start();
  }
});
