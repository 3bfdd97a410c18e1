import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog, LogMessage } from '#event-log/event-log.js';
import { createKafka } from '#event-log/kafka/kafka-client.js';
import { createTopics, planTopics } from '#event-log/kafka/kafka-topics.js';
import { openKafkaEventLog } from '#event-log/kafka/open-kafka-event-log.js';
import { seededRandom } from '../../harness/attempt-stream.js';
import { startCollectorProcess } from '../../harness/collector-process.js';
import type { CollectorProcess } from '../../harness/collector-process.js';
import { addSender } from '../../harness/command-line.js';
import { eventually } from '../../harness/eventually.js';
import { kafkaAddressOf } from '../../harness/kafka-address.js';
import { KafkaCluster } from '../../harness/kafka-cluster.js';
import { describeWithOwnBrokers } from '../../harness/kafka-specs.js';
import { LedgerSender } from '../../harness/ledger-sender.js';
import { loggedSourceEventIds, recordsOf } from '../../harness/logged-reports.js';
import { postReports } from '../../harness/post-reports.js';

const LEADER_KILLS = Number(process.env['ROLLCALL_SOAK_LEADER_KILLS'] ?? 3);
const SEED = Number(process.env['ROLLCALL_SOAK_SEED'] ?? 20_240_910);
const MESSAGES_AN_APPEND = 200;
const LANES = 4;
/** The kills decide, not the rate; two producers and three brokers share the machine. */
const PAUSE_MS = 20;
const COPIES = { replicationFactor: 3, minInsyncReplicas: 2 } as const;

jest.setTimeout(300_000 + LEADER_KILLS * 90_000);

/** Appends on and on, and books what was acknowledged. */
class Producer {
  readonly acknowledged = new Set<string>();
  refused = 0;
  private next = 0;
  private stopped = false;
  private readonly running: Promise<unknown>;

  constructor(private readonly append: (messages: readonly LogMessage[]) => Promise<unknown>) {
    this.running = Promise.all(Array.from({ length: LANES }, () => this.lane()));
  }

