import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import { withStoreErrors } from './connection.js';
import { RowBinaryWriter } from './row-binary.js';

/** A column of a table and how to write a row's value into it: one list, so that names and values cannot drift apart. */
export interface Column<Row> {
  readonly name: string;
  readonly write: (writer: RowBinaryWriter, row: Row) => void;
}

/** A column whose value is `pick(row)`. */
export function column<Row, T>(
  name: string,
  encode: (writer: RowBinaryWriter, value: T) => void,
  pick: (row: Row) => T,
): Column<Row> {
  return {
    name,
    write: (writer, row) => {
      encode(writer, pick(row));
    },
  };
}

/** Inserts rows in one statement; resolves when ClickHouse has them on disk and visible. */
export async function insertRows<Row>(
  client: ClickHouseClient,
  table: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Promise<void> {
  if (rows.length === 0) return;
  const writer = new RowBinaryWriter();
  for (const row of rows) for (const { write } of columns) write(writer, row);
  const body = writer.finish();
  await withStoreErrors(async () => {
    const { stream } = await client.exec({
      query: `INSERT INTO ${table} (${columns.map(({ name }) => name).join(', ')}) FORMAT RowBinary`,
      values: Readable.from([body], { objectMode: false }),
    });
    // The answer is empty; reading it to its end gives the connection back.
    stream.resume();
    await finished(stream);
  });
}
