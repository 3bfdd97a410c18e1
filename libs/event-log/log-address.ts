import { z } from 'zod';

const BROKER = /^(\[[0-9a-fA-F:]+\]|[^\s,:[\]/]+):\d{1,5}$/;
const EXPECTED = 'expected lmdb:<directory> or kafka:<host:port>,<host:port>…';

/** What an app's configuration says about the event log; every app that opens it takes these in. */
export const logVariables = {
  /** Where the event log is: `lmdb:<directory>` on this machine, `kafka:<host:port>,<host:port>…` on many. */
  ROLLCALL_LOG: z.string().refine(isLogAddress, EXPECTED),
  /** Stands before the names of topics and consumer groups, for a Kafka shared with others. */
  ROLLCALL_KAFKA_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9._-]{0,60}$/, 'expected letters, digits, dots, hyphens')
    .default(''),
  ROLLCALL_KAFKA_COMPRESSION: z.enum(['gzip', 'none']).default('gzip'),
  /** An append that Kafka does not confirm within this is refused (503); long enough for another leader to be elected. */
  ROLLCALL_KAFKA_APPEND_TIMEOUT_MS: z.coerce.number().int().min(500).max(300_000).default(20_000),
  ROLLCALL_KAFKA_TLS: z.enum(['true', 'false']).default('false'),
  /** PEM file of the authority that signed the brokers' certificates; default: those that Node knows. */
  ROLLCALL_KAFKA_TLS_CA_FILE: z.string().min(1).optional(),
  /** PEM files of a client certificate, where brokers ask for one. */
  ROLLCALL_KAFKA_TLS_CERTIFICATE_FILE: z.string().min(1).optional(),
  ROLLCALL_KAFKA_TLS_KEY_FILE: z.string().min(1).optional(),
  ROLLCALL_KAFKA_SASL_MECHANISM: z.enum(['scram-sha-512', 'scram-sha-256', 'plain']).optional(),
  ROLLCALL_KAFKA_SASL_USERNAME: z.string().min(1).optional(),
  ROLLCALL_KAFKA_SASL_PASSWORD: z.string().min(1).optional(),
  /** Holds the password alone; instead of the variable, for a mounted secret. */
  ROLLCALL_KAFKA_SASL_PASSWORD_FILE: z.string().min(1).optional(),
} as const;

export type LogVariables = z.output<z.ZodObject<typeof logVariables>>;

/** How to reach a Kafka. Files are read when the log is opened. */
export interface KafkaAddress {
  readonly kind: 'kafka';
  readonly brokers: readonly string[];
  readonly prefix: string;
  readonly compression: 'gzip' | 'none';
  readonly appendTimeoutMs: number;
  readonly tls: {
    readonly caFile: string | undefined;
    readonly certificateFile: string | undefined;
    readonly keyFile: string | undefined;
  } | null;
  readonly sasl: {
    readonly mechanism: 'scram-sha-512' | 'scram-sha-256' | 'plain';
    readonly username: string;
    readonly password: string | undefined;
    readonly passwordFile: string | undefined;
  } | null;
}

/** Where the event log is. */
export type LogAddress = { readonly kind: 'lmdb'; readonly directory: string } | KafkaAddress;

function isLogAddress(text: string): boolean {
  if (text.startsWith('lmdb:')) return text.length > 'lmdb:'.length;
  if (!text.startsWith('kafka:')) return false;
  return text
    .slice('kafka:'.length)
    .split(',')
    .every((broker) => BROKER.test(broker.trim()));
}

/** What only several variables together can get wrong; for the `superRefine` of an app's schema. */
export function checkLogVariables(
  variables: Omit<LogVariables, 'ROLLCALL_LOG'>,
  context: { addIssue(issue: { code: 'custom'; path: string[]; message: string }): void },
): void {
  const wrong = (name: keyof LogVariables, message: string) => {
    context.addIssue({ code: 'custom', path: [name], message });
  };
  const hasPassword =
    variables.ROLLCALL_KAFKA_SASL_PASSWORD !== undefined ||
    variables.ROLLCALL_KAFKA_SASL_PASSWORD_FILE !== undefined;
  const hasUser = variables.ROLLCALL_KAFKA_SASL_USERNAME !== undefined;
  const isAsked = variables.ROLLCALL_KAFKA_SASL_MECHANISM !== undefined;
  if (isAsked && !hasUser) wrong('ROLLCALL_KAFKA_SASL_USERNAME', 'is needed for SASL');
  if (isAsked && !hasPassword)
    wrong('ROLLCALL_KAFKA_SASL_PASSWORD', 'is needed for SASL (or ROLLCALL_KAFKA_SASL_PASSWORD_FILE)');
  if (!isAsked && (hasUser || hasPassword))
    wrong('ROLLCALL_KAFKA_SASL_MECHANISM', 'is needed for a user and password: scram-sha-512, …');
  const certificate = variables.ROLLCALL_KAFKA_TLS_CERTIFICATE_FILE !== undefined;
  const key = variables.ROLLCALL_KAFKA_TLS_KEY_FILE !== undefined;
  if (certificate !== key)
    wrong('ROLLCALL_KAFKA_TLS_KEY_FILE', 'and ROLLCALL_KAFKA_TLS_CERTIFICATE_FILE come together');
  if (
    (certificate || variables.ROLLCALL_KAFKA_TLS_CA_FILE !== undefined) &&
    variables.ROLLCALL_KAFKA_TLS === 'false'
  )
    wrong('ROLLCALL_KAFKA_TLS', 'must be true when certificates are given: else nothing is encrypted');
}

/** For commands that know only where the log is: the rest stands in their environment. */
export const logVariablesSchema = z.object(logVariables).superRefine(checkLogVariables);

/** The address that checked variables tell. */
export function logAddressOf(variables: LogVariables): LogAddress {
  const { ROLLCALL_LOG: address } = variables;
  if (address.startsWith('lmdb:')) return { kind: 'lmdb', directory: address.slice('lmdb:'.length) };
  const mechanism = variables.ROLLCALL_KAFKA_SASL_MECHANISM;
  return {
    kind: 'kafka',
    brokers: address
      .slice('kafka:'.length)
      .split(',')
      .map((broker) => broker.trim()),
    prefix: variables.ROLLCALL_KAFKA_PREFIX,
    compression: variables.ROLLCALL_KAFKA_COMPRESSION,
    appendTimeoutMs: variables.ROLLCALL_KAFKA_APPEND_TIMEOUT_MS,
    tls:
      variables.ROLLCALL_KAFKA_TLS === 'false'
        ? null
        : {
            caFile: variables.ROLLCALL_KAFKA_TLS_CA_FILE,
            certificateFile: variables.ROLLCALL_KAFKA_TLS_CERTIFICATE_FILE,
            keyFile: variables.ROLLCALL_KAFKA_TLS_KEY_FILE,
          },
    sasl:
      mechanism === undefined
        ? null
        : {
            mechanism,
            username: variables.ROLLCALL_KAFKA_SASL_USERNAME ?? '',
            password: variables.ROLLCALL_KAFKA_SASL_PASSWORD,
            passwordFile: variables.ROLLCALL_KAFKA_SASL_PASSWORD_FILE,
          },
  };
}
