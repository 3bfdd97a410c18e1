import type { AttemptStoreWriter } from './attempt-store.js';
import type { Generation } from '#domain/generation.js';

/** A generation was filled by other rules or tables than this program has: it may answer, but must not be filled further. */
export class OtherRulesError extends Error {
  override readonly name = 'OtherRulesError';
}

/** The write sides of both generations: which one is meant is said with each command. */
export abstract class StoreWriters {
  /** Other processes fill the same generation at the same time: nothing remembered of the store may be taken for all of it. */
  abstract readonly isShared: boolean;
  abstract of(generation: Generation): AttemptStoreWriter;
  /** Makes the generation ready to be filled. @throws OtherRulesError when today's rules did not fill it so far */
  abstract prepare(generation: Generation): Promise<void>;
  /** Empties a generation. */
  abstract drop(generation: Generation): Promise<void>;
  /** Notes in the generation that a rebuild of it was begun, or done. */
  abstract markRebuild(generation: Generation, mark: 'begun' | 'done'): Promise<void>;
  /** Makes a rebuild that was begun by today's rules and not done ready to go on. False when there is none. */
  abstract resumeRebuild(generation: Generation): Promise<boolean>;
  /** Points the public views at the generation. */
  abstract publish(generation: Generation): Promise<void>;
  /** Which signature id each one of `from` became in `to`, where no attempt has it any more. One may have become several. */
  abstract renamedSignatures(from: Generation, to: Generation): Promise<readonly [string, string][]>;
  /** Keys whose cells differ between the two generations, at most `limit`; ingestion times are no cells. */
  abstract differences(limit: number): Promise<readonly string[]>;
}
