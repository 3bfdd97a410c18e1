import { ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { ClickHouseClient } from '@clickhouse/client';
import { StoreUnavailableError } from '../attempt-store.js';

/**
 * ClickHouse codes after which the same request may succeed later: network, memory and concurrency limits, disk full,
 * read-only tables, start-up (a table or database that is being loaded).
 */
const TRANSIENT_CODES = new Set([
  '159',
  '164',
  '202',
  '209',
  '210',
  '241',
  '242',
  '243',
  '252',
  '279',
  '319',
  '425',
  '439',
  '745',
  '999',
]);
const TRANSIENT_TYPES = new Set([
  'NOT_ENOUGH_SPACE',
  'MEMORY_LIMIT_EXCEEDED',
  'TOO_MANY_SIMULTANEOUS_QUERIES',
  'TOO_MANY_PARTS',
]);

export interface ConnectionOptions {
  /** `http://user:password@host:port` */
  readonly url: string;
  readonly requestTimeoutMs?: number;
  readonly maxConnections?: number;
  /** The server keeps its tables on several replicas. */
  readonly isReplicated?: boolean;
}

/** Whoever reads after an acknowledged insert reads it, whichever replica answers. */
const REPLICATED_SETTINGS = {
  insert_quorum: 'auto',
  insert_quorum_parallel: 0,
  select_sequential_consistency: '1',
} as const;

/** A client of the official library with the settings that every statement of ours relies on, stated explicitly. */
export function connectClickHouse(options: ConnectionOptions): ClickHouseClient {
  return createClient({
    url: options.url,
    request_timeout: options.requestTimeoutMs ?? 120_000,
    max_open_connections: options.maxConnections ?? 8,
    compression: { request: false, response: false },
    keep_alive: { idle_socket_ttl: 2_000 },
    // Errors reach the caller; the library's own log lines would repeat whole statements.
    log: { level: ClickHouseLogLevel.OFF },
    clickhouse_settings: {
      async_insert: 0,
      insert_deduplicate: 0,
      // Else each insert merges its own block first: a third of the engine's work, and no question relies on a merge.
      optimize_on_insert: 0,
      // On a cluster: an insert is acknowledged when every shard has its rows, and a subquery means the rows of all shards.
      distributed_foreground_insert: 1,
      distributed_product_mode: 'global',
      date_time_output_format: 'iso',
      output_format_json_quote_64bit_integers: 0,
      join_use_nulls: 0,
      ...(options.isReplicated ? REPLICATED_SETTINGS : {}),
    },
  });
}

/** Runs a statement; what may pass by itself becomes `StoreUnavailableError`, the rest is thrown as it is (a defect of ours). */
export async function withStoreErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isTransient(error)) {
      throw new StoreUnavailableError(`ClickHouse did not take it: ${(error as Error).message}`, {
        cause: error,
      });
    }
    throw error;
  }
}

function isTransient(error: unknown): boolean {
  if (error instanceof ClickHouseError) {
    return TRANSIENT_CODES.has(error.code) || TRANSIENT_TYPES.has(error.type ?? '');
  }
  // Everything that is not an answer of ClickHouse is the network, the proxy or a time-out.
  return error instanceof Error && !(error instanceof TypeError) && !(error instanceof RangeError);
}
