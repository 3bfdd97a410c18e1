import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AttemptEvent } from '#domain/attempt-event.js';
import type { EventLog, LogRecord } from '#event-log/event-log.js';
import { createTopics } from '#event-log/kafka/kafka-topics.js';
import { openKafkaEventLog } from '#event-log/kafka/open-kafka-event-log.js';
import { eventually } from '../../../test/harness/eventually.js';
import { rollcallHere } from '../../../test/harness/in-process-command.js';
import { kafkaAddressOf } from '../../../test/harness/kafka-address.js';
import { KafkaCluster } from '../../../test/harness/kafka-cluster.js';
import { describeWithOwnBrokers } from '../../../test/harness/kafka-specs.js';
import { recordsOf } from '../../../test/harness/logged-reports.js';
import { startTestCollector } from '../../../test/harness/test-collector.js';
import type { TestCollector } from '../../../test/harness/test-collector.js';
import { collectorConfigSchema } from '../collector.config.js';
import { readRawMessage } from './read-raw-message.js';

const provider = 'Microsoft-Windows-WindowsUpdateClient';
const title = '2024-09 Cumulative Update (KB5043050)';
const COMPUTER = 'PC-RAW-NAMED.example';

const winlogbeat = (recordId: number, eventId = '20') =>
  JSON.stringify({
    '@timestamp': '2024-09-10T08:00:00.123Z',
    winlog: {
      provider_name: provider,
      event_id: eventId,
      channel: 'System',
      record_id: recordId,
      computer_name: COMPUTER,
      event_data: { errorCode: '0x80070570', updateTitle: title },
    },
  });

const xml = (recordId: number) =>
  `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='${provider}'/>` +
  `<EventID>20</EventID><TimeCreated SystemTime='2024-09-10T08:00:00.1239999Z'/><EventRecordID>${recordId}</EventRecordID>` +
  `<Channel>System</Channel><Computer>${COMPUTER}</Computer></System><EventData><Data Name='errorCode'>0x80070570</Data>` +
  `<Data Name='updateTitle'>${title}</Data></EventData></Event>`;

const otlpJson = (recordId: number) =>
  JSON.stringify({
    resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: xml(recordId) } }] }] }],
  });

/** A field of protobuf that holds bytes. */
function field(number: number, content: Buffer): Buffer {
  const size: number[] = [];
  let rest = content.length;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) size.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...size, rest]), content]);
}
/** resource_logs 1 → scope_logs 2 → log_records 2 → body 5 → string_value 1. */
const otlpProtobuf = (recordId: number): Buffer =>
  [1, 5, 2, 2, 1].reduce<Buffer>((inner, number) => field(number, inner), Buffer.from(xml(recordId)));

describe('a message of a raw topic', () => {
  it.each([
    ['a document of Winlogbeat', winlogbeat(1)],
    ['a list of documents', `[${winlogbeat(2)}]`],
    ['an OpenTelemetry export as JSON', otlpJson(3)],
    ['an OpenTelemetry export as protobuf', otlpProtobuf(4)],
    ['an event as XML', xml(5)],
  ])('is read as %s', (_, value) => {
    const readings = readRawMessage(Buffer.from(value));
    expect(readings).toMatchObject([{ kind: 'report', report: { deviceName: COMPUTER } }]);
  });

  it.each([
    ['nothing', ''],
    ['text', 'hello'],
    ['cut JSON', winlogbeat(1).slice(0, 80)],
    ['cut protobuf', otlpProtobuf(1).subarray(0, 40)],
    ['bytes', Buffer.from([0xff, 0xd8, 0x00, 0x01])],
  ])('is nothing when it holds %s', (_, value) => {
    expect(readRawMessage(Buffer.from(value))).toBeNull();
  });
});

describe('the configuration of raw topics', () => {
  const issuesOf = (environment: NodeJS.ProcessEnv): string =>
    collectorConfigSchema
      .safeParse(environment)
      .error?.issues.map(({ message }) => message)
      .join() ?? '';

  it('needs Kafka and a bank for every topic', () => {
    expect(issuesOf({ ROLLCALL_RAW_TOPICS: 'a=bank-a' })).toContain('needs ROLLCALL_LOG=kafka');
    expect(issuesOf({ ROLLCALL_RAW_TOPICS: 'a', ROLLCALL_LOG: 'kafka:k:9092' })).toContain('topic=bank');
    const ROLLCALL_RAW_TOPICS = 'winlogbeat.a=bank-a,otel_b=bank-b';
    const { rawTopics } = collectorConfigSchema.parse({ ROLLCALL_RAW_TOPICS, ROLLCALL_LOG: 'kafka:k:9092' });
    expect([...rawTopics]).toEqual([
      ['winlogbeat.a', 'bank-a'],
      ['otel_b', 'bank-b'],
    ]);
  });
});

