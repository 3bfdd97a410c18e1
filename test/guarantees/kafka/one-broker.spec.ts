import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { deviceMessageKey } from '#domain/topics.js';
import type { EventLog } from '#event-log/event-log.js';
import { openKafkaEventLog } from '#event-log/kafka/open-kafka-event-log.js';
import { runClickHouse } from '../../harness/ask-clickhouse.js';
import { seededRandom } from '../../harness/attempt-stream.js';
import { eventually } from '../../harness/eventually.js';
import { kafkaAddressOf } from '../../harness/kafka-address.js';
import { KafkaInstallation } from '../../harness/kafka-installation.js';
import { describeWithOwnBrokers } from '../../harness/kafka-specs.js';
import { recordsOf } from '../../harness/logged-reports.js';

/** Of the projector, each between insert and commit. */
const KILLS = Number(process.env['ROLLCALL_SOAK_KAFKA_KILLS'] ?? 10);
const BROKER_KILLS = Number(process.env['ROLLCALL_SOAK_BROKER_KILLS'] ?? 1);
const SEED = Number(process.env['ROLLCALL_SOAK_SEED'] ?? 20_240_910);
const GROUP = 'projector-blue';
/** After this the supervisor takes a process for healthy. */
const HEALTHY_AFTER_MS = 5_500;

jest.setTimeout(600_000 + KILLS * 60_000 + BROKER_KILLS * 90_000);

/** Every acknowledged attempt is counted exactly once when the log is a Kafka, whatever dies. */
describeWithOwnBrokers('kafka: one broker, the whole product', () => {
  let installation: KafkaInstallation;
  let log: EventLog;
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

  const committed = () => log.committedOffsets(GROUP, 'patch.attempts');

  /** Asked of ClickHouse itself: a question to the console takes longer than the projector between insert and commit. */
  const storedReports = async (): Promise<number> => {
    const engine = installation.rollcall.clickhouse();
    return Number(
      await runClickHouse(engine, 'reader', 'SELECT uniqExact(bank, event_id) FROM rollcall_blue.reports'),
    );
  };

  /** Resolves as soon as the store has reports of a batch that was not there before. */
  const untilStored = async (): Promise<void> => {
    const before = await storedReports();
    await eventually('a batch in the store', async () => (await storedReports()) > before || null, 60_000, 2);
  };

  /** The projector stops at a random moment just after it stored something; where it has not committed that yet, it dies. */
  const killBetween = async (): Promise<void> => {
    for (let tries = 1; tries <= 100; tries += 1) {
      await untilStored();
      await sleep(random() * 20);
      const pid = await installation.rollcall.child('projector');
      process.kill(pid, 'SIGSTOP');
      await sleep(100); // what it has sent arrives
      if (await isStoreAhead()) {
        await installation.rollcall.kill('projector');
        return;
      }
      process.kill(pid, 'SIGCONT');
    }
    throw new Error('the projector was never caught between insert and commit');
  };

  /** Reports in the log up to what the group has committed. */
  const committedReports = new Set<string>();
  const countedTo: number[] = [];

  /** While the projector does not run: the store holds reports that the group has not committed. */
  const isStoreAhead = async (): Promise<boolean> => {
    const [ends, stored] = await Promise.all([committed(), storedReports()]);
    for (const [partition, end] of ends.entries()) {
      const from = countedTo[partition] ?? 0;
      for (const { value } of await log.readRange('patch.attempts', partition, from, end - from))
        committedReports.add((JSON.parse(value.toString('utf8')) as { sourceEventId: string }).sourceEventId);
      countedTo[partition] = end;
    }
    return stored > committedReports.size;
  };

  beforeAll(async () => {
    installation = await KafkaInstallation.start(SEED);
    log = await openKafkaEventLog(kafkaAddressOf(installation.cluster.address));
    installation.sender.start();
  });

  afterAll(async () => {
    await log.close();
    await installation.dispose();
  });

  it('an attempt goes from HTTP through Kafka into an answer', async () => {
    await eventually('reports in the store', async () => (await storedReports()) > 0 || null);
    await eventually('a commit in the group', async () => (await committed()).some((end) => end > 0) || null);
  });

  it(`${KILLS} projectors killed between insert and commit change no number`, async () => {
    for (let kill = 0; kill < KILLS; kill += 1) {
      await untilStored();
      // One that dies sooner is started again later and later.
      await sleep(HEALTHY_AFTER_MS);
      await killBetween();
    }
    await expectBalancedAfterPause(`${KILLS} projectors killed between insert and commit`);
  });

  it('a broker that is killed and comes back under load loses nothing', async () => {
    for (let round = 0; round < BROKER_KILLS; round += 1) {
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
    await expectBalancedAfterPause(`broker killed ${BROKER_KILLS} times`);
  });

  it('whole partitions that are delivered again change no number', async () => {
    const second = await log.consume(GROUP, ['patch.attempts', 'patch.inventory']);
    const { partitions } = second.assignment;
    expect(partitions.length).toBeGreaterThan(0);
    await second.commit(partitions.map((one) => ({ ...one, nextOffset: 0 })));
    await second.close();
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
    const positions = await log.append(
      'patch.attempts',
      poison.map((value, index) => ({ key: deviceMessageKey('bank-a', `poison-${index}`), value })),
    );
    await installation.rollcall.drained();
    const letters = (await recordsOf(log, 'patch.dead-letters')).flat();
    for (const { partition, offset } of positions)
      expect(
        letters.map(({ headers }) => [headers['topic'], headers['partition'], headers['offset']]),
      ).toContainEqual(['patch.attempts', String(partition), String(offset)]);
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
