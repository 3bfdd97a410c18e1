import { describe, expect, it } from '@jest/globals';
import { KafkaCluster } from './kafka-cluster.js';
import { canRunKafka } from './kafka-jars.js';
import { canSeparate } from './kafka-separation.js';

/** `host:port` of a Kafka that is there for tests, where none can be started. */
const given = process.env.ROLLCALL_TEST_KAFKA;
const canStart = canRunKafka();

/** Specs that need any Kafka. Without one they say so, and fail where CI is set. */
export function describeWithKafka(name: string, specs: () => void): void {
  describeIf(canStart || given !== undefined, name, specs);
}

/** Specs that start, kill and suspend brokers of their own. */
export function describeWithOwnBrokers(name: string, specs: () => void): void {
  describeIf(canStart, name, specs);
}

/** Specs that cut a broker's network and fill its disk. */
export function describeWithSeparateBroker(name: string, specs: () => void): void {
  if (canStart && !canSeparate())
    describeIf(
      false,
      name,
      specs,
      'needs root, iproute2 and a kernel that allows network namespaces and mounts',
    );
  else describeIf(canStart, name, specs);
}

/** Specs that cannot run are said so on stderr, in capitals and by name, and are failures where CI is set. */
function describeIf(
  isPossible: boolean,
  name: string,
  specs: () => void,
  why = 'needs Java 17 and Maven (Debian: default-jre-headless maven), or ROLLCALL_TEST_KAFKA=host:port',
): void {
  if (isPossible) {
    describe(name, specs);
    return;
  }
  const isFailure = process.env.CI !== undefined;
  describe(name, () => {
    (isFailure ? it : it.skip)(`NOT RUN: ${why}`, () => {
      expect(`NOT RUN: ${why}`).toBe('run');
    });
  });
  process.stderr.write(`\n*** NOT RUN: ${name}: ${why} ***\n\n`);
}

/** A Kafka for a spec file: one of its own, or the one that is given. */
export interface KafkaOfSpec {
  readonly address: string;
  stop(): Promise<void>;
}

export async function kafkaForSpec(): Promise<KafkaOfSpec> {
  if (canStart) return KafkaCluster.start();
  return { address: `kafka:${given ?? ''}`, stop: () => Promise.resolve() };
}
