import type { AttemptStoreWriter } from './attempt-store.js';
import type { Generation } from '#domain/generation.js';

/** The write sides of both generations: which one is meant is said with each command. */
export abstract class StoreWriters {
  abstract of(generation: Generation): AttemptStoreWriter;
  /** Makes the generation ready to be filled: tables there, filled by today's rules only. */
  abstract prepare(generation: Generation): Promise<void>;
  /** Empties a generation. */
  abstract drop(generation: Generation): Promise<void>;
  /** Points the public views at the generation. */
  abstract publish(generation: Generation): Promise<void>;
  /** Keys whose cells differ between the two generations, at most `limit`; ingestion times are no cells. */
  abstract differences(limit: number): Promise<readonly string[]>;
}
