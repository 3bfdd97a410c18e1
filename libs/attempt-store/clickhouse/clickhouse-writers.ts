import type { ClickHouseClient } from '@clickhouse/client';
import { GENERATIONS } from '#domain/generation.js';
import type { Generation } from '#domain/generation.js';
import { OtherRulesError, StoreWriters } from '../store-writers.js';
import { ClickHouseWriter } from './clickhouse-writer.js';
import type { Cluster } from './cluster-ddl.js';
import { withStoreErrors } from './connection.js';
import { differenceQueries } from './questions/differences.js';
import { renamedSignaturesQuery } from './questions/renamed-signatures.js';
import { dropGeneration, publishViews } from './migrate.js';
import { databaseOf } from './tables.js';

/** Both generations of one ClickHouse. */
export class ClickHouseWriters extends StoreWriters {
  private readonly writers: ReadonlyMap<Generation, ClickHouseWriter>;

  constructor(
    private readonly client: ClickHouseClient,
    /** Hash of the rules this program fills with. */
    private readonly rulesHash: string,
    override readonly isShared = false,
    private readonly cluster?: Cluster,
  ) {
    super();
    this.writers = new Map(
      GENERATIONS.map((generation) => [
        generation,
        new ClickHouseWriter(client, generation, isShared, cluster),
      ]),
    );
  }

  override of(generation: Generation): ClickHouseWriter {
    const writer = this.writers.get(generation);
    if (!writer) throw new TypeError(`there is no generation ${generation}`);
    return writer;
  }

  override async prepare(generation: Generation): Promise<void> {
    await this.of(generation).migrate();
    this.of(generation).forget();
    const database = databaseOf(generation);
    const [known] = await this.rows<{ rules_hash: string }>(
      `SELECT rules_hash FROM ${database}.generation ORDER BY begun_at LIMIT 1`,
    );
    if (known === undefined) {
      await this.command(`INSERT INTO ${database}.generation (rules_hash) VALUES ('${this.rulesHash}')`);
    } else if (known.rules_hash !== this.rulesHash) {
      throw new OtherRulesError(
        `${database} was filled by other rules (${known.rules_hash}; this program has ${this.rulesHash})`,
      );
    }
  }

  override async drop(generation: Generation): Promise<void> {
    await dropGeneration(this.client, generation, this.cluster);
    this.of(generation).forget();
  }

  override async markRebuild(generation: Generation, mark: 'begun' | 'done'): Promise<void> {
    await this.command(
      `INSERT INTO ${databaseOf(generation)}.generation (rules_hash, rebuild) VALUES ('${this.rulesHash}', '${mark}')`,
    );
  }

  override async resumeRebuild(generation: Generation): Promise<boolean> {
    const database = databaseOf(generation);
    const [tables] = await this.rows<{ known: number }>(
      `SELECT count() AS known FROM system.columns WHERE database = '${database}' AND table = 'generation' AND name = 'rebuild'`,
    );
    if (tables?.known !== 1) return false;
    const [last] = await this.rows<{ mark: string }>(
      `SELECT rebuild AS mark FROM ${database}.generation WHERE rebuild != '' ORDER BY begun_at DESC LIMIT 1`,
    );
    if (last?.mark !== 'begun') return false;
    try {
      await this.prepare(generation);
      return true;
    } catch (error) {
      if (error instanceof OtherRulesError) return false;
      throw error;
    }
  }

  override async publish(generation: Generation): Promise<void> {
    await publishViews(this.client, generation, this.cluster);
  }

  override async renamedSignatures(from: Generation, to: Generation): Promise<readonly [string, string][]> {
    const rows = await this.rows<{ old_id: string; new_id: string }>(renamedSignaturesQuery(from, to));
    return rows.map(({ old_id: oldId, new_id: newId }) => [oldId, newId]);
  }

  override async differences(limit: number): Promise<readonly string[]> {
    const keys: string[] = [];
    for (const query of differenceQueries(limit)) {
      if (keys.length >= limit) break;
      const rows = await this.rows<{ key: string }>(query);
      keys.push(...rows.map(({ key }) => key));
    }
    return keys.slice(0, limit);
  }

  private async command(query: string): Promise<void> {
    await withStoreErrors(() => this.client.command({ query }));
  }

  private async rows<T>(query: string): Promise<T[]> {
    return withStoreErrors(async () => (await this.client.query({ query, format: 'JSONEachRow' })).json<T>());
  }
}
