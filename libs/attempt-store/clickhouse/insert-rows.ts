import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import { withStoreErrors } from './connection.js';
import { BlockWriter } from './native-block.js';
import type { Codec } from './native-block.js';

/** A column of a table and how to write its values: one list, so that names and values cannot drift apart. */
export interface Column<Row> {
  readonly name: string;
  readonly type: string;
  readonly write: (writer: BlockWriter, rows: readonly Row[]) => void;
}

/** A column whose value is `pick(row)`. */
export function column<Row, T>(name: string, { type, write }: Codec<T>, pick: (row: Row) => T): Column<Row> {
  return {
    name,
    type,
    write: (writer, rows) => {
      write(writer, rows, pick);
    },
  };
}

/** Rows that stay in the processor's cache while one column after the other is written. ClickHouse joins the blocks. */
const BLOCK_ROWS = 512;

function writeBlock<Row>(writer: BlockWriter, columns: readonly Column<Row>[], rows: readonly Row[]): void {
  writer.varint(columns.length);
  writer.varint(rows.length);
  for (const { name, type, write } of columns) {
    writer.text(name);
    writer.text(type);
    write(writer, rows);
  }
}

/** Inserts rows in one statement; resolves when ClickHouse has them on disk and visible. */
export async function insertRows<Row>(
  client: ClickHouseClient,
  table: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Promise<void> {
  if (rows.length === 0) return;
  const writer = new BlockWriter();
  for (let at = 0; at < rows.length; at += BLOCK_ROWS)
    writeBlock(writer, columns, rows.slice(at, at + BLOCK_ROWS));
  const body = writer.finish();
  await withStoreErrors(async () => {
    const { stream } = await client.exec({
      query: `INSERT INTO ${table} (${columns.map(({ name }) => name).join(', ')}) FORMAT Native`,
      values: Readable.from([body], { objectMode: false }),
    });
    // The answer is empty; reading it to its end gives the connection back.
    stream.resume();
    await finished(stream);
  });
}
