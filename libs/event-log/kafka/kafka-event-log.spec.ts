import { afterAll, beforeAll, jest } from '@jest/globals';
import kafkajs from 'kafkajs';
import { describeEventLogContract } from '#event-log/event-log.contract.js';
import { describeWithKafka, kafkaForSpec } from '../../../test/harness/kafka-specs.js';
import type { KafkaOfSpec } from '../../../test/harness/kafka-specs.js';
import { kafkaAddressOf } from '../../../test/harness/kafka-address.js';
import { openKafkaEventLog } from './open-kafka-event-log.js';
import { createTopics } from './kafka-topics.js';

jest.setTimeout(180_000);

describeWithKafka('kafka', () => {
  let kafka: KafkaOfSpec;
  let logs = 0;

  beforeAll(async () => {
    kafka = await kafkaForSpec();
  });

  afterAll(() => kafka.stop());

  describeEventLogContract('kafka', async () => {
    logs += 1;
    const address = kafkaAddressOf(kafka.address, { ROLLCALL_KAFKA_PREFIX: `t${process.pid}-${logs}.` });
    const made = await createTopics(address, {
      replicationFactor: 1,
      minInsyncReplicas: 1,
      topics: ['patch.attempts', 'patch.dead-letters', 'patch.admin'],
    });
    let log = await openKafkaEventLog(address);
    return {
      log,
      reopen: async () => {
        await log.close();
        return (log = await openKafkaEventLog(address));
      },
      dispose: async () => {
        await log.close();
        const admin = new kafkajs.Kafka({
          brokers: [...address.brokers],
          logLevel: kafkajs.logLevel.NOTHING,
        }).admin();
        await admin.connect();
        await admin.deleteTopics({ topics: made.map(({ name }) => name) });
        await admin.disconnect();
      },
    };
  });
});