  async finish(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async lane(): Promise<void> {
    while (!this.stopped) {
      const number = this.next++;
      const ids = Array.from({ length: MESSAGES_AN_APPEND }, (_, index) => `${number}-${index}`);
      const messages: LogMessage[] = ids.map((id, index) => ({
        key: `bank-a/d-${index}`,
        value: Buffer.from(id.padEnd(600, '.')),
      }));
      try {
        await this.append(messages);
        for (const id of ids) this.acknowledged.add(id);
      } catch {
        this.refused += 1;
      }
      await sleep(PAUSE_MS);
    }
  }
}

/** A retry by kafkajs itself, as it comes: what we do not do, and why. */
const OWN_RETRIES = { retries: 5, initialRetryTime: 300, maxRetryTime: 30_000, factor: 0.2, multiplier: 2 };

describeWithOwnBrokers('kafka: three brokers', () => {
  let cluster: KafkaCluster;
  const random = seededRandom(SEED);
  const topicsOf = (prefix: string) => kafkaAddressOf(cluster.address, { ROLLCALL_KAFKA_PREFIX: prefix });

  beforeAll(async () => {
    cluster = await KafkaCluster.start({ brokers: 3 });
  });

  afterAll(() => cluster.stop());

  const untilInStep = (prefix: string): Promise<true> =>
    eventually(
      'all copies in step',
      async () => {
        const topics = await planTopics(topicsOf(prefix), { ...COPIES, topics: ['patch.attempts'] });
        return topics.every(({ outOfStep }) => outOfStep === 0) || null;
      },
      120_000,
    );

  const stored = async (log: EventLog, producer: Producer): Promise<{ lost: number; again: number }> => {
    const texts = (await recordsOf(log, 'patch.attempts'))
      .flat()
      .map(({ value }) => value.toString('utf8').replace(/\.+$/, ''));
    const there = new Set(texts);
    return {
      lost: [...producer.acknowledged].filter((id) => !there.has(id)).length,
      again: texts.length - there.size,
    };
  };

  /** Nothing that was acknowledged is lost while brokers die: three copies, two of them in step. */
  it(`${LEADER_KILLS} leaders killed while producing: nothing acknowledged is lost`, async () => {
    const [ours, theirs] = ['ours.', 'theirs.'];
    for (const prefix of [ours, theirs])
      await createTopics(topicsOf(prefix), { ...COPIES, topics: ['patch.attempts', 'patch.admin'] });
    const [log, theirLog] = [
      await openKafkaEventLog(topicsOf(ours)),
      await openKafkaEventLog(topicsOf(theirs)),
    ];
    // The counter-proof, under the same kills: the same messages in a topic of their own, by kafkajs' own retries.
    const kafkajs = createKafka(topicsOf(theirs)).producer({
      allowAutoTopicCreation: false,
      retry: OWN_RETRIES,
    });
    await kafkajs.connect();

    const producer = new Producer((messages) => log.append('patch.attempts', messages));
    const naive = new Producer((messages) =>
      kafkajs.send({ topic: `${theirs}patch.attempts`, acks: -1, messages: [...messages] as never }),
    );
    for (let kill = 0; kill < LEADER_KILLS; kill += 1) {
      await sleep(2_000 + random() * 2_000);
      // With 12 partitions every broker leads some.
      const victim = (kill % cluster.ids.length) + 1;
      await cluster.kill(victim);
      const before = producer.acknowledged.size;
      await eventually('appends go on', () => producer.acknowledged.size > before || null);
      await cluster.restart(victim);
      await untilInStep(ours);
    }
    await Promise.all([producer.finish(), naive.finish()]);
    await kafkajs.disconnect();
    const { lost, again } = await stored(log, producer);
    const counterProof = await stored(theirLog, naive);
    await Promise.all([log.close(), theirLog.close()]);
    console.log(
      [
        `kafka, leaders killed=${LEADER_KILLS} acknowledged=${producer.acknowledged.size} refused=${producer.refused} lost=${lost} sent again=${again}`,
        `by kafkajs' own retries: acknowledged=${naive.acknowledged.size} refused=${naive.refused} gone=${counterProof.lost} sent again=${counterProof.again}`,
      ].join('\n'),
    );
    expect(producer.acknowledged.size).toBeGreaterThan(0);
    expect(lost).toBe(0);
  });

  /** Senders are told the truth while brokers are away. */
  describe('a collector', () => {
    const PREFIX = 'collected.';
    let data: string;
    let token: string;
    let collector: CollectorProcess;
    let sender: LedgerSender;
    let log: EventLog;

    beforeAll(async () => {
      // One broker less, and the attempts are below their quorum while everything else goes on.
      await createTopics(topicsOf(PREFIX), { ...COPIES, minInsyncReplicas: 3, topics: ['patch.attempts'] });
      await createTopics(topicsOf(PREFIX), COPIES);
      log = await openKafkaEventLog(topicsOf(PREFIX));
      data = join(mkdtempSync(join(realpathSync(tmpdir()), 'rollcall-kafka-collector-')), 'data');
      const environment = {
        ROLLCALL_LOG: cluster.address,
        ROLLCALL_KAFKA_PREFIX: PREFIX,
        ROLLCALL_KAFKA_APPEND_TIMEOUT_MS: '5000',
      };
      token = await addSender(data, 'bank-a', environment);
      collector = await startCollectorProcess({ ...environment, ROLLCALL_DATA: data });
    });

    afterAll(async () => {
      await collector.stop();
      await log.close();
      rmSync(join(data, '..'), { recursive: true, force: true });
    });

    beforeEach(() => {
      sender = new LedgerSender({
        seed: SEED + 1,
        post: (rows, key) => postReports(collector.url, token, rows, { 'idempotency-key': key }),
        pauseMs: 100,
      });
      sender.start();
    });

    afterEach(() => {
      sender.giveUp();
    });

    const expectNothingLost = async (): Promise<void> => {
      await sender.finish();
      const logged = await loggedSourceEventIds(log);
      const lost = [...sender.ledger.sourceEventIds].filter((id) => !logged.has(id)).length;
      console.log(`kafka, collector: accepted=${sender.ledger.accepted} lost=${lost}`);
      expect(lost).toBe(0);
    };

    it('answers 503 below the quorum, acknowledges nothing, and takes reports again when the broker is back', async () => {
      await eventually('a 202', () => sender.ledger.accepted > 0 || null);
      await cluster.kill(3);
      await eventually('a 503', () => (sender.troubles.get('503') ?? 0) > 2 || null);
      const { accepted } = sender.ledger;
      await sleep(6_000);
      expect(sender.ledger.accepted).toBe(accepted);
      await cluster.restart(3);
      await eventually('202 again', () => sender.ledger.accepted > accepted || null);
      await expectNothingLost();
    });

    it('a broker that hangs for 20 s loses nothing', async () => {
      await eventually('a 202', () => sender.ledger.accepted > 0 || null);
      cluster.suspend(2);
      await sleep(20_000);
      cluster.resume(2);
      const { accepted } = sender.ledger;
      await eventually('202 again', () => sender.ledger.accepted > accepted || null);
      await expectNothingLost();
    });
  });
});
