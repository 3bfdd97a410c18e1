import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { DEAD_LETTER_RETENTION_MS, TOPIC_PARTITIONS } from '#domain/topics.js';
import type { Topic } from '#domain/topics.js';
import type { KafkaAddress } from '#event-log/log-address.js';
import { isUnknownTopic, unavailable } from './kafka-errors.js';

const LEADER_TRIES = 100;
const LEADER_WAIT_MS = 100;

/** The largest message a topic takes: the largest row of the collector, compressed or not, and room. */
const LARGEST_MESSAGE_BYTES = 20 * 1024 * 1024;

export interface TopicWish {
  readonly replicationFactor: number;
  /** Fewer replicas than this in step, and appends are refused. */
  readonly minInsyncReplicas: number;
  /** Of the topics with several; default: those of the contract. Keys change partition when it changes. */
  readonly partitions?: number;
  /** Default: all of them. */
  readonly topics?: readonly Topic[];
}

/** A topic as it should be, and how far it is from that. */
export interface PlannedTopic {
  readonly topic: Topic;
  /** Its name on the brokers. */
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly state: 'missing' | 'as_planned' | 'differs';
  /** `setting: is → should be`, one a difference. */
  readonly differences: readonly string[];
  /** Partitions with a copy that is away or behind: as long as there are some, there is less room for failures. */
  readonly outOfStep: number;
}

/** Compares the topics with the wish; changes nothing. @throws LogUnavailableError */
export function planTopics(address: KafkaAddress, wish: TopicWish): Promise<readonly PlannedTopic[]> {
  return withAdmin(address, 'looking at the topics', (admin) => plan(admin, address.prefix, wish));
}

/**
 * Makes the topics that are missing, and answers what was planned once their leaders answer. A topic that is there is left as it is: partitions
 * and settings of a log that holds facts are changed by its operator, knowingly.
 * @throws LogUnavailableError
 */
export function createTopics(address: KafkaAddress, wish: TopicWish): Promise<readonly PlannedTopic[]> {
  return withAdmin(address, 'making the topics', async (admin) => {
    const planned = await plan(admin, address.prefix, wish);
    const missing = planned.filter(({ state }) => state === 'missing');
    if (missing.length === 0) return planned;
    await admin.createTopics({
      waitForLeaders: true,
      topics: missing.map(({ name, partitions, replicationFactor, settings }) => ({
        topic: name,
        numPartitions: partitions,
        replicationFactor,
        configEntries: Object.entries(settings).map(([key, value]) => ({ name: key, value })),
      })),
    });
    for (const { name } of missing) await leadersAnswer(admin, name);
    return planned;
  });
}

/**
 * Waits until the leaders of a new topic know it. One that is named may not yet; a send that meets such a one is made
 * again, and stored twice by those that knew. After ten seconds it gives up: the topic is made, sends take care of the rest.
 */
async function leadersAnswer(admin: Admin, name: string): Promise<void> {
  for (let tries = 0; tries < LEADER_TRIES; tries += 1) {
    const answer = await admin.fetchTopicOffsets(name).catch(() => null);
    if (answer !== null) return;
    await sleep(LEADER_WAIT_MS);
  }
}

async function plan(admin: Admin, prefix: string, wish: TopicWish): Promise<PlannedTopic[]> {
  const topics = wish.topics ?? (Object.keys(TOPIC_PARTITIONS) as Topic[]);
  const existing = new Set(await admin.listTopics());
  return Promise.all(
    topics.map(async (topic): Promise<PlannedTopic> => {
      const should = {
        topic,
        name: `${prefix}${topic}`,
        partitions: TOPIC_PARTITIONS[topic] === 1 ? 1 : (wish.partitions ?? TOPIC_PARTITIONS[topic]),
        replicationFactor: wish.replicationFactor,
        settings: settingsOf(topic, wish.minInsyncReplicas),
      };
      if (!existing.has(should.name)) return { ...should, state: 'missing', differences: [], outOfStep: 0 };
      const { differences, outOfStep } = await compare(admin, should);
      return {
        ...should,
        state: differences.length === 0 ? 'as_planned' : 'differs',
        differences,
        outOfStep,
      };
    }),
  );
}

/** Facts stay for ever and are never compacted: every event counts, also the second one of a key. */
function settingsOf(topic: Topic, minInsyncReplicas: number): Record<string, string> {
  return {
    'cleanup.policy': 'delete',
    'retention.ms': topic === 'patch.dead-letters' ? String(DEAD_LETTER_RETENTION_MS) : '-1',
    'retention.bytes': '-1',
    'min.insync.replicas': String(minInsyncReplicas),
    'unclean.leader.election.enable': 'false',
    'message.timestamp.type': 'LogAppendTime',
    'max.message.bytes': String(LARGEST_MESSAGE_BYTES),
  };
}

async function compare(
  admin: Admin,
  should: Pick<PlannedTopic, 'name' | 'partitions' | 'replicationFactor' | 'settings'>,
): Promise<Pick<PlannedTopic, 'differences' | 'outOfStep'>> {
  const { default: kafkajs } = await import('kafkajs');
  const { topics } = await admin.fetchTopicMetadata({ topics: [should.name] });
  const partitions = topics[0]?.partitions ?? [];
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [
      {
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name: should.name,
        configNames: Object.keys(should.settings),
      },
    ],
  });
  const settings = new Map(
    resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]),
  );
  const compared: [string, string, string][] = [
    ['partitions', String(partitions.length), String(should.partitions)],
    ['replication factor', String(partitions[0]?.replicas.length ?? 0), String(should.replicationFactor)],
    ...Object.entries(should.settings).map(([name, value]): [string, string, string] => [
      name,
      settings.get(name) ?? '',
      value,
    ]),
  ];
  const differences = compared
    .filter(([, is, wanted]) => is !== wanted)
    .map(([name, is, wanted]) => `${name}: ${is} → ${wanted}`);
  const outOfStep = partitions.filter(({ isr, replicas }) => isr.length < replicas.length).length;
  return { differences, outOfStep };
}

async function withAdmin<T>(
  address: KafkaAddress,
  what: string,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const { createKafka } = await import('./kafka-client.js');
  const admin = createKafka(address).admin({
    retry: { retries: 8, initialRetryTime: 200, maxRetryTime: 2_000 },
  });
  try {
    await admin.connect();
    for (let tries = 1; ; tries += 1) {
      try {
        return await work(admin);
      } catch (error) {
        // Of three brokers one may not know yet what another has just made.
        if (!isUnknownTopic(error) || tries === LEADER_TRIES) throw error;
      }
      await sleep(LEADER_WAIT_MS);
    }
  } catch (error) {
    throw unavailable(what, error);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
