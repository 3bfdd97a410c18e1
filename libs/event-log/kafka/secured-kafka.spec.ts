import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import kafkajs from 'kafkajs';
import type { AclEntry } from 'kafkajs';
import { eventually } from '../../../test/harness/eventually.js';
import { kafkaAddressOf } from '../../../test/harness/kafka-address.js';
import { KafkaCluster } from '../../../test/harness/kafka-cluster.js';
import { describeWithOwnBrokers } from '../../../test/harness/kafka-specs.js';
import { createKafka } from './kafka-client.js';
import { createTopics } from './kafka-topics.js';
import { openKafkaEventLog } from './open-kafka-event-log.js';

jest.setTimeout(180_000);

const { AclResourceTypes, AclOperationTypes, AclPermissionTypes, ResourcePatternTypes } = kafkajs;
const PREFIX = 'rollcall.';
const KEY_STORE_PASSWORD = 'only-for-this-test';

/** All that Rollcall's own processes need: the topics and groups with their prefix, and nothing of the cluster. */
const NEEDED = [
  [AclResourceTypes.TOPIC, AclOperationTypes.READ],
  [AclResourceTypes.TOPIC, AclOperationTypes.WRITE],
  [AclResourceTypes.TOPIC, AclOperationTypes.DESCRIBE],
  [AclResourceTypes.GROUP, AclOperationTypes.READ],
] as const;

describeWithOwnBrokers('kafka: with TLS, SCRAM and rights', () => {
  let folder: string;
  let cluster: KafkaCluster | undefined;
  const user = (username: string, password: string, more: NodeJS.ProcessEnv = {}) =>
    kafkaAddressOf(cluster?.address ?? '', {
      ROLLCALL_KAFKA_PREFIX: PREFIX,
      ROLLCALL_KAFKA_TLS: 'true',
      ROLLCALL_KAFKA_TLS_CA_FILE: join(folder, 'broker.pem'),
      ROLLCALL_KAFKA_SASL_MECHANISM: 'scram-sha-512',
      ROLLCALL_KAFKA_SASL_USERNAME: username,
      ROLLCALL_KAFKA_SASL_PASSWORD: password,
      ROLLCALL_KAFKA_APPEND_TIMEOUT_MS: '5000',
      ...more,
    });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rollcall-kafka-tls-'));
    const store = join(folder, 'broker.p12');
    const trusted = join(folder, 'trusted.p12');
    const certificate = join(folder, 'broker.pem');
    const keytool = (keyStore: string, ...args: string[]) =>
      execFileSync(
        'keytool',
        [
          ...args,
          '-alias',
          'broker',
          '-keystore',
          keyStore,
          '-storetype',
          'PKCS12',
          '-storepass',
          KEY_STORE_PASSWORD,
        ],
        { stdio: 'pipe' },
      );
    const name = ['-dname', 'CN=broker', '-ext', 'SAN=dns:localhost,ip:127.0.0.1', '-validity', '30'];
    keytool(store, '-genkeypair', '-keyalg', 'RSA', '-keysize', '2048', ...name);
    writeFileSync(certificate, keytool(store, '-exportcert', '-rfc'));
    keytool(trusted, '-importcert', '-noprompt', '-file', certificate);
    const scram = (username: string, password: string) => [
      '--add-scram',
      `SCRAM-SHA-512=[name=${username},password=${password}]`,
    ];
    const login = 'org.apache.kafka.common.security.scram.ScramLoginModule required';
    cluster = await KafkaCluster.start({
      protocol: 'SASL_SSL',
      format: [
        ...scram('admin', 'admin-word'),
        ...scram('app', 'app-word'),
        ...scram('stranger', 'stranger-word'),
      ],
      properties: {
        'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
        'sasl.mechanism.inter.broker.protocol': 'SCRAM-SHA-512',
        'listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config': `${login} username="admin" password="admin-word";`,
        'ssl.keystore.type': 'PKCS12',
        'ssl.keystore.location': store,
        'ssl.keystore.password': KEY_STORE_PASSWORD,
        'ssl.truststore.type': 'PKCS12',
        'ssl.truststore.location': trusted,
        'ssl.truststore.password': KEY_STORE_PASSWORD,
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        // The controllers speak to each other without names here.
        'super.users': 'User:admin;User:ANONYMOUS',
      },
    });
    const admin = user('admin', 'admin-word');
    await createTopics(admin, { replicationFactor: 1, minInsyncReplicas: 1 });
    const rights = createKafka(admin).admin();
    await rights.connect();
    const acl = NEEDED.map(([resourceType, operation]): AclEntry => ({
      resourceType,
      resourceName: PREFIX,
      resourcePatternType: ResourcePatternTypes.PREFIXED,
      principal: 'User:app',
      host: '*',
      operation,
      permissionType: AclPermissionTypes.ALLOW,
    }));
    await rights.createAcls({ acl });
    await rights.disconnect();
  });

  afterAll(async () => {
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('few rights are enough to append, to read, and to be a member of a group', async () => {
    // Rights are in force some moments after they are given.
    const log = await eventually('the rights', () => openKafkaEventLog(user('app', 'app-word')));
    const [position] = await log.append('patch.admin', [{ key: 'k', value: Buffer.from('over TLS') }]);
    expect(position).toEqual({ topic: 'patch.admin', partition: 0, offset: 0 });
    expect((await log.readRange('patch.admin', 0, 0, 10)).map(({ value }) => String(value))).toEqual([
      'over TLS',
    ]);
    const consumer = await log.consume('projector', ['patch.admin']);
    const slices = await consumer.read({ maxRecords: 1, maxBytes: 1_000, maxWaitMs: 30_000 });
    await consumer.commit(slices);
    expect(await log.committedOffsets('projector', 'patch.admin')).toEqual([1]);
    await log.close();
  });

  it('a wrong password, an unknown authority and missing rights are told as what they are', async () => {
    await expect(openKafkaEventLog(user('app', 'wrong-word'))).rejects.toThrow(/refuses user or password/);
    const nobody = join(folder, 'nobody.pem');
    writeFileSync(nobody, '');
    const untrusting = user('app', 'app-word', { ROLLCALL_KAFKA_TLS_CA_FILE: nobody });
    await expect(openKafkaEventLog(untrusting)).rejects.toThrow(/TLS with Kafka fails/);
    await expect(openKafkaEventLog(user('stranger', 'stranger-word'))).rejects.toThrow(
      /may not use this topic/,
    );
    const missing = user('app', 'app-word', { ROLLCALL_KAFKA_TLS_CA_FILE: join(folder, 'missing.pem') });
    await expect(openKafkaEventLog(missing)).rejects.toThrow(/ROLLCALL_KAFKA_TLS_CA_FILE: ENOENT/);
  });
});
