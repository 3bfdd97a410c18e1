import { createTopics } from '#event-log/kafka/kafka-topics.js';
import { kafkaAddressOf } from './kafka-address.js';
import { KafkaCluster } from './kafka-cluster.js';
import type { KafkaClusterOptions } from './kafka-cluster.js';
import { LedgerSender } from './ledger-sender.js';
import { RollcallUp } from './rollcall-up.js';
import type { ShownAttempt } from './sender-ledger.js';

/** What senders know they handed over against what the product shows. */
export interface Balance {
  readonly accepted: number;
  readonly lost: number;
  readonly doubled: number;
}

/** The whole product on a Kafka of its own, with one sender who keeps a ledger. */
export class KafkaInstallation {
  private constructor(
    readonly cluster: KafkaCluster,
    readonly rollcall: RollcallUp,
    readonly bank: string,
    readonly sender: LedgerSender,
  ) {}

  /**
   * @param seed what the sender sends
   * @param environment of the product, beside the log's address
   */
  static async start(
    seed: number,
    options: KafkaClusterOptions = {},
    environment: NodeJS.ProcessEnv = {},
  ): Promise<KafkaInstallation> {
    const cluster = await KafkaCluster.start(options);
    const address = kafkaAddressOf(cluster.address);
    await createTopics(address, { replicationFactor: 1, minInsyncReplicas: 1 });
    const rollcall = await RollcallUp.start({ ...environment, ROLLCALL_LOG: cluster.address });
    const bank = 'bank-a';
    const token = await rollcall.addSender(bank);
    const post = (rows: readonly unknown[], key: string) =>
      rollcall.post(rows, token, { 'idempotency-key': key });
    return new KafkaInstallation(cluster, rollcall, bank, new LedgerSender({ seed, post, pauseMs: 750 }));
  }

  /** Once the projector is at the log's end. */
  async balance(): Promise<Balance> {
    await this.rollcall.drained();
    const { ledger } = this.sender;
    const shown = (await this.rollcall.list(`attempts?bank=${this.bank}`)) as readonly ShownAttempt[];
    return { accepted: ledger.accepted, ...ledger.compare(shown) };
  }

  async dispose(): Promise<void> {
    this.sender.giveUp();
    await this.rollcall.dispose();
    await this.cluster.stop();
  }
}
