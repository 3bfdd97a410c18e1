import type { ClickHouseClient } from '@clickhouse/client';
import { withStoreErrors } from '../connection.js';

/** Asks ClickHouse with bound parameters; one object a row, times as ISO UTC text. */
export type Ask = <T>(query: string, parameters: Readonly<Record<string, unknown>>) => Promise<T[]>;

/** What asks through this client. What may pass by itself is thrown as `StoreUnavailableError`. */
export const askOf =
  (client: ClickHouseClient): Ask =>
  async <T>(query: string, parameters: Readonly<Record<string, unknown>>) =>
    withStoreErrors(async () => {
      const result = await client.query({ query, query_params: { ...parameters }, format: 'JSONEachRow' });
      return result.json<T>();
    });