describeWithOwnBrokers('raw topics on a broker', () => {
  /** The topic of a shipper: its name is ours with another prefix, so that the log's own client can write to it. */
  const TOPIC = 'shipper.patch.evidence';
  let cluster: KafkaCluster;
  let shipper: EventLog;
  let collector: TestCollector;
  const start = async (): Promise<TestCollector> =>
    startTestCollector({ ROLLCALL_LOG: cluster.address, ROLLCALL_RAW_TOPICS: `${TOPIC}=alpha` });

  beforeAll(async () => {
    cluster = await KafkaCluster.start();
    const wish = { replicationFactor: 1, minInsyncReplicas: 1 };
    await createTopics(kafkaAddressOf(cluster.address), wish);
    const foreign = kafkaAddressOf(cluster.address, { ROLLCALL_KAFKA_PREFIX: 'shipper.' });
    await createTopics(foreign, { ...wish, topics: ['patch.evidence'] });
    shipper = await openKafkaEventLog(foreign);
    collector = await start();
  }, 180_000);
  afterAll(async () => {
    await collector.close();
    await shipper.close();
    await cluster.stop();
  });

  const ship = async (...values: (string | Buffer)[]) =>
    shipper.append(
      'patch.evidence',
      values.map((value, index) => ({ key: `pc-${index}`, value: Buffer.from(value) })),
    );
  const attempts = async (): Promise<AttemptEvent[]> =>
    (await recordsOf(collector.log, 'patch.attempts'))
      .flat()
      .map(({ value }) => JSON.parse(value.toString('utf8')) as AttemptEvent);
  const letters = async (): Promise<LogRecord[]> =>
    (await recordsOf(collector.log, 'patch.dead-letters')).flat();
  const untilTaken = async (count: number) =>
    eventually(
      `${count} attempts`,
      async () => {
        const taken = await attempts();
        return taken.length >= count ? taken : null;
      },
      150_000,
    );

  it('takes what shippers write in every form, under the bank of the topic, with pseudonyms for names', async () => {
    await ship(winlogbeat(11), otlpJson(12), otlpProtobuf(13), xml(14), winlogbeat(15, '9999'));
    const taken = await untilTaken(4);
    expect(taken.map(({ bank }) => bank)).toEqual(['alpha', 'alpha', 'alpha', 'alpha']);
    expect(new Set(taken.map(({ deviceKey }) => deviceKey)).size).toBe(1);
    expect(taken[0]?.deviceKey).toMatch(/^d-[a-z2-7]{20}$/);
    expect(taken.map(({ hresult, targetKb }) => [hresult, targetKb])).toEqual(
      taken.map(() => ['0x80070570', 'KB5043050']),
    );
    expect(JSON.stringify(taken)).not.toContain('PC-RAW');
  });

  it('puts what it cannot read into the dead letters with its position, without names, and goes on', async () => {
    const [garbage] = await ship(`{"computer_name":"${COMPUTER}", cut`, winlogbeat(21));
    await untilTaken(5);
    const found = await eventually('a dead letter', async () => (await letters())[0] ?? null);
    expect(found.headers).toMatchObject({
      reason: 'not_json',
      topic: TOPIC,
      partition: String(garbage?.partition),
      offset: String(garbage?.offset),
    });
    expect(found.value.toString('utf8')).not.toContain('PC-RAW');
    const list = await rollcallHere('dead-letters', 'list', '--log', cluster.address);
    expect(list.out).toContain(`${TOPIC}/${garbage?.partition ?? ''}@${garbage?.offset ?? ''}`.slice(0, 20));
  });

  it('goes on after a restart where it was, and gives what is shipped twice the same id', async () => {
    const before = await attempts();
    await collector.close();
    await ship(winlogbeat(31));
    collector = await start();
    await untilTaken(before.length + 1);
    await ship(winlogbeat(31), winlogbeat(32));
    const after = await untilTaken(before.length + 3);
    expect(after).toHaveLength(before.length + 3);
    expect(new Set(after.map(({ eventId }) => eventId)).size).toBe(before.length + 2);
    const metrics = await (await fetch(`${collector.url}/metrics`)).text();
    expect(metrics).toMatch(
      /rollcall_raw_topic_messages_total\{topic="shipper.patch.evidence",result="read"/,
    );
  });

  it('keeps what came while the broker was away', async () => {
    const before = (await attempts()).length;
    await cluster.kill(1);
    await cluster.restart(1);
    await eventually('the shipper writes again', async () => (await ship(winlogbeat(41))).length > 0 || null);
    const after = await untilTaken(before + 1);
    expect(after.length).toBeGreaterThan(before);
  }, 280_000);
});
