import { LogUnavailableError } from '#event-log/event-log.js';

interface KafkaErrorLike {
  readonly name?: string;
  readonly type?: string;
  readonly code?: string | number;
  readonly message?: string;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
}

/** Trying again cannot help: somebody has to change something. */
const NEEDS_A_CHANGE: Readonly<Record<string, string>> = {
  TOPIC_AUTHORIZATION_FAILED: 'the Kafka user may not use this topic: give it the ACLs of the runbook',
  GROUP_AUTHORIZATION_FAILED:
    'the Kafka user may not use this consumer group: give it the ACLs of the runbook',
  CLUSTER_AUTHORIZATION_FAILED: 'the Kafka user may not do this on the cluster',
  MESSAGE_TOO_LARGE: 'a message is larger than the topic takes (max.message.bytes)',
  RECORD_LIST_TOO_LARGE: 'a batch is larger than the topic takes (max.message.bytes)',
  SASL_AUTHENTICATION_FAILED: 'Kafka refuses user or password (ROLLCALL_KAFKA_SASL_…)',
  UNSUPPORTED_SASL_MECHANISM: 'the brokers do not offer this SASL mechanism (ROLLCALL_KAFKA_SASL_MECHANISM)',
};

const NO_QUORUM = new Set(['NOT_ENOUGH_REPLICAS', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND']);
const STORAGE = new Set(['KAFKA_STORAGE_ERROR', 'LOG_DIR_NOT_FOUND']);

/** The error and all that it hides in its causes, outermost first. */
function chainOf(error: unknown): KafkaErrorLike[] {
  const chain: KafkaErrorLike[] = [];
  const add = (one: unknown): void => {
    if (typeof one !== 'object' || one === null || chain.length > 20 || chain.includes(one)) return;
    const known = one as KafkaErrorLike;
    chain.push(known);
    for (const inner of known.errors ?? []) add(inner);
    add(known.cause);
  };
  add(error);
  return chain;
}

/** What only a change of configuration or rights cures, in words; null when trying again may help. */
export function lastingTroubleOf(error: unknown): string | null {
  for (const { type, name, message = '' } of chainOf(error)) {
    const known = type === undefined ? undefined : NEEDS_A_CHANGE[type];
    if (known !== undefined) return known;
    if (name === 'KafkaJSSASLAuthenticationError')
      return `${NEEDS_A_CHANGE.SASL_AUTHENTICATION_FAILED ?? ''}: ${message}`;
    if (/certificate|self-signed|altname|wrong version number|SSL routines/i.test(message))
      return `TLS with Kafka fails (ROLLCALL_KAFKA_TLS_…): ${message}`;
  }
  return null;
}

/** The broker does not know the topic: it is new, or was never made. */
export function isUnknownTopic(error: unknown): boolean {
  return chainOf(error).some(({ type }) => type === 'UNKNOWN_TOPIC_OR_PARTITION');
}

/** The group has forgotten this member already. */
export function isUnknownMember(error: unknown): boolean {
  return chainOf(error).some(({ type }) => type === 'UNKNOWN_MEMBER_ID');
}

export function isOffsetOutOfRange(error: unknown): boolean {
  return chainOf(error).some(
    ({ type, name }) => type === 'OFFSET_OUT_OF_RANGE' || name === 'KafkaJSOffsetOutOfRange',
  );
}

/** What the port promises to throw, whatever kafkajs says. */
export function unavailable(what: string, error: unknown): LogUnavailableError {
  if (error instanceof LogUnavailableError) return error;
  const chain = chainOf(error);
  const innermost = chain.at(-1);
  const detail =
    lastingTroubleOf(error) ??
    (isUnknownTopic(error) ? 'the topic does not exist: make it with `rollcall topics apply`' : undefined) ??
    innermost?.message ??
    String(error);
  const types = chain.map(({ type }) => type ?? '');
  const isConnection = chain.some(
    ({ name, code }) =>
      name === 'KafkaJSConnectionError' || name === 'KafkaJSBrokerNotFound' || code === 'ECONNREFUSED',
  );
  const reason = types.some((type) => STORAGE.has(type))
    ? 'disk_full'
    : isConnection || types.some((type) => NO_QUORUM.has(type) || type === 'LEADER_NOT_AVAILABLE')
      ? 'no_quorum'
      : 'io_error';
  return new LogUnavailableError(`${what}: ${detail}`, reason, { cause: error });
}
