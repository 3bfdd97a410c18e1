import { join } from 'node:path';
import { z } from 'zod';
import { checkLogVariables, logAddressOf, logVariables } from '#event-log/log-address.js';

const MIB = 1024 * 1024;
const count = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

/** What the collector reads from its environment. Sizes in bytes, times in ms. */
export const collectorConfigSchema = z
  .object({
    /** Data directory: keys, rejected rows, idempotency keys. */
    ROLLCALL_DATA: z.string().min(1).default('./rollcall-data'),
    ...logVariables,
    /** Default: `log` in the data directory. */
    ROLLCALL_LOG: logVariables.ROLLCALL_LOG.optional(),
    /** The banks' keys; several collectors share one file as a mounted secret. Default: `keys.json` in the data directory. */
    ROLLCALL_KEYS_FILE: z.string().min(1).optional(),
    /** Topics that log shippers write themselves, each with its bank: `winlogbeat-a=bank-a,otel-b=bank-b`. Needs Kafka. */
    ROLLCALL_RAW_TOPICS: z
      .string()
      .regex(/^(?:[A-Za-z0-9._-]{1,249}=[a-z0-9-]{1,32}(?:,|$))+$/, 'expected topic=bank,topic=bank')
      .optional(),
    ROLLCALL_HOST: z.string().min(1).default('127.0.0.1'),
    ROLLCALL_PORT: count(0, 65_535).default(8801),
    ROLLCALL_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
    /** `stdin`: end when stdin closes (set by `rollcall up`). */
    ROLLCALL_PARENT_LIFELINE: z.string().optional(),
    /** Stands in every event this collector takes; tells several apart. */
    ROLLCALL_COLLECTOR_ID: z.string().min(1).max(64).default('collector'),
    /** Largest body as sent (compressed). Beyond: 413. */
    ROLLCALL_MAX_BODY_BYTES: count(1024, 256 * MIB).default(8 * MIB),
    /** Largest body after decompression. Beyond: 413. */
    ROLLCALL_MAX_DECOMPRESSED_BYTES: count(1024, 512 * MIB).default(32 * MIB),
    /** Most rows of one request: a request is worked off in one go, so this bounds how long others wait. Beyond: 413. */
    ROLLCALL_MAX_EVENTS_PER_REQUEST: count(1, 100_000).default(10_000),
    /** Largest row. Beyond: that row is rejected. An inventory with 2,000 packages takes about 400 kB. */
    ROLLCALL_MAX_EVENT_BYTES: count(1024, 16 * MIB).default(MIB),
    /** Deepest nesting of a row. Beyond: that row is rejected. Our own schema needs 4. */
    ROLLCALL_MAX_EVENT_DEPTH: count(4, 100).default(16),
    /** Bytes of all bodies being worked on, compressed and decompressed. Beyond: 503; one bank beyond half of it: 429. */
    ROLLCALL_MAX_IN_FLIGHT_BYTES: count(MIB, 16_384 * MIB).default(256 * MIB),
    /** Requests being worked on or waiting for the log. Beyond: 503. */
    ROLLCALL_MAX_IN_FLIGHT_REQUESTS: count(1, 65_536).default(256),
    /** Rows a second each bank may send on average, with a burst of a minute's worth. Beyond: 429. 0 = no quota. */
    ROLLCALL_BANK_ROWS_PER_SECOND: count(0, 10_000_000).default(0),
    /** Nothing is taken when less stays free on the disk of the data directory: 503. */
    ROLLCALL_MIN_FREE_BYTES: count(0, Number.MAX_SAFE_INTEGER).default(256 * MIB),
    /** How long a revoked token may still be taken. The contract allows 30 s. */
    ROLLCALL_TOKEN_CACHE_MS: count(0, 30_000).default(10_000),
    /** A body must be complete after this long: slow senders hold memory. */
    ROLLCALL_BODY_TIMEOUT_MS: count(100, 600_000).default(60_000),
    /** Rejected rows kept for each bank and day; what is beyond is only counted. */
    ROLLCALL_REJECTS_BYTES_PER_BANK_DAY: count(0, 16_384 * MIB).default(64 * MIB),
    /** Answers kept for `Idempotency-Key`s of 24 h; the oldest hour goes first. */
    ROLLCALL_IDEMPOTENCY_BYTES: count(MIB, 16_384 * MIB).default(256 * MIB),
  })
  .superRefine(checkLogVariables)
  .superRefine(({ ROLLCALL_RAW_TOPICS, ROLLCALL_LOG }, context) => {
    if (ROLLCALL_RAW_TOPICS === undefined || ROLLCALL_LOG?.startsWith('kafka:')) return;
    const message = 'needs ROLLCALL_LOG=kafka:…, whose brokers hold these topics';
    context.addIssue({ code: 'custom', path: ['ROLLCALL_RAW_TOPICS'], message });
  })
  .transform((variables) => {
    const dataDirectory = variables.ROLLCALL_DATA;
    const { ROLLCALL_LOG = `lmdb:${join(dataDirectory, 'log')}` } = variables;
    return {
      dataDirectory,
      log: logAddressOf({ ...variables, ROLLCALL_LOG }),
      keysFile: variables.ROLLCALL_KEYS_FILE ?? join(dataDirectory, 'keys.json'),
      /** Topic → bank. */
      rawTopics: new Map(
        variables.ROLLCALL_RAW_TOPICS?.split(',')
          .filter(Boolean)
          .map((pair): readonly [string, string] => [pair.split('=')[0] ?? '', pair.split('=')[1] ?? '']),
      ),
      host: variables.ROLLCALL_HOST,
      port: variables.ROLLCALL_PORT,
      logLevel: variables.ROLLCALL_LOG_LEVEL,
      parentLifeline: variables.ROLLCALL_PARENT_LIFELINE,
      collectorId: variables.ROLLCALL_COLLECTOR_ID,
      maxBodyBytes: variables.ROLLCALL_MAX_BODY_BYTES,
      maxDecompressedBytes: variables.ROLLCALL_MAX_DECOMPRESSED_BYTES,
      maxEventsPerRequest: variables.ROLLCALL_MAX_EVENTS_PER_REQUEST,
      maxEventBytes: variables.ROLLCALL_MAX_EVENT_BYTES,
      maxEventDepth: variables.ROLLCALL_MAX_EVENT_DEPTH,
      maxInFlightBytes: variables.ROLLCALL_MAX_IN_FLIGHT_BYTES,
      maxInFlightRequests: variables.ROLLCALL_MAX_IN_FLIGHT_REQUESTS,
      bankRowsPerSecond: variables.ROLLCALL_BANK_ROWS_PER_SECOND,
      minFreeBytes: variables.ROLLCALL_MIN_FREE_BYTES,
      tokenCacheMs: variables.ROLLCALL_TOKEN_CACHE_MS,
      bodyTimeoutMs: variables.ROLLCALL_BODY_TIMEOUT_MS,
      rejectsBytesPerBankDay: variables.ROLLCALL_REJECTS_BYTES_PER_BANK_DAY,
      idempotencyBytes: variables.ROLLCALL_IDEMPOTENCY_BYTES,
    };
  });
export type CollectorConfig = z.output<typeof collectorConfigSchema>;

/** Injection token of the parsed configuration. */
export const COLLECTOR_CONFIG = Symbol('collector config');
