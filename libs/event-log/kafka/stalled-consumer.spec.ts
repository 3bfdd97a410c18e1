import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import type { EventLog } from '#event-log/event-log.js';
import { eventually } from '../../../test/harness/eventually.js';
import { kafkaAddressOf } from '../../../test/harness/kafka-address.js';
import { describeWithKafka, kafkaForSpec } from '../../../test/harness/kafka-specs.js';
import type { KafkaOfSpec } from '../../../test/harness/kafka-specs.js';
import { createKafka } from './kafka-client.js';
import { KafkaConsumer } from './kafka-consumer.js';
import { createTopics } from './kafka-topics.js';
import { openKafkaEventLog } from './open-kafka-event-log.js';
import { PartitionReader } from './partition-reader.js';
import type { StallTiming } from './stall-watch.js';

jest.setTimeout(180_000);

const TOPIC = 'patch.attempts';
const LIMITS = { maxRecords: 10_000, maxBytes: 1 << 26, maxWaitMs: 300 } as const;
/** Longer than joining takes on a loaded machine. */
const SOON: StallTiming = { everyMs: 200, afterMs: 10_000, forgottenAfterMs: 6_000 };
const NEVER: StallTiming = { everyMs: 200, afterMs: Infinity, forgottenAfterMs: Infinity };
/** Several times as long as a watched consumer needs. */
const IN_VAIN_MS = 25_000;

/** What kafkajs' consumer fetches with; one for each session. */
interface ConsumerGroup {
  readonly groupId: string;
  readonly memberId: string | null;
  fetch(nodeId: string): Promise<readonly unknown[]>;
  joinAndSync(): Promise<void>;
}

interface Broker {
  syncGroup(request: { readonly groupId: string }): Promise<unknown>;
}

/** kafkajs fetches on after either, and believes that it is a member. */
const IN_VAIN = ['fails', 'succeeds without its knowing'] as const;
type InVain = (typeof IN_VAIN)[number];

/**
 * The two ways in which consumers of kafkajs are known to stop without an error: the fetch loop stands still, and the
 * fetch loop turns without bringing anything.
 */
const ILLNESSES = {
  'fetches no more': () => new Promise<never>(() => undefined),
  'fetches nothing': () => sleep(100).then(() => []),
} as const;

