import { crc32 } from 'node:zlib';
import type { ClickHouseClient } from '@clickhouse/client';
import { withStoreErrors } from './connection.js';

/** 16 MiB a generation. */
const BITS = 2 ** 27;
/**
 * A key sets a bit for each: the upper bits of its hash times an odd number. With ten million keys one in a hundred and
 * fifty looks stored though it is not, with a single bit one in fourteen: each is a question that costs the engine reading.
 */
const MULTIPLIERS = [0x1, 0x9e3779b1, 0x85ebca77, 0xc2b2ae3d];
const SHIFT = 32 - Math.log2(BITS);
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
        query: `SELECT DISTINCT CRC32(concat(bank, '/', kb_key, '/', device_key)) AS hash
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
    return MULTIPLIERS.every((multiplier) => {
      const bit = Math.imul(hash, multiplier) >>> SHIFT;
      return ((this.bits[bit >>> 3] ?? 0) & (1 << (bit & 7))) !== 0;
    });
  }

  private set(hash: number): boolean {
    let isNew = false;
    for (const multiplier of MULTIPLIERS) {
      const bit = Math.imul(hash, multiplier) >>> SHIFT;
      const before = this.bits[bit >>> 3] ?? 0;
      this.bits[bit >>> 3] = before | (1 << (bit & 7));
      if (this.bits[bit >>> 3] !== before) isNew = true;
    }
    return isNew;
  }
}

/** As the query above hashes. */
const hashOf = ({ bank, deviceKey, kbKey }: ReportKey): number => crc32(`${bank}/${kbKey}/${deviceKey}`);
