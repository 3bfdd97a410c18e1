import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import kafkajs from 'kafkajs';
import type { Kafka, SASLOptions } from 'kafkajs';
import type { KafkaAddress } from '#event-log/log-address.js';
import { calmRequestQueue } from './calm-request-queue.js';
import { createSockets } from './ended-socket.js';

/** A request that a broker does not answer within this is tried elsewhere. */
const REQUEST_TIMEOUT_MS = 10_000;

/** A client of these brokers. @throws Error naming the file that cannot be read */
export function createKafka({ brokers, tls, sasl }: KafkaAddress): Kafka {
  calmRequestQueue();
  return new kafkajs.Kafka({
    clientId: 'rollcall',
    brokers: [...brokers],
    socketFactory: createSockets(),
    connectionTimeout: 5_000,
    authenticationTimeout: 10_000,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: { retries: 3, initialRetryTime: 150, maxRetryTime: 1_000 },
    // What goes wrong reaches the caller as an error, or the log's `onTrouble`.
    logLevel: kafkajs.logLevel.NOTHING,
    ...(tls && { ssl: tlsOptions(tls) }),
    ...(sasl && { sasl: saslOptions(sasl) }),
  });
}

function tlsOptions(tls: NonNullable<KafkaAddress['tls']>): ConnectionOptions {
  return {
    ...(tls.caFile !== undefined && { ca: [read('ROLLCALL_KAFKA_TLS_CA_FILE', tls.caFile)] }),
    ...(tls.certificateFile !== undefined && {
      cert: read('ROLLCALL_KAFKA_TLS_CERTIFICATE_FILE', tls.certificateFile),
    }),
    ...(tls.keyFile !== undefined && { key: read('ROLLCALL_KAFKA_TLS_KEY_FILE', tls.keyFile) }),
  };
}

function saslOptions(sasl: NonNullable<KafkaAddress['sasl']>): SASLOptions {
  const { mechanism, username, passwordFile } = sasl;
  const password =
    sasl.password ?? read('ROLLCALL_KAFKA_SASL_PASSWORD_FILE', passwordFile ?? '').replace(/\r?\n$/, '');
  return { mechanism, username, password };
}

function read(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`${variable}: ${(error as Error).message}`, { cause: error });
  }
}