describeWithKafka('kafka: a consumer that stalls', () => {
  const require = createRequire(import.meta.url);
  const { prototype } = require('kafkajs/src/consumer/consumerGroup') as { prototype: ConsumerGroup };
  const fetch = Reflect.get(prototype, 'fetch');
  const joinAndSync = Reflect.get(prototype, 'joinAndSync');
  const broker = require('kafkajs/src/broker') as { prototype: Broker };
  const syncGroup = Reflect.get(broker.prototype, 'syncGroup');
  const joinsInVain = new Map<ConsumerGroup, InVain>();
  const unheard = new Set<string>();
  const running = new Set<ConsumerGroup>();
  const ill = new Map<ConsumerGroup, () => Promise<readonly unknown[]>>();
  let kafka: KafkaOfSpec;
  let log: EventLog;
  const members: (() => Promise<void>)[] = [];
  const prefix = `s${process.pid}.`;

  beforeAll(async () => {
    prototype.fetch = function (nodeId) {
      running.add(this);
      return ill.get(this)?.() ?? fetch.call(this, nodeId);
    };
    prototype.joinAndSync = function () {
      const inVain = joinsInVain.get(this);
      joinsInVain.delete(this);
      if (inVain === 'fails') return Promise.reject(new kafkajs.KafkaJSError('JoinGroup timed out'));
      if (inVain === 'succeeds without its knowing') unheard.add(this.groupId);
      return joinAndSync.call(this);
    };
    broker.prototype.syncGroup = async function (request) {
      const answer = await syncGroup.call(this, request);
      if (unheard.delete(request.groupId)) throw new kafkajs.KafkaJSError('SyncGroup timed out');
      return answer;
    };
    kafka = await kafkaForSpec();
    const address = kafkaAddressOf(kafka.address, { ROLLCALL_KAFKA_PREFIX: prefix });
    await createTopics(address, { replicationFactor: 1, minInsyncReplicas: 1, topics: [TOPIC] });
    log = await openKafkaEventLog(address);
  });

  afterAll(async () => {
    // Who still hangs cannot leave.
    await Promise.race([Promise.all(members.map((leave) => leave())), sleep(5_000)]);
    prototype.fetch = fetch;
    prototype.joinAndSync = joinAndSync;
    broker.prototype.syncGroup = syncGroup;
    await log.close();
    await kafka.stop();
  });

  async function join(group: string, timing: StallTiming) {
    const client = createKafka(kafkaAddressOf(kafka.address));
    const reader = new PartitionReader(client);
    const groupId = `${prefix}${group}`;
    const troubles: string[] = [];
    const consumer = new KafkaConsumer(
      {
        kafka: client,
        groupId,
        topics: new Map([[`${prefix}${TOPIC}`, TOPIC]]),
        committedOffsets: (topic) => reader.committedOffsets(groupId, `${prefix}${topic}`),
        endOffsets: (topic) => reader.offsets(`${prefix}${topic}`, 'end'),
        removeMember: (memberId) => reader.removeMember(groupId, memberId),
        onTrouble: (_, error) => troubles.push((error as Error).message),
      },
      timing,
    );
    members.push(async () => {
      await consumer.close();
      await reader.close();
    });
    await consumer.joined(60_000);
    const texts: string[] = [];
    return {
      troubles,
      /** Reads and commits until there are so many, or the time is over. */
      async readUntil(count: number, timeoutMs = 60_000): Promise<readonly string[]> {
        const endsAtMs = performance.now() + timeoutMs;
        while (texts.length < count && performance.now() < endsAtMs) {
          const slices = await consumer.read(LIMITS);
          for (const { records } of slices) texts.push(...records.map(({ value }) => String(value)));
          if (slices.length > 0) await consumer.commit(slices);
        }
        return [...texts].sort();
      },
      /** The group forgets the member, and its first attempt to come back goes wrong. */
      async beForgotten(inVain: InVain): Promise<void> {
        const one = [...running].filter((each) => each.groupId === groupId).at(-1);
        if (!one) throw new Error('nobody fetches');
        joinsInVain.set(one, inVain);
        await reader.removeMember(groupId, one.memberId ?? '');
        await eventually('an attempt to come back', () => !joinsInVain.has(one) || null);
      },
      async fallIll(illness: keyof typeof ILLNESSES): Promise<void> {
        const own = () => [...running].filter((one) => one.groupId === groupId).at(-1) ?? null;
        ill.set(await eventually('a fetch', own), ILLNESSES[illness]);
        await sleep(1_000); // The fetch under way ends.
      },
    };
  }

  const append = async (texts: readonly string[]): Promise<void> => {
    await log.append(
      TOPIC,
      texts.map((text) => ({ key: `bank-a/${text}`, value: Buffer.from(text) })),
    );
  };

  it.each(Object.keys(ILLNESSES) as (keyof typeof ILLNESSES)[])(
    'and %s is replaced; nothing is lost and nothing is read twice',
    async (illness) => {
      const before = (await log.endOffsets(TOPIC)).reduce((sum, end) => sum + end, 0);
      const member = await join(`watched ${illness}`, SOON);
      await append(['a', 'b', 'c']);
      expect(await member.readUntil(before + 3)).toHaveLength(before + 3);
      await member.fallIll(illness);
      await append(['d', 'e', 'f', 'g']);
      const texts = await member.readUntil(before + 7);
      expect(texts).toHaveLength(before + 7);
      expect(member.troubles).toContain('nothing was fetched for 10 s');
      expect(await member.readUntil(before + 8, 1_000)).toEqual(texts);
    },
  );

  it.each(IN_VAIN)('and is forgotten by its group, and whose return %s, is replaced', async (inVain) => {
    const before = (await log.endOffsets(TOPIC)).reduce((sum, end) => sum + end, 0);
    const group = `forgotten ${inVain}`;
    const member = await join(group, SOON);
    await member.readUntil(before);
    await member.beForgotten(inVain);
    await append(['i', 'j']);
    await eventually('somebody who may commit', async () => {
      await member.readUntil(Infinity, 1_000); // throws while commits are refused
      const committed = await log.committedOffsets(group, TOPIC);
      return committed.reduce((sum, offset) => sum + offset, 0) === before + 2 || null;
    });
    expect(member.troubles).toContain('the group does not know this member any more');
  });

  it('stays so when nobody watches it: kafkajs does not help itself', async () => {
    const before = (await log.endOffsets(TOPIC)).reduce((sum, end) => sum + end, 0);
    const member = await join('unwatched', NEVER);
    await member.readUntil(before);
    await member.fallIll('fetches no more');
    await append(['h']);
    expect(await member.readUntil(before + 1, IN_VAIN_MS)).toHaveLength(before);
    expect(member.troubles).toEqual([]);
  });
});
