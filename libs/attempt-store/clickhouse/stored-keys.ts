import { crc32 } from 'node:zlib';
import type { ClickHouseClient } from '@clickhouse/client';
import { withStoreErrors } from './connection.js';

/** 16 MiB a generation. With ten million keys one in fourteen looks stored though it is not. */
const BITS = 2 ** 27;
const BYTES_PER_HASH = 4;

/** Under what a report stands in table `reports`: device and KB as sent. */
export interface ReportKey {
  readonly bank: string;
  readonly deviceKey: string;
  readonly kbKey: string;
}

/**
 * Which keys table `reports` may hold: `mayHold` is never wrong when it says no, so nothing has to be read for a key
 * that is new. Most keys are: a device reports a KB once or twice. True only while nobody else writes the generation.
 */
export class StoredKeys {
  private readonly bits = new Uint8Array(BITS / 8);

  /** The keys that are stored now. */
  static async load(client: ClickHouseClient, database: string): Promise<StoredKeys> {
    const keys = new StoredKeys();
    await withStoreErrors(async () => {
      const { stream } = await client.exec({
        query: `SELECT DISTINCT bitAnd(CRC32(concat(bank, '/', kb_key, '/', device_key)), ${BITS - 1}) AS hash
                FROM ${database}.reports FORMAT RowBinary`,
      });
      let rest: Uint8Array = new Uint8Array();
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
        const whole = bytes.length - (bytes.length % BYTES_PER_HASH);
        for (let at = 0; at < whole; at += BYTES_PER_HASH) keys.set(bytes.readUInt32LE(at));
        rest = bytes.subarray(whole);
      }
    });
    return keys;
  }

  /** @returns whether the key is surely new */
  add(key: ReportKey): boolean {
    return this.set(hashOf(key));
  }

  mayHold(key: ReportKey): boolean {
    const hash = hashOf(key);
    return ((this.bits[hash >>> 3] ?? 0) & (1 << (hash & 7))) !== 0;
  }

  private set(hash: number): boolean {
    const before = this.bits[hash >>> 3] ?? 0;
    this.bits[hash >>> 3] = before | (1 << (hash & 7));
    return this.bits[hash >>> 3] !== before;
  }
}

/** As the query above hashes. */
const hashOf = ({ bank, deviceKey, kbKey }: ReportKey): number =>
  crc32(`${bank}/${kbKey}/${deviceKey}`) & (BITS - 1);
