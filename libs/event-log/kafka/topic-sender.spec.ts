import { describe, expect, it } from '@jest/globals';
import type { Kafka, ProducerConfig, ProducerRecord, RecordMetadata } from 'kafkajs';
import { TopicSender } from './topic-sender.js';

/** A Kafka that answers as it is told, send by send; each answer names the partitions that it confirms. */
function answering(...answers: readonly (readonly number[])[]) {
  const configs: ProducerConfig[] = [];
  const sent: ProducerRecord[] = [];
  const producer = {
    connect: () => Promise.resolve(),
    disconnect: () => Promise.resolve(),
    send: (record: ProducerRecord): Promise<RecordMetadata[]> => {
      const confirmed = answers[Math.min(sent.length, answers.length - 1)] ?? [];
      sent.push(record);
      return Promise.resolve(
        confirmed.map((partition) => ({
          topicName: record.topic,
          partition,
          errorCode: 0,
          baseOffset: String(10 * sent.length),
        })),
      );
    },
  };
  const kafka = {
    producer: (config: ProducerConfig) => {
      configs.push(config);
      return producer;
    },
  } as unknown as Kafka;
  return {
    sender: new TopicSender(kafka, 'facts', { compression: 'none', appendTimeoutMs: 5_000 }),
    configs,
    sent,
  };
}

const placed = (...partitions: readonly number[]) =>
  partitions.map((partition) => ({ value: Buffer.from(`${partition}`), partition, bytes: 1 }));

describe('a sender', () => {
  it('has kafkajs retry nothing and number nothing: both lose or block what was acknowledged', async () => {
    const { sender, configs, sent } = answering([0]);
    await sender.append(placed(0));
    expect(configs).toMatchObject([
      { retry: { retries: 0 }, idempotent: false, allowAutoTopicCreation: false },
    ]);
    expect(sent).toMatchObject([{ acks: -1 }]);
  });

  it('sends everything again when kafkajs resolves without having sent to every partition', async () => {
    const { sender, sent } = answering([0, 1], [0, 1, 2]);
    expect(await sender.append(placed(0, 1, 2, 0))).toEqual([20, 20, 20, 21]);
    expect(sent.map(({ messages }) => messages.map(({ partition }) => partition))).toEqual([
      [0, 1, 2, 0],
      [0, 1, 2, 0],
    ]);
  });
});
