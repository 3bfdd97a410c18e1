import { describe, expect, it } from '@jest/globals';
import { logAddressOf, logVariablesSchema } from './log-address.js';

const addressOf = (variables: Record<string, string>) => logAddressOf(logVariablesSchema.parse(variables));

const problemsOf = (variables: Record<string, string>): string[] => {
  const { error } = logVariablesSchema.safeParse({ ROLLCALL_LOG: 'kafka:broker:9092', ...variables });
  return error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`) ?? [];
};

describe('where the log is', () => {
  it('a directory, or brokers', () => {
    expect(addressOf({ ROLLCALL_LOG: 'lmdb:/var/lib/rollcall/log' })).toEqual({
      kind: 'lmdb',
      directory: '/var/lib/rollcall/log',
    });
    expect(addressOf({ ROLLCALL_LOG: 'kafka:broker-1:9092, [::1]:9093' })).toMatchObject({
      kind: 'kafka',
      brokers: ['broker-1:9092', '[::1]:9093'],
      tls: null,
      sasl: null,
    });
  });

  it.each(['', 'lmdb:', 'kafka:', 'kafka:broker', 'kafka:broker:port', 'kafka://broker:9092', 'broker:9092'])(
    '"%s" is neither',
    (place) => {
      expect(problemsOf({ ROLLCALL_LOG: place })).toEqual([
        'ROLLCALL_LOG expected lmdb:<directory> or kafka:<host:port>,<host:port>…',
      ]);
    },
  );

  it('says what is missing beside a half-given login or certificate', () => {
    expect(problemsOf({ ROLLCALL_KAFKA_SASL_MECHANISM: 'scram-sha-512' })).toEqual([
      'ROLLCALL_KAFKA_SASL_USERNAME is needed for SASL',
      'ROLLCALL_KAFKA_SASL_PASSWORD is needed for SASL (or ROLLCALL_KAFKA_SASL_PASSWORD_FILE)',
    ]);
    expect(problemsOf({ ROLLCALL_KAFKA_SASL_PASSWORD: 'word' })[0]).toMatch(
      /^ROLLCALL_KAFKA_SASL_MECHANISM /,
    );
    expect(problemsOf({ ROLLCALL_KAFKA_TLS_CA_FILE: 'ca.pem' })[0]).toMatch(
      /^ROLLCALL_KAFKA_TLS must be true/,
    );
    expect(problemsOf({ ROLLCALL_KAFKA_TLS: 'true', ROLLCALL_KAFKA_TLS_KEY_FILE: 'key.pem' })[0]).toMatch(
      /come together$/,
    );
  });
});
